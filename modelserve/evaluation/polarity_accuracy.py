"""Source: Affection (arXiv 2210.01946), the same classifier read as positive or negative; ArtEmis reports it too."""

from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def polarity_accuracy(counts: Array, predicted: Array, polarities: Sequence[int], resampling: Resampling) -> Estimate:
    """Share (0 to 1) of rows whose unique strong majority is a positive or negative label and whose prediction agrees.

    polarities: per label 1, -1 or 0 (neither). The prediction is positive where the positive labels together get more
    probability than the negative ones; labels that are neither are left out on both sides.
    """
    hits = polarity_hits(counts, predicted, polarities)
    rows = ~np.isnan(hits)
    return estimate(weighted_mean(hits[rows]), resampling.of(rows))


def polarity_hits(counts: Array, predicted: Array, polarities: Sequence[int]) -> Array:
    """(n,) 1 where the prediction leans to the majority's side, 0 where not, nan where the majority has no side."""
    sign = np.asarray(polarities, dtype=np.float64)  # (K,)
    majority = unique_strong_majority(counts)
    rows = (majority >= 0) & (sign[majority] != 0)
    leaning = predicted @ sign  # positive minus negative probability
    return np.where(rows, (leaning > 0) == (sign[majority] > 0), np.nan)
