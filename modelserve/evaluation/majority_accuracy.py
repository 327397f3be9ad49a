"""Source: Affection (arXiv 2210.01946), image classifier: accuracy on images with a unique strong majority (rule 2)."""

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def majority_accuracy(counts: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """Share (0 to 1) of rows with a unique strong majority whose most likely label is that majority."""
    hits = majority_hits(counts, predicted)
    rows = ~np.isnan(hits)
    return estimate(weighted_mean(hits[rows]), resampling.of(rows))


def majority_hits(counts: Array, predicted: Array) -> Array:
    """(n,) 1 where the most likely label is the majority, 0 where not, nan where there is no such majority."""
    majority = unique_strong_majority(counts)
    right = (predicted.argmax(axis=1) == majority) if len(predicted) else np.zeros(0)
    return np.where(majority >= 0, right, np.nan)
