"""The two ways to clean a study's texts, *analysis* and *networks*: which texts stay, and which words are known.

Both read texts with `cleaning.spelled_tokens` and split by image with `split.split_of`. Analysis keeps every text and
every word. Networks follow ArtEmis: texts of fewer than 5 words go, and those longer than 95 of 100 texts of the
training split; words that the training split holds fewer than 5 times become <unk>.
Source: ArtEmis, preprocessing for networks (Achlioptas et al. 2021, code); Affection (2023) takes it over.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshots.cleaning import Vocabulary
from snapshots.split import SPLITS, split_of


@dataclass(frozen=True)
class CleaningPreset:
    """fewest_words: shorter texts go. longest_percentile: texts longer than this percentile of the training split go;
    None = none does. min_count: rarer words of the training split are unknown."""

    name: str
    meaning: str
    fewest_words: int
    longest_percentile: float | None
    min_count: int


ANALYSIS = CleaningPreset("analysis", "Every text and every word stays.", 0, None, 1)
NETWORKS = CleaningPreset(
    "networks", "Short, very long and rare ones go, as they teach a network more noise than language.", 5, 95.0, 5
)
PRESETS = {preset.name: preset for preset in (ANALYSIS, NETWORKS)}


@dataclass(frozen=True)
class KeptTexts:
    """What a preset leaves of n texts.

    keep: (n,) whether the text stays. split: (n,) its place in SPLITS, kept or not. longest: the most words that
    stay, None without a limit. n_too_short, n_too_long: why the others went; an empty text is too short.
    """

    keep: NDArray[np.bool_]
    split: NDArray[np.int8]
    longest: int | None
    n_too_short: int
    n_too_long: int

    def numbers_per_split(self) -> dict[str, int]:
        """How many texts stay in each split."""
        return {name: int((self.keep & (self.split == place)).sum()) for place, name in enumerate(SPLITS)}


def splits_of(stimulus_keys: Sequence[str]) -> NDArray[np.int8]:
    """(n,) the place in SPLITS of each stimulus."""
    places = {name: place for place, name in enumerate(SPLITS)}
    return np.fromiter((places[split_of(key)] for key in stimulus_keys), np.int8, count=len(stimulus_keys))


def kept_texts(n_words: NDArray[np.integer], split: NDArray[np.int8], preset: CleaningPreset) -> KeptTexts:
    """n_words: (n,) words per text; split: (n,) as of `splits_of`. An empty text never stays."""
    too_short = n_words < max(preset.fewest_words, 1)
    longest = None
    too_long = np.zeros(len(n_words), bool)
    # the percentile is of the training split as it came: held-out texts may not decide what is kept
    train = n_words[(split == SPLITS.index("train")) & (n_words > 0)]
    if preset.longest_percentile is not None and len(train):
        longest = int(np.percentile(train, preset.longest_percentile))
        too_long = (n_words > longest) & ~too_short
    return KeptTexts(~(too_short | too_long), split, longest, int(too_short.sum()), int(too_long.sum()))


def preset_of_texts(
    tokens: Sequence[Sequence[str]], stimulus_keys: Sequence[str], preset: CleaningPreset
) -> tuple[KeptTexts, Vocabulary]:
    """Which tokenised texts stay, and the vocabulary of those of them that are in the training split."""
    lengths = np.fromiter((len(words) for words in tokens), np.int64, count=len(tokens))
    kept = kept_texts(lengths, splits_of(stimulus_keys), preset)
    counts: Counter[str] = Counter()
    for place in np.flatnonzero(kept.keep & (kept.split == SPLITS.index("train"))):
        counts.update(tokens[int(place)])
    return kept, Vocabulary.from_counts(counts, min_count=preset.min_count)
