"""Source: Affection's supplement, figs 3 and 4: which emotion is taken for which, each row divided by its sum."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Resampling, as_number, intervals


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows: the unique strong majority of people; columns: the network's most likely label.

    counts (K, K); shares (K, K), each row summing to 1, nan where a label is nobody's majority; low and high (K, K):
    95 % interval of the shares, None with fewer than two stimuli.
    """

    counts: Array
    shares: Array
    low: Array | None
    high: Array | None
    n: int

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": self.counts.astype(int).tolist(),
            "shares": _table(self.shares),
            "low": None if self.low is None else _table(self.low),
            "high": None if self.high is None else _table(self.high),
            "n": self.n,
        }


def confusion(counts: Array, predicted: Array, resampling: Resampling) -> Confusion:
    """Which majority label the network takes for which; rows without a unique strong majority are left out."""
    n_labels = counts.shape[1]
    majority = unique_strong_majority(counts)
    rows = majority >= 0
    cell = majority[rows] * n_labels + predicted[rows].argmax(axis=1)  # (n,)
    table = np.bincount(cell, minlength=n_labels**2).reshape(n_labels, n_labels).astype(np.float64)
    cells = np.unique(cell)
    in_cell = (cell[:, None] == cells[None, :]).astype(np.float64)  # (n, cells that occur)

    def shares(weights: Array) -> Array:
        tables = np.zeros((len(weights), n_labels**2))
        tables[:, cells] = weights @ in_cell
        tables = tables.reshape(-1, n_labels, n_labels)
        totals = tables.sum(axis=2, keepdims=True)
        rows_of_one: Array = np.divide(tables, totals, out=np.full_like(tables, np.nan), where=totals > 0)
        return rows_of_one

    value, low, high, _ = intervals(shares, resampling.of(rows))
    return Confusion(table, value, low, high, int(rows.sum()))


def _table(values: Array) -> list[list[float | None]]:
    return [[as_number(value) for value in row] for row in values]
