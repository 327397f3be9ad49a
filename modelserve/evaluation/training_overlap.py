"""Source: ArtEmis' public code (max_lcs, mean_lcs), in tokens; Affection table 2 divides by the caption's length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelserve.evaluation.captions import Tokens
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean
from modelserve.evaluation.subsequences import CELLS_AT_ONCE, WordCodes, common_lengths


@dataclass(frozen=True, slots=True)
class Overlap:
    """Per caption, in tokens: the longest common subsequence with the training texts.

    longest (n,): with the text that shares most; mean (n,): mean over all texts; lengths (n,): of the captions.
    """

    longest: Array
    mean: Array
    lengths: Array

    @property
    def longest_share(self) -> Array:
        """(n,) the longest as a share of the caption, 0 to 1; 1 = the caption can be read off a training text."""
        return _share(self.longest, self.lengths)

    @property
    def mean_share(self) -> Array:
        """(n,) the mean as a share of the caption, 0 to 1."""
        return _share(self.mean, self.lengths)


def training_overlap(captions: Sequence[Tokens], training_texts: Sequence[Tokens]) -> Overlap:
    """Compare every caption with every training text, exactly: 800 with 25,000 in seconds.

    Raises ValueError where there is no training text.
    """
    if not training_texts:
        raise ValueError("Max-LCS compares captions with the texts a network learnt from; none were given.")
    codes = WordCodes()
    others = codes.encode(training_texts)
    texts = codes.encode(captions)
    longest, mean = np.zeros(len(texts)), np.zeros(len(texts))
    at_once = max(1, CELLS_AT_ONCE // len(others))
    for start in range(0, len(texts), at_once):
        lengths = common_lengths(texts[start : start + at_once], others)
        longest[start : start + at_once] = lengths.max(axis=1)
        mean[start : start + at_once] = lengths.mean(axis=1, dtype=np.float64)
    return Overlap(longest, mean, np.array([len(text) for text in texts], dtype=np.float64))


def max_lcs(overlap: Overlap, resampling: Resampling) -> Estimate:
    """Mean over captions of the longest subsequence shared with one training text, in tokens; smaller = more novel."""
    return estimate(weighted_mean(overlap.longest), resampling)


def max_lcs_share(overlap: Overlap, resampling: Resampling) -> Estimate:
    """The same as a share of the caption, 0 to 1, which Affection's table 2 prints as percent."""
    return estimate(weighted_mean(overlap.longest_share), resampling)


def mean_lcs(overlap: Overlap, resampling: Resampling) -> Estimate:
    """Mean over captions and training texts of the subsequence that both share, in tokens."""
    return estimate(weighted_mean(overlap.mean), resampling)


def mean_lcs_share(overlap: Overlap, resampling: Resampling) -> Estimate:
    """The same as a share of the caption, 0 to 1."""
    return estimate(weighted_mean(overlap.mean_share), resampling)


def _share(tokens: Array, lengths: Array) -> Array:
    return np.divide(tokens, lengths, out=np.zeros_like(tokens), where=lengths > 0)
