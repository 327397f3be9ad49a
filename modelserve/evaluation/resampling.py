"""Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
N_RESAMPLES = 1000
CELLS_AT_ONCE = 4_000_000  # 32 MB of weights: large test sets are resampled in several goes


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval. value is None where n is 0; low and high are None with fewer than two groups."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # rows that the number stands on

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True, slots=True)
class Resampling:
    """Which rows belong together, and the seed.

    groups: (n,) int, the stimulus of every row. Stimuli are resampled, not rows: the answers to one stimulus depend on
        each other, so resampling rows would claim too much certainty.
    """

    groups: NDArray[np.int64]
    seed: int = 0

    def of(self, rows: NDArray[np.bool_]) -> "Resampling":
        return Resampling(self.groups[rows], self.seed)


def intervals(
    statistic: Callable[[Array], Array], resampling: Resampling
) -> tuple[Array, Array | None, Array | None, int]:
    """A statistic of row weights, with its 95 % percentile interval over N_RESAMPLES resamples of the groups.

    statistic: (R, n) weights -> (R, ...) values; nan where a resample says nothing, such resamples are left out.
    Returns value, low, high (each of the statistic's own shape) and the number of groups; low and high are None where
    there are fewer than two groups.
    """
    n_rows = len(resampling.groups)
    value = statistic(np.ones((1, n_rows)))[0]
    unique, group_of_row = np.unique(resampling.groups, return_inverse=True)
    n_groups = len(unique)
    if n_groups < 2:
        return value, None, None, n_groups
    generator = np.random.default_rng(resampling.seed)
    at_once = max(1, CELLS_AT_ONCE // max(n_rows, 1))
    values = []
    for start in range(0, N_RESAMPLES, at_once):
        n_now = min(at_once, N_RESAMPLES - start)
        drawn = generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_now)  # (R, G)
        values.append(statistic(drawn[:, group_of_row].astype(np.float64)))
    resampled = np.concatenate(values)
    low, high = _percentiles(resampled)
    return value, low, high, n_groups


def weighted_mean(of_rows: Array) -> Callable[[Array], Array]:
    """The statistic 'mean over rows' of values (n,)."""

    def statistic(weights: Array) -> Array:
        total = weights.sum(axis=1)
        means: Array = np.divide(weights @ of_rows, total, out=np.full(len(weights), np.nan), where=total > 0)
        return means

    return statistic


def estimate(statistic: Callable[[Array], Array], resampling: Resampling) -> Estimate:
    """One number with its interval."""
    n_rows = len(resampling.groups)
    if n_rows == 0:
        return Estimate(None, None, None, 0)
    value, low, high, _ = intervals(statistic, resampling)
    return Estimate(float(value), as_number(low), as_number(high), n_rows)


def as_number(value: Any) -> float | None:
    """A plain number for JSON; None for nan."""
    return None if value is None or np.isnan(value) else float(value)


def _percentiles(resampled: Array) -> tuple[Array, Array]:
    shape = resampled.shape[1:]
    flat = resampled.reshape(len(resampled), -1)  # (R, cells)
    low, high = np.full(flat.shape[1], np.nan), np.full(flat.shape[1], np.nan)
    for cell in range(flat.shape[1]):
        known = flat[~np.isnan(flat[:, cell]), cell]
        if len(known):
            low[cell], high[cell] = np.percentile(known, [2.5, 97.5])
    return low.reshape(shape), high.reshape(shape)
