"""Source: Lin (1989), A concordance correlation coefficient to evaluate reproducibility, eq. 5 (with 1/n variances)."""

import numpy as np

from modelserve.evaluation.pearson_correlation import known
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate


def concordance_correlation(people: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """-1 to 1: how far predicted numbers are people's own; unlike Pearson's, a wrong level or span lowers it.

    2 cov / (var + var + (difference of means)^2). No value where both sides are one and the same number.
    """

    def statistic(weights: Array) -> Array:
        total = weights.sum(axis=1)
        mean_people, mean_predicted = (weights @ people) / total, (weights @ predicted) / total
        covariance = (weights @ (people * predicted)) / total - mean_people * mean_predicted
        variance_people = (weights @ people**2) / total - mean_people**2
        variance_predicted = (weights @ predicted**2) / total - mean_predicted**2
        apart = variance_people + variance_predicted + (mean_people - mean_predicted) ** 2
        found: Array = np.divide(2 * covariance, apart, out=np.full(len(weights), np.nan), where=apart > 1e-12)
        return found

    # around one centre, which changes nothing and keeps the sums of squares small
    centre = float(people.mean()) if len(people) else 0.0
    people, predicted = people - centre, predicted - centre
    return known(estimate(statistic, resampling))
