"""What the two ways to clean texts leave."""

import numpy as np

from snapshots.presets import ANALYSIS, NETWORKS, kept_texts, preset_of_texts, splits_of
from snapshots.split import SPLITS, split_of

KEYS = [f"{number:064x}" for number in range(400)]


def test_analysis_keeps_every_text_but_empty_ones_and_every_word() -> None:
    tokens = [["one"], [], ["a", "b", "c", "d", "e", "f"]] + [["word"]] * 397

    kept, vocabulary = preset_of_texts(tokens, KEYS, ANALYSIS)

    assert kept.keep.sum() == 399
    assert (kept.n_too_short, kept.n_too_long, kept.longest) == (1, 0, None)
    assert "word" in vocabulary.words


def test_networks_leave_out_short_and_long_texts_by_what_the_training_split_says() -> None:
    train = np.flatnonzero(splits_of(KEYS) == SPLITS.index("train"))
    n_words = np.full(400, 10)
    n_words[train[:100]] = 12
    n_words[train[100]] = 13
    held_out = np.flatnonzero(splits_of(KEYS) == SPLITS.index("test"))
    n_words[held_out[0]], n_words[held_out[1]] = 500, 4

    kept = kept_texts(n_words, splits_of(KEYS), NETWORKS)

    assert kept.longest == 12
    assert not kept.keep[[held_out[0], held_out[1], train[100]]].any()
    assert (kept.n_too_short, kept.n_too_long) == (1, 2)
    assert sum(kept.numbers_per_split().values()) == 397


def test_words_are_known_that_the_kept_training_texts_hold_five_times() -> None:
    place = {name: next(n for n, key in enumerate(KEYS) if split_of(key) == name) for name in SPLITS}
    tokens = [["sea"] * 6] * 400
    tokens[place["train"]] = ["rare", "rare", "rare", "rare", "sea", "sea"]
    tokens[place["test"]] = ["held"] * 6

    _, vocabulary = preset_of_texts(tokens, KEYS, NETWORKS)

    assert set(vocabulary.words[4:]) == {"sea"}


def test_a_study_of_nothing_is_cleaned_to_nothing() -> None:
    kept, vocabulary = preset_of_texts([], [], NETWORKS)

    assert (len(kept.keep), kept.longest, len(vocabulary.words)) == (0, None, 4)
