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
    sign = np.asarray(polarities, dtype=np.float64)  # (K,)
    majority = unique_strong_majority(counts)
    rows = (majority >= 0) & (sign[majority] != 0)
    leaning = predicted[rows] @ sign  # positive minus negative probability
    right = (leaning > 0) == (sign[majority[rows]] > 0)
    return estimate(weighted_mean(right.astype(np.float64)), resampling.of(rows))
