"""The chance of a stimulus's answers, when people feel, sometimes lapse, and some labels overlap: exact, with slopes.

What people feel at a stimulus is a distribution theta over the labels, drawn from a Dirichlet distribution with
parameters a (K,). Each answer then follows one of two ways:

- with chance 1 - sum(nu): somebody feels z (drawn from theta) and names it: the label z itself, or, with chance
  omega of an overlapping pair {z, k}, the other label of the pair;
- otherwise she lapses: label k comes with chance nu_k whatever the stimulus is.

So label k is named with chance p_k = sum_z theta_z E_zk, E_zk = (1 - sum(nu)) Q_zk + nu_k, where Q is symmetric, has
omega at the overlapping pairs, and rows that sum to 1. The chance of all answers of a stimulus, with theta summed
away, is a polynomial: labels that overlap form a *block*, each block has a small table of coefficients by how many of
its answers were felt, and the blocks' polynomials multiply. Nothing is approximated.

Source: the Dirichlet-multinomial of Mosimann (1962), On the compound multinomial distribution; answers that pass
through a matrix of confusions: Dawid and Skene (1979); a stimulus as a mixture of feelings: the mixed membership of
Erosheva, Fienberg and Lafferty (2004). Derivatives: complex steps, Squire and Trapp (1998).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Pairs = tuple[tuple[int, int], ...]

_STEP = 1e-20


@dataclass(frozen=True, eq=False)
class Answering:
    """The parameters: a (K,), above 0; lapses: nu (K,), from 0; pairs of labels that overlap; overlap: their omegas."""

    a: Floats
    lapses: Floats
    pairs: Pairs
    overlap: Floats

    @property
    def vector(self) -> Floats:
        """(2 K + n_pairs,): a, lapses, overlap."""
        return np.concatenate([self.a, self.lapses, self.overlap])

    def at(self, vector: Floats) -> "Answering":
        """The same pairs with other numbers."""
        k = self.a.size
        return replace(self, a=vector[:k], lapses=vector[k : 2 * k], overlap=vector[2 * k :])

    def naming(self) -> Floats:
        """Q: (K, K), the chance that a feeling (row) is named so (column) where nobody lapses; symmetric."""
        matrix = np.eye(self.a.size)
        for (one, other), chance in zip(self.pairs, self.overlap, strict=True):
            matrix[[one, other], [other, one]] += chance
            matrix[[one, other], [one, other]] -= chance
        return matrix

    def blocks(self) -> list[list[int]]:
        """The labels in groups that overlap, directly or by others; each ascending, all labels once."""
        return blocks_of(self.a.size, self.pairs)


def blocks_of(n_labels: int, pairs: Pairs) -> list[list[int]]:
    """The connected groups of labels."""
    home = list(range(n_labels))
    for one, other in pairs:
        old, new = max(home[one], home[other]), min(home[one], home[other])
        home = [new if each == old else each for each in home]
    return [[label for label in range(n_labels) if home[label] == first] for first in sorted(set(home))]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Which label counts occur, and how often. counts: (n_patterns, K). times: (n_patterns,). of: (n_stimuli,) each
    stimulus's pattern."""

    counts: Integers
    times: Floats
    of: Integers

    @classmethod
    def among(cls, counts: Integers) -> "Patterns":
        """counts: (n_stimuli, K)."""
        base = int(counts.max(initial=0)) + 1
        if base ** counts.shape[1] < 1 << 62:  # one number per row sorts far faster than rows do
            keys = counts @ (base ** np.arange(counts.shape[1], dtype=np.int64))
            _, first, of, times = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
            unique = counts[first]
        else:
            unique, of, times = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
        return cls(unique, times.astype(np.float64), of.reshape(-1))


def log_likelihood(patterns: Patterns, answering: Answering) -> tuple[Floats, Floats]:
    """Per pattern the logarithm of the chance of one sequence of answers with these counts, and its slopes.

    Returns (n_patterns,) and (n_patterns, 2 K + n_pairs), slopes in the order of `Answering.vector`.
    """
    n_labels = answering.a.size
    degree = int(patterns.counts.sum(axis=1).max(initial=0))
    tables = [_block(patterns, answering, block) for block in answering.blocks()]
    forward = [np.zeros((len(patterns.counts), degree + 1))]
    forward[0][:, 0] = 1
    for table in tables:
        forward.append(_times(forward[-1], table.values[table.row]))
    total = float(answering.a.sum())
    steps = np.arange(degree + 1)
    rising = np.concatenate([[1.0], np.cumprod(1 / (total + steps[:-1]))])  # Gamma(total) / Gamma(total + felt)
    behind = np.broadcast_to(rising, forward[0].shape).copy()
    chance = forward[-1] @ rising
    slopes = np.zeros((len(patterns.counts), 2 * n_labels + len(answering.pairs)))
    harmonic = np.concatenate([[0.0], np.cumsum(1 / (total + steps[:-1]))])
    slopes[:, :n_labels] = -(forward[-1] @ (rising * harmonic))[:, np.newaxis]
    for table, before in zip(reversed(tables), reversed(forward[:-1]), strict=True):
        width = table.values.shape[1]
        by_felt = np.stack(
            [(before[:, : degree + 1 - d] * behind[:, d:]).sum(axis=1) for d in range(width)], axis=1
        )  # (n_patterns, width): what the chance is per unit of this block's coefficient
        for column, slope in zip(table.parameters, table.slopes, strict=True):
            slopes[:, column] += (by_felt * slope[table.row]).sum(axis=1)
        shorter = np.zeros_like(behind)
        own = table.values[table.row]
        for d in range(width):
            shorter[:, : degree + 1 - d] += own[:, d : d + 1] * behind[:, d:]
        behind = shorter
    return np.log(chance), slopes / chance[:, np.newaxis]


@dataclass(frozen=True, eq=False)
class _Block:
    """values: (n_rows, width) coefficients by number felt; slopes: (n_parameters, n_rows, width), for the columns
    `parameters` of the vector; row: (n_patterns,) each pattern's row."""

    values: Floats
    slopes: Floats
    parameters: list[int]
    row: Integers


def _block(patterns: Patterns, answering: Answering, block: list[int]) -> _Block:
    n_labels, size = answering.a.size, len(block)
    vector = answering.vector
    inside = [2 * n_labels + at for at, pair in enumerate(answering.pairs) if pair[0] in block]
    parameters = [*block, *range(n_labels, 2 * n_labels), *inside]
    # row 0 is the value; each further row moves one parameter by an imaginary step. All lapses outside act alike.
    outside = [n_labels + label for label in range(n_labels) if label not in block]
    moved = [*block, *(n_labels + label for label in block), *inside, *outside[:1]]
    points = np.tile(vector.astype(complex), (1 + len(moved), 1))
    points[np.arange(1, 1 + len(moved)), moved] += 1j * _STEP
    a, lapses = points[:, block], points[:, [n_labels + label for label in block]]
    felt = 1 - points[:, n_labels : 2 * n_labels].sum(axis=1)
    naming = np.zeros((len(points), size, size), dtype=complex)
    naming[:, range(size), range(size)] = 1
    for at, (one, other) in enumerate(answering.pairs):
        if one in block:
            here, there = block.index(one), block.index(other)
            chance = points[:, 2 * n_labels + at]
            naming[:, here, there] += chance
            naming[:, there, here] += chance
            naming[:, here, here] -= chance
            naming[:, there, there] -= chance
    own = np.ascontiguousarray(patterns.counts[:, block])
    rows, row = np.unique(own, axis=0, return_inverse=True)
    table = _coefficients(rows, a, lapses, naming * felt[:, np.newaxis, np.newaxis])
    values = table[0].real
    by_moved = dict(zip(moved, table[1:].imag / _STEP, strict=True))
    nothing = np.zeros_like(values)
    far = by_moved[outside[0]] if outside else nothing
    slopes = np.stack([by_moved.get(parameter, far) for parameter in parameters])
    return _Block(values, slopes, parameters, row.reshape(-1))


def _coefficients(rows: Integers, a: Any, lapses: Any, naming: Any) -> Any:
    """(n_points, n_rows, most + 1): for each row of counts the coefficient by how many answers were felt.

    Answers are added one by one: each is a lapse, or one of the block's feelings that gets this name; the chance of
    the feelings themselves, which theta's moments give, comes last (the rising factorials of a).
    """
    n_points, size = a.shape
    most = int(rows.sum(axis=1).max(initial=0))
    shape = (most + 1,) * size
    start = np.zeros((n_points, *shape), dtype=complex)
    start[(slice(None), *(0,) * size)] = 1
    known: dict[tuple[int, ...], Any] = {(0,) * size: start}

    def column(values: Any) -> Any:
        return values.reshape((n_points,) + (1,) * size)

    def after(counts: tuple[int, ...]) -> Any:
        if counts not in known:
            label = next(at for at in range(size) if counts[at])
            before = after(tuple(n - (at == label) for at, n in enumerate(counts)))
            grown = column(lapses[:, label]) * before
            for feeling in range(size):
                target = [slice(None)] * (size + 1)
                origin = [slice(None)] * (size + 1)
                target[feeling + 1], origin[feeling + 1] = slice(1, None), slice(None, -1)
                grown[tuple(target)] += column(naming[:, feeling, label]) * before[tuple(origin)]
            known[counts] = grown
        return known[counts]

    weights = np.ones((n_points, *shape), dtype=complex)
    for feeling in range(size):
        factors = np.concatenate(
            [np.ones((n_points, 1)), np.cumprod(a[:, feeling : feeling + 1] + np.arange(most), axis=1)], axis=1
        )
        weights = weights * factors.reshape((n_points, *(most + 1 if at == feeling else 1 for at in range(size))))
    by_total = np.zeros((np.prod(shape, dtype=int), most + 1))
    totals = np.indices(shape).reshape(size, -1).sum(axis=0)
    kept = totals <= most
    by_total[np.flatnonzero(kept), totals[kept]] = 1
    felt = np.stack([(after(tuple(row)) * weights).reshape(n_points, -1) for row in rows.tolist()], axis=1)
    return felt @ by_total


def _times(one: Floats, other: Floats) -> Floats:
    """The product of two polynomials per row, of the first one's length."""
    product = np.zeros_like(one)
    for degree in range(other.shape[1]):
        product[:, degree:] += one[:, : one.shape[1] - degree] * other[:, degree : degree + 1]
    return product


def as_pairs(pairs: Sequence[tuple[int, int]]) -> Pairs:
    """Each pair ascending, all in order."""
    return tuple(sorted((min(pair), max(pair)) for pair in pairs))
