"""Means and slopes with intervals for answers that depend on each other by person and by stimulus.

Source: Cameron, Gelbach and Miller (2011), Robust Inference with Multiway Clustering, eq. 2.2 to 2.4: the variance by
people, plus that by stimuli, less that of single answers; Student's t with the smaller number of clusters less one.
"""

from dataclasses import dataclass

import numpy as np

from analysis.statistics.asking.answers import Floats, Integers
from analysis.statistics.estimate import INTERVAL

LEAST_PEOPLE = 10
LEAST_ANSWERS = 50


@dataclass(frozen=True)
class Effect:
    """A difference with its 95 % interval.

    p: two-sided, that there is none. causal: whether chance decided what is compared, so that it is an effect of the
    asking; else people differ in it for reasons of their own. reason: why it cannot be told; value is None then.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    n_people: int
    causal: bool
    reason: str | None = None

    @classmethod
    def unknown(cls, name: str, reason: str, *, causal: bool, n: int = 0, n_people: int = 0) -> "Effect":
        return cls(name, None, None, None, None, n, n_people, causal, reason)


def clustered_mean(name: str, values: Floats, person: Integers, stimulus: Integers, *, causal: bool) -> Effect:
    """The mean of values (nan is left out)."""
    return clustered_slope(name, values, np.ones(len(values)), person, stimulus, causal=causal)


def clustered_slope(name: str, y: Floats, x: Floats, person: Integers, stimulus: Integers, *, causal: bool) -> Effect:
    """sum(x y) / sum(x^2): the slope through the origin; whoever wants a centre takes it away beforehand.

    y, x: (n,) or (n, K), whose K entries belong to one answer. nan in y or x leaves the answer out.
    """
    y, x = _as_table(y), _as_table(x)
    told = np.isfinite(y).all(axis=1) & np.isfinite(x).all(axis=1)
    y, x, person, stimulus = y[told], x[told], person[told], stimulus[told]
    n, n_people = len(y), len(np.unique(person))
    if n < LEAST_ANSWERS or n_people < LEAST_PEOPLE:
        reason = f"It takes {LEAST_ANSWERS} answers of {LEAST_PEOPLE} people; there are {n} of {n_people}."
        return Effect.unknown(name, reason, causal=causal, n=n, n_people=n_people)
    squares = float((x**2).sum())
    if squares <= 1e-12 * n:
        reason = "It never differed between the answers that could be compared."
        return Effect.unknown(name, reason, causal=causal, n=n, n_people=n_people)
    value = float((x * y).sum() / squares)
    scores = (x * (y - value * x)).sum(axis=1)
    by_person, n_clusters = _by(person, scores)
    by_stimulus, n_stimuli = _by(stimulus, scores)
    single = float((scores**2).sum()) * n / (n - 1)
    variance = max(by_person, by_stimulus, by_person + by_stimulus - single)
    error = float(np.sqrt(variance)) / squares
    freedom = min(n_clusters, n_stimuli) - 1
    if freedom < 1 or error == 0:
        return Effect(name, value, None, None, None, n, n_people, causal)
    from scipy.special import stdtr, stdtrit  # here: SciPy is slow to load, and few need it

    reach = float(stdtrit(freedom, (1 + INTERVAL) / 2)) * error
    p = float(2 * stdtr(freedom, -abs(value) / error))
    return Effect(name, value, value - reach, value + reach, p, n, n_people, causal)


def _by(cluster: Integers, scores: Floats) -> tuple[float, int]:
    """The variance of the summed scores where those of a cluster depend on each other, and how many clusters."""
    _, place = np.unique(cluster, return_inverse=True)
    sums = np.bincount(place, weights=scores)
    n = len(sums)
    return float((sums**2).sum()) * n / max(n - 1, 1), n


def _as_table(values: Floats) -> Floats:
    """(n,) as (n, 1); also where n is 0."""
    return values[:, np.newaxis] if values.ndim == 1 else values


def less_mean_of(groups: Integers, values: Floats) -> Floats:
    """values less their mean within each group, nan apart; (n,) or (n, K)."""
    flat = _as_table(values)
    told = np.isfinite(flat).all(axis=1)
    n = np.maximum(np.bincount(groups[told], minlength=int(groups.max(initial=0)) + 1), 1)
    centred = np.full_like(flat, np.nan)
    for column in range(flat.shape[1]):
        sums = np.bincount(groups[told], weights=flat[told, column], minlength=len(n))
        centred[told, column] = flat[told, column] - (sums / n)[groups[told]]
    return centred.reshape(values.shape)
