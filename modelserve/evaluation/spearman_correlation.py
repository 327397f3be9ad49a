"""Source: Spearman (1904), The proof and measurement of association between two things; ties get their mean rank."""

import numpy as np

from modelserve.evaluation.pearson_correlation import known, weighted_correlation
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate


def spearman_correlation(people: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """-1 to 1: how far predicted numbers put stimuli into people's order. No value where either side is constant."""

    def statistic(weights: Array) -> Array:
        return weighted_correlation(_ranks(people, weights), _ranks(predicted, weights), weights)

    return known(estimate(statistic, resampling))


def _ranks(values: Array, weights: Array) -> Array:
    """(R, n) the rank of every row where row i stands weights[r, i] times; ties share their mean rank."""
    _, place, sizes = np.unique(values, return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    mass = np.add.reduceat(weights[:, np.argsort(place, kind="stable")], starts, axis=1)  # (R, distinct values)
    below = np.cumsum(mass, axis=1) - mass
    ranks: Array = (below + (mass + 1) / 2)[:, place]
    return ranks
