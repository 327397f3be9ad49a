"""Source: Affection's supplement, figs 3 and 4 (diagonals): a rare emotion never predicted must not hide in a mean."""

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def per_class_recall(counts: Array, predicted: Array, resampling: Resampling) -> list[Estimate]:
    """For each label: share (0 to 1) of the rows with this unique strong majority that the network calls so; (K,)."""
    majority = unique_strong_majority(counts)
    answers = predicted.argmax(axis=1)
    recalls = []
    for label in range(counts.shape[1]):
        rows = majority == label
        right = (answers[rows] == label).astype(np.float64)
        recalls.append(estimate(weighted_mean(right), resampling.of(rows)))
    return recalls
