"""Source: Lord and Novick (1968), Statistical Theories of Mental Test Scores, ch. 3: reliability, attenuation."""

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def reliability(people: Array, error_variance: Array, resampling: Resampling) -> Estimate:
    """0 to 1: the share of the spread of people's means between stimuli that other people would show again.

    people (n,): the mean of a stimulus; error_variance (n,): of that mean (people's spread at the stimulus over their
    number). One minus mean error variance over the variance of the means, cut off at 0.
    """
    return estimate(lambda weights: _reliability(people, error_variance, weights), resampling)


def highest_pearson(people: Array, error_variance: Array, resampling: Resampling) -> Estimate:
    """What a network that knew what everybody feels would reach on these means: the root of the reliability."""
    return estimate(lambda weights: np.sqrt(_reliability(people, error_variance, weights)), resampling)


def highest_concordance(people: Array, error_variance: Array, resampling: Resampling) -> Estimate:
    """The same for Lin's concordance: 2 r / (1 + r), from its definition with the true scores as prediction."""

    def statistic(weights: Array) -> Array:
        share = _reliability(people, error_variance, weights)
        return 2 * share / (1 + share)

    return estimate(statistic, resampling)


def lowest_absolute_error(error_variance: Array, resampling: Resampling) -> Estimate:
    """The same for the mean absolute error: the mean of sqrt(2 / pi) times the standard error (normal errors)."""
    return estimate(weighted_mean(np.sqrt(2 / np.pi * error_variance)), resampling)


def _reliability(people: Array, error_variance: Array, weights: Array) -> Array:
    total = weights.sum(axis=1)
    centred = people - people.mean()
    variance = (weights @ centred**2) / total - ((weights @ centred) / total) ** 2
    share = np.divide(
        (weights @ error_variance) / total, variance, out=np.full(len(weights), np.nan), where=variance > 1e-12
    )
    found: Array = np.clip(1 - share, 0.0, 1.0)
    return found
