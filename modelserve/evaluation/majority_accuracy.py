"""Source: Affection (arXiv 2210.01946), image classifier: accuracy on images with a unique strong majority (rule 2)."""

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def majority_accuracy(counts: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """Share (0 to 1) of rows with a unique strong majority whose most likely label is that majority."""
    majority = unique_strong_majority(counts)
    rows = majority >= 0
    right = (predicted[rows].argmax(axis=1) == majority[rows]).astype(np.float64)
    return estimate(weighted_mean(right), resampling.of(rows))
