"""Source: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, eq. 3 (ECE)."""

from collections.abc import Callable

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate

N_BINS = 15  # as in the source


def calibration_error(counts: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """Expected calibration error, 0 to 1: how far the network's confidence is from how often it is right.

    Confidence is the largest probability; right means equal to the unique strong majority. N_BINS bins of equal width,
    the upper border belonging to the bin. Rows without such a majority are left out.
    """
    rows = unique_strong_majority(counts) >= 0
    return estimate(calibration_statistic(counts[rows], predicted[rows]), resampling.of(rows))


def calibration_statistic(counts: Array, predicted: Array) -> Callable[[Array], Array]:
    """The same as a function of the rows' weights (R, n); rows without a majority do not count, whatever they weigh."""
    majority = unique_strong_majority(counts)
    known = (majority >= 0).astype(np.float64)
    confidence = predicted.max(axis=1, initial=0.0)  # (n,)
    right = (predicted.argmax(axis=1) == majority).astype(np.float64) if len(predicted) else np.zeros(0)
    bins = np.clip(np.ceil(confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    in_bin = (bins[:, None] == np.arange(N_BINS)).astype(np.float64)  # (n, bins)

    def statistic(weights: Array) -> Array:
        # Per bin: |sum of right - sum of confidence| / n, since (size/n) * |accuracy - mean confidence| is just that.
        gaps = np.abs((weights * known * (right - confidence)) @ in_bin)  # (R, bins)
        totals = weights @ known
        errors: Array = np.divide(gaps.sum(axis=1), totals, out=np.full(len(weights), np.nan), where=totals > 0)
        return errors

    return statistic
