"""Source: Pearson (1896), Regression, heredity and panmixia; the product-moment correlation."""

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate


def weighted_correlation(people: Array, predicted: Array, weights: Array) -> Array:
    """(R,) Pearson's r per row of weights; people and predicted are (n,) or (R, n), weights (R, n).

    nan where a row of weights leaves one side without any spread.
    """
    total = weights.sum(axis=1, keepdims=True)
    centred = [values - (weights * values).sum(axis=1, keepdims=True) / total for values in (people, predicted)]
    first, second = ((weights * each**2).sum(axis=1) for each in centred)
    product = (weights * centred[0] * centred[1]).sum(axis=1)
    # below this a spread is what rounding leaves of equal numbers
    has_spread = np.minimum(first, second) > 1e-12 * total[:, 0]
    found: Array = np.divide(product, np.sqrt(first * second), out=np.full(len(weights), np.nan), where=has_spread)
    return np.clip(found, -1.0, 1.0)


def pearson_correlation(people: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """-1 to 1: how far predicted numbers rise in a straight line with people's; blind to their level and span.

    people, predicted: (n,). No value where either side is the same everywhere.
    """
    return known(estimate(lambda weights: weighted_correlation(people, predicted, weights), resampling))


def known(found: Estimate) -> Estimate:
    """Without a value where it is no number."""
    is_known = found.value is not None and not np.isnan(found.value)
    return found if is_known else Estimate(None, None, None, found.n)
