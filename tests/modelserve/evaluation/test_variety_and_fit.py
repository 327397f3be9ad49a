"""Metrics of variety, novelty and fit equal their definitions, written out plainly."""

import itertools

import numpy as np
import pytest

from modelserve.evaluation.clip_div_cos import clip_div_cos
from modelserve.evaluation.clip_score import clip_score, ref_clip_score
from modelserve.evaluation.emotion_alignment import emotion_alignment_accuracy, emotion_alignment_cross_entropy
from modelserve.evaluation.mask_overlap import mask_overlap, overlaps
from modelserve.evaluation.production_statistics import distinct_tokens, mean_length
from modelserve.evaluation.resampling import Resampling
from modelserve.evaluation.simile_share import simile_share
from modelserve.evaluation.training_overlap import (
    max_lcs,
    max_lcs_share,
    mean_lcs,
    mean_lcs_share,
    training_overlap,
)
from modelserve.evaluation.unique_productions import most_common, most_common_share, unique_productions


def each(n):
    return Resampling(np.arange(n))


def plain_lcs(one, other):
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, j in itertools.product(range(len(one)), range(len(other))):
        same = lengths[i][j] + 1
        lengths[i + 1][j + 1] = same if one[i] == other[j] else max(lengths[i][j + 1], lengths[i + 1][j])
    return lengths[-1][-1]


def random_texts(seed, n, longest):
    random = np.random.default_rng(seed)
    vocabulary = [f"word{number}" for number in range(60)]
    return [list(random.choice(vocabulary, size=int(random.integers(0, longest)))) for _ in range(n)]


@pytest.mark.parametrize("longest", [12, 90])  # beyond 64 tokens one machine word is not enough
def test_lcs_equals_the_plain_dynamic_program(longest):
    captions, texts = random_texts(1, 15, longest), random_texts(2, 20, longest)
    found = training_overlap(captions, texts)
    known = np.array([[plain_lcs(caption, text) for text in texts] for caption in captions])
    assert found.longest.tolist() == known.max(axis=1).tolist()
    assert found.mean == pytest.approx(known.mean(axis=1))


def test_lcs_as_tokens_and_as_share_of_the_caption():
    overlap = training_overlap([["a", "b", "c", "d"], ["x"], []], [["a", "z", "c"], ["d"]])
    assert overlap.longest.tolist() == [2, 0, 0]
    assert max_lcs(overlap, each(3)).value == pytest.approx(2 / 3)
    assert max_lcs_share(overlap, each(3)).value == pytest.approx(0.5 / 3)
    assert mean_lcs(overlap, each(3)).value == pytest.approx(1.5 / 3)
    assert mean_lcs_share(overlap, each(3)).value == pytest.approx(0.375 / 3)


def test_novelty_without_training_texts_is_refused():
    with pytest.raises(ValueError, match="none were given"):
        training_overlap([["a"]], [])


def test_unique_productions_are_distinct_over_all():
    texts = ["a", "a", "b", "c", "c", "c"]
    assert unique_productions(texts, each(6)).value == pytest.approx(3 / 6)
    assert most_common(texts) == "c"
    assert most_common_share(texts, each(6)).value == pytest.approx(0.5)
    assert unique_productions([], each(0)).value is None
    assert most_common_share([], each(0)).value is None
    all_different = unique_productions(["a", "b", "c"], each(3))
    assert (all_different.low, all_different.high) == (1, 1)


def test_similes_count_texts():
    texts = ["It LOOKS LIKE rain", "a cat", "reminds me of home and could be worse"]
    assert simile_share(texts, each(3)).value == pytest.approx(2 / 3)


def test_lengths_and_distinct_tokens():
    captions = [["a", "b"], ["a"], []]
    assert mean_length(captions, each(3)).value == pytest.approx(1)
    assert distinct_tokens(captions).value == 2


def test_clip_score_is_two_and_a_half_times_the_positive_cosine():
    texts = np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    images = np.array([[1.0, 0.0], [0.0, -2.0], [0.0, 5.0], [1.0, 0.0]])
    assert clip_score(texts, images, each(4)).value == pytest.approx((2.5 + 0 + 2.5 / np.sqrt(2) + 0) / 4)


def test_ref_clip_score_is_a_harmonic_mean_with_the_best_reference():
    texts, images = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]])
    references = [np.array([[0.0, 1.0], [2.0, 2.0]]), np.zeros((0, 2))]
    own, best = 2.5 / np.sqrt(2), 1 / np.sqrt(2)
    found = ref_clip_score(texts, images, references, each(2))
    assert found.value == pytest.approx(2 * own * best / (own + best))
    assert found.n == 1
    assert ref_clip_score(texts, images, [references[1]] * 2, each(2)).value is None


def test_clip_div_cos_is_the_mean_over_pairs():
    vectors = np.random.default_rng(0).normal(size=(12, 5))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    known = np.mean([unit[i] @ unit[j] for i, j in itertools.combinations(range(12), 2)])
    found = clip_div_cos(vectors, each(12))
    assert found.value == pytest.approx(known)
    assert found.low < known < found.high
    assert clip_div_cos(vectors[:1], each(1)).value is None


def test_emotion_alignment_looks_at_clear_majorities_only():
    counts = np.array([[4.0, 1, 1], [3, 3, 0], [0, 2, 1], [0, 0, 0]])
    read = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.6, 0.3, 0.1], [1.0, 0, 0]])
    accuracy = emotion_alignment_accuracy(read, counts, each(4))
    assert (accuracy.value, accuracy.n) == (0.5, 2)
    entropy = emotion_alignment_cross_entropy(read, counts, each(4))
    known = [
        -(4 * np.log(0.7) + np.log(0.2) + np.log(0.1)) / 6,
        -np.log(0.1),
        -(2 * np.log(0.3) + np.log(0.1)) / 3,
    ]
    assert (entropy.value, entropy.n) == (pytest.approx(np.mean(known)), 3)
    surely_wrong = emotion_alignment_cross_entropy(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), each(1))
    assert np.isfinite(surely_wrong.value)


def test_masks_are_compared_by_what_they_share():
    true = np.zeros((4, 4), dtype=bool)
    true[:2] = True  # 8 pixels
    half, all_of_it, nothing = true.copy(), np.ones((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    half[1] = False
    found = overlaps([half, all_of_it, nothing, half], [true, true, true, nothing])
    assert found[:3].tolist() == [0.5, 0.5, 0]
    assert np.isnan(found[3])
    report = mask_overlap(found, each(4))
    assert report.miou.value == pytest.approx(1 / 3)
    assert report.precision[0.5].value == pytest.approx(2 / 3)
    assert set(report.as_json()) == {"miou", "precision_at_25", "precision_at_50"}
    with pytest.raises(ValueError, match="shape"):
        overlaps([half[:2]], [true])
    assert mask_overlap(np.array([np.nan]), each(1)).miou.value is None
