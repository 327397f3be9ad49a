"""Source: Efron and Tibshirani (1993), ch. 8: two networks on the same rows, resampled together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Array, Estimate, Resampling, as_number, intervals

Statistic = Callable[[Array], Array]
"""(R, n) weights of rows -> (R,) values, nan where a resample says nothing."""


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one network as a function of the rows' weights. n: rows that say something."""

    statistic: Statistic
    n: int


def mean_score(values: Array, known: NDArray[np.bool_] | None = None) -> Score:
    """The mean of values (n,) over the known rows; by default those that are no nan."""
    known = ~np.isnan(values) if known is None else known
    return ratio_score(np.where(known, values, 0.0), known.astype(np.float64))


def ratio_score(above: Array, below: Array) -> Score:
    """The weighted sum of above (n,) over that of below (n,), as a mean per word or per row is."""

    def statistic(weights: Array) -> Array:
        total = weights @ below
        found: Array = np.divide(weights @ above, total, out=np.full(len(weights), np.nan), where=total > 0)
        return found

    return Score(statistic, int((below > 0).sum()))


def value_of(score: Score, resampling: Resampling) -> Estimate:
    """The metric with its interval over the groups."""
    return _estimate(score.statistic, resampling, score.n)


def paired_difference(one: Score, other: Score, resampling: Resampling) -> Estimate:
    """One less the other on the same rows, with the interval of the difference: every resample is of both.

    Rows must be the same in the same order. Narrower than the two intervals let expect where both err alike.
    """
    return _estimate(lambda weights: one.statistic(weights) - other.statistic(weights), resampling, min(one.n, other.n))


def _estimate(statistic: Statistic, resampling: Resampling, n: int) -> Estimate:
    if not n or not len(resampling.groups):
        return Estimate(None, None, None, 0)
    value, low, high, _ = intervals(statistic, resampling)
    return Estimate(as_number(value), as_number(low), as_number(high), n)
