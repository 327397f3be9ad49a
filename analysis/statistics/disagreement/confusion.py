"""Which labels are chosen together at the same stimuli, beyond chance: a graph of emotions.

The lift of two labels: how often two people choose these two at one stimulus, by how often two people at two stimuli
would. 1 = as by chance; 2 = twice as often. Of one label with itself it tells how far the stimulus decides it.
Intervals resample stimuli (the bootstrap of `resampling.py`), on the logarithm.

Source: co-occurrence against independence as in Church and Hanks (1990), Word Association Norms, Mutual Information,
and Lexicography; many comparisons: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.counts import as_label_counts
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, interval_of, resampled_sums

#: Pairs of answers expected by chance below which a lift says too little to be drawn.
LEAST_EXPECTED = 5.0
LEVEL = 0.05


@dataclass(frozen=True)
class Edge:
    """Two labels (indices, one <= other). lift and its 95 % interval: None where it cannot be told.

    n_pairs: pairs of answers that chose these two at one stimulus; expected: how many chance would give.
    share: of all pairs of answers at one stimulus. p: two-sided, that the lift is 1; beyond_chance: "more", "less" or
    "" after Holm's correction over all pairs of different labels.
    """

    one: int
    other: int
    n_pairs: int
    expected: float
    share: float
    lift: float | None
    low: float | None
    high: float | None
    p: float | None
    beyond_chance: str = ""


@dataclass(frozen=True)
class ConfusionGraph:
    """shares: (K,) of the answers at stimuli with two or more. edges: every two labels, each label with itself too."""

    shares: list[float]
    edges: list[Edge]
    n_stimuli: int
    n_pairs: int

    def between(self) -> list[Edge]:
        """Edges of two different labels, the highest lift first, those that cannot be told last."""
        different = [edge for edge in self.edges if edge.one != edge.other]
        return sorted(different, key=lambda edge: (edge.lift is None, -(edge.lift or 0.0)))


def confusion_graph(
    counts: ArrayLike,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> ConfusionGraph:
    """counts: (n_stimuli, K). Stimuli with fewer than two answers say nothing here and are left out."""
    checked = as_label_counts(counts)
    n = checked.sum(axis=1)
    kept = n >= 2
    rows, n = checked[kept].astype(np.float64), n[kept].astype(np.float64)
    names = None if keys is None else [key for key, keep in zip(keys, kept, strict=True) if keep]
    k = checked.shape[1]
    pairs = list(combinations_with_replacement(range(k), 2))
    if not len(rows):
        return ConfusionGraph([0.0] * k, [Edge(a, b, 0, 0.0, 0.0, None, None, None, None) for a, b in pairs], 0, 0)
    left, right = np.array(pairs).T
    together = np.where(left == right, rows[:, left] * (rows[:, left] - 1), 2 * rows[:, left] * rows[:, right])
    # each answer weighs the same: a stimulus's n (n - 1) ordered pairs by n - 1
    sums = resampled_sums(np.concatenate([rows, together / (n - 1)[:, np.newaxis]], axis=1), names, n_resamples, seed)
    totals = sums[:, :k].sum(axis=1, keepdims=True)
    totals[totals == 0] = np.nan  # a resample in which no stimulus is, where there are hardly any
    shares, seen = sums[:, :k] / totals, sums[:, k:] / totals
    chance = shares[:, left] * shares[:, right] * np.where(left == right, 1.0, 2.0)
    n_pairs = (n * (n - 1) / 2).sum()
    edges = []
    for at, (one, other) in enumerate(pairs):
        count = int(together[:, at].sum() / 2)
        expected = float(chance[0, at] * n_pairs)
        edge = Edge(one, other, count, expected, float(seen[0, at]), None, None, None, None)
        if expected >= LEAST_EXPECTED:
            edge = _told(edge, seen[:, at] / np.where(chance[:, at] > 0, chance[:, at], np.nan), len(rows))
        edges.append(edge)
    return ConfusionGraph(shares[0].tolist(), _after_holm(edges), len(rows), int(n_pairs))


def _told(edge: Edge, lifts: np.ndarray, n_stimuli: int) -> Edge:
    from scipy.special import ndtr  # here: SciPy is slow to load, and few need it

    lift = float(lifts[0])
    low = high = p = None
    if len(lifts) > 1 and lift > 0:
        logs = np.log(np.where(lifts[1:] > 0, lifts[1:], np.nan))
        interval = interval_of(float(np.log(lift)), logs, n_stimuli)
        spread = float(np.nanstd(logs)) if np.isfinite(logs).any() else 0.0
        if interval is not None:
            low, high = float(np.exp(interval[0])), float(np.exp(interval[1]))
        if spread > 0:
            p = float(2 * ndtr(-abs(np.log(lift)) / spread))
    elif lift == 0:
        # none seen where `expected` were: the chance of that, were it a Poisson number
        p, low, high = float(2 * np.exp(-edge.expected)), 0.0, 3.69 / edge.expected
    return replace(edge, lift=lift, low=low, high=high, p=p)


def _after_holm(edges: list[Edge]) -> list[Edge]:
    tested = sorted(
        (at for at, edge in enumerate(edges) if edge.p is not None and edge.one != edge.other),
        key=lambda at: edges[at].p or 0.0,
    )
    marked = list(edges)
    for place, at in enumerate(tested):
        edge = edges[at]
        if (edge.p or 0.0) > LEVEL / (len(tested) - place):
            break
        direction = "more" if (edge.lift or 0.0) > 1 else "less"
        marked[at] = replace(edge, beyond_chance=direction)
    return marked
