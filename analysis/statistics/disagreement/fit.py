"""The parameters of how people answer, by maximum likelihood; which labels overlap is found on the way.

Newton's method with the information from the slopes of each pattern (Berndt, Hall, Hall and Hausman, 1974, Estimation
and Inference in Nonlinear Structural Models), kept inside the bounds, each step halved until the likelihood grows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.disagreement.likelihood import (
    Answering,
    Floats,
    Pairs,
    Patterns,
    as_pairs,
    blocks_of,
    log_likelihood,
)

#: A pair of labels counts as overlapping where its evidence is beyond this, for all pairs together (Bonferroni).
PAIR_LEVEL = 0.01
#: Lapses get a chance per label where even ones, and ones like the labels' shares, are rejected at this level.
LAPSES_LEVEL = 0.01
#: How many pairs are looked at closely in each round: those that come together most beyond what was expected.
N_CANDIDATES = 5
#: Labels that overlap with each other, directly or by others: more would make the tables of a block too large.
MOST_IN_BLOCK = 3
MOST_PAIRS = 12
N_STEPS = 60
TOLERANCE = 1e-7  # of the log likelihood per stimulus

_LEAST_A = 1e-3
_MOST_A = 1e3
_MOST_OVERLAP = 0.5  # beyond, the two labels would only have changed their names

Tick = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The parameters and what their intervals need.

    answering: the parameters. lapses_are: "even" (every label alike), "as named" (in proportion to the labels' shares)
    or "free" (a chance per label); the simplest that the data do not reject. basis: (2 K + n_pairs, n) what is moved:
    the vector is basis @ reduced. log_likelihood: of all stimuli. information: (n, n), score: (n,) the slopes summed,
    both of the reduced vector. converged: whether the last step changed less than the tolerance.
    """

    answering: Answering
    lapses_are: str
    basis: Floats
    log_likelihood: float
    information: Floats
    score: Floats
    converged: bool

    def moved_by(self, score: Floats) -> Floats:
        """The vector after one Newton step for other data whose summed slopes, of the whole vector, are `score`.

        Unclipped, so that a spread can be told at a bound, too.
        """
        reduced = _reduce(self.answering, self.basis)
        free = _free(reduced, self.score, *_bounds(self.answering, self.basis))
        score = score @ self.basis
        reduced[free] += _solve(self.information[np.ix_(free, free)], score[free])
        vector: Floats = self.basis @ reduced
        return vector


def fit_answering(patterns: Patterns, *, pairs: Pairs | None = None, tick: Tick = lambda message: None) -> Fitted:
    """pairs: the labels that overlap; None = found: in each round the pair with the most evidence joins (a score test,
    one-sided, Bonferroni over all pairs at PAIR_LEVEL), until none has enough.

    Lapses are taken as even or as the labels' shares, whichever fits better, unless a chance per label fits better
    still than could be chance (a likelihood ratio test at LAPSES_LEVEL).
    """
    shares = (patterns.times @ patterns.counts + 0.5) / (patterns.times @ patterns.counts + 0.5).sum()
    even, named = np.full(shares.size, 1 / shares.size), shares
    fitted = _best_of_starts(patterns, shares, as_pairs(pairs or ()), even, "even")
    if pairs is None:
        fitted = _with_pairs_found(patterns, fitted, even, tick)
    tick("whom lapses fall on")
    answering = fitted.answering
    other = _climb(patterns, replace(answering, lapses=answering.lapses.sum() * named), named, "as named")
    fitted = max(fitted, other, key=lambda each: each.log_likelihood)
    if shares.size > 2:
        free = _climb(patterns, fitted.answering, None, "free")
        gain = 2 * (free.log_likelihood - fitted.log_likelihood)
        from scipy.special import chdtrc  # here: SciPy is slow to load, and few need it

        if chdtrc(shares.size - 1, gain) < LAPSES_LEVEL:
            return free
    return fitted


def _with_pairs_found(patterns: Patterns, fitted: Fitted, shape: Floats, tick: Tick) -> Fitted:
    n_labels = patterns.counts.shape[1]
    from scipy.special import ndtri  # here: SciPy is slow to load, and few need it

    bar = float(-ndtri(PAIR_LEVEL / max(n_labels * (n_labels - 1) // 2, 1)))
    while n_labels > 3 and len(fitted.answering.pairs) < MOST_PAIRS:
        tick(f"labels that overlap: {len(fitted.answering.pairs)} pairs so far")
        evidence = {pair: _evidence(patterns, fitted, pair) for pair in _candidates(patterns, fitted.answering)}
        if not evidence or max(evidence.values()) < bar:
            break
        best = max(evidence, key=lambda pair: evidence[pair])
        fitted = _climb(patterns, _with_pair(fitted.answering, best, 0.02), shape, fitted.lapses_are)
    return fitted


def _best_of_starts(patterns: Patterns, shares: Floats, pairs: Pairs, shape: Floats, name: str) -> Fitted:
    overlap = np.full(len(pairs), 0.05)
    starts = ((0.7, 0.2), (3.0, 0.03))  # clear stimuli and many lapses; mixed stimuli and hardly any
    found = [
        _climb(patterns, Answering(total * shares, lapses * shape, pairs, overlap), shape, name)
        for total, lapses in starts
    ]
    return max(found, key=lambda fitted: fitted.log_likelihood)


def _climb(patterns: Patterns, start: Answering, shape: Floats | None, name: str) -> Fitted:
    """shape: (K,) how lapses fall on the labels, summing to 1; None = a chance of each label's own."""
    basis = _basis(start, shape)
    reduced = _reduce(start, basis)
    low, high = _bounds(start, basis)
    k = start.a.size
    values, slopes = log_likelihood(patterns, start.at(basis @ reduced))
    slopes = slopes @ basis
    total, n = float(patterns.times @ values), patterns.times.sum()
    converged = False
    for _ in range(N_STEPS):
        score = patterns.times @ slopes
        information = (slopes * patterns.times[:, np.newaxis]).T @ slopes
        free = _free(reduced, score, low, high)
        step = np.zeros_like(reduced)
        step[free] = _solve(information[np.ix_(free, free)], score[free], 1e-6)
        for halving in range(12):
            there = np.clip(reduced + step / 2**halving, low, high)
            vector = basis @ there
            if vector[k : 2 * k].sum() < 0.98:  # something must be left to be felt
                new_values, new_slopes = log_likelihood(patterns, start.at(vector))
                new_total = float(patterns.times @ new_values)
                if np.isfinite(new_total) and new_total >= total:
                    break
        else:
            converged = True  # no direction leads up any more
            break
        gain, total, reduced, slopes = new_total - total, new_total, there, new_slopes @ basis
        if gain < TOLERANCE * n:
            converged = True
            break
    score = patterns.times @ slopes
    information = (slopes * patterns.times[:, np.newaxis]).T @ slopes
    return Fitted(start.at(basis @ reduced), name, basis, total, information, score, converged)


def _basis(answering: Answering, shape: Floats | None) -> Floats:
    k, n = answering.a.size, answering.vector.size
    whole = np.eye(n)
    if shape is None:
        return whole
    lapse = np.zeros((n, 1))
    lapse[k : 2 * k, 0] = shape
    return np.concatenate([whole[:, :k], lapse, whole[:, 2 * k :]], axis=1)


def _reduce(answering: Answering, basis: Floats) -> Floats:
    reduced: Floats = np.linalg.lstsq(basis, answering.vector, rcond=None)[0].astype(np.float64)
    return reduced


def _bounds(answering: Answering, basis: Floats) -> tuple[Floats, Floats]:
    """The a within [_LEAST_A, _MOST_A], lapses from 0, overlaps from 0 to _MOST_OVERLAP, in the reduced vector."""
    k, n_pairs = answering.a.size, len(answering.pairs)
    n_lapses = basis.shape[1] - k - n_pairs
    low = np.concatenate([np.full(k, _LEAST_A), np.zeros(n_lapses + n_pairs)])
    high = np.concatenate([np.full(k, _MOST_A), np.full(n_lapses, 0.97), np.full(n_pairs, _MOST_OVERLAP)])
    return low, high


def _free(reduced: Floats, score: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """The numbers that are not held at a bound by a slope that points beyond it."""
    free: NDArray[np.bool_] = ~(((reduced <= low) & (score <= 0)) | ((reduced >= high) & (score >= 0)))
    return free


def _solve(information: Floats, score: Floats, ridge: float = 1e-9) -> Floats:
    """Scaled to a unit diagonal first: a and the lapses differ by orders of magnitude."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    scaled = information / np.outer(scale, scale) + ridge * np.eye(len(scale))
    solved: Floats = np.linalg.lstsq(scaled, score / scale, rcond=1e-10)[0] / scale
    return solved


def _candidates(patterns: Patterns, answering: Answering) -> list[tuple[int, int]]:
    """The pairs that come together at the same stimulus most beyond what the parameters expect."""
    n = patterns.counts.sum(axis=1)
    weights = patterns.times / np.maximum(n * (n - 1), 1)
    a, lapses, naming = answering.a, answering.lapses, answering.naming()
    total = a.sum()
    feelings = (np.outer(a, a) + np.diag(a)) / (total * (total + 1))
    chance = (1 - lapses.sum()) * naming + lapses
    expected = chance.T @ feelings @ chance
    pairs = []
    for pair in combinations(range(a.size), 2):
        one, other = pair
        if pair in answering.pairs:
            continue
        joined = blocks_of(a.size, as_pairs([*answering.pairs, pair]))
        if max(len(block) for block in joined) > MOST_IN_BLOCK:
            continue
        own = patterns.counts[:, one] * patterns.counts[:, other]
        mean = float(weights @ own) / patterns.times.sum()
        spread = float(patterns.times @ (own / np.maximum(n * (n - 1), 1)) ** 2) / patterns.times.sum()
        if spread > 0:
            pairs.append(((mean - expected[one, other]) / np.sqrt(spread), pair))
    pairs.sort(key=lambda each: (-each[0], each[1]))
    return [pair for _, pair in pairs[:N_CANDIDATES]]


def _with_pair(answering: Answering, pair: tuple[int, int], overlap: float) -> Answering:
    known = dict(zip(answering.pairs, answering.overlap, strict=True))
    known[pair] = overlap
    pairs = as_pairs(list(known))
    return Answering(answering.a, answering.lapses, pairs, np.array([known[each] for each in pairs]))


def _evidence(patterns: Patterns, fitted: Fitted, pair: tuple[int, int]) -> float:
    """How many standard deviations the slope of this pair's overlap lies above 0 where there is none (Rao's score)."""
    wider = _with_pair(fitted.answering, pair, 0.0)
    k, at = wider.a.size, wider.pairs.index(pair)
    n_before = fitted.basis.shape[1] - len(fitted.answering.pairs) + at
    basis = np.insert(np.insert(fitted.basis, 2 * k + at, 0.0, axis=0), n_before, 0.0, axis=1)
    basis[2 * k + at, n_before] = 1.0
    slopes = log_likelihood(patterns, wider)[1] @ basis
    score = patterns.times @ slopes
    information = (slopes * patterns.times[:, np.newaxis]).T @ slopes
    others = _free(_reduce(wider, basis), score, *_bounds(wider, basis))
    others[n_before] = False
    cross = information[n_before, others]
    inner = information[np.ix_(others, others)]
    effective = information[n_before, n_before] - cross @ _solve(inner, cross)
    slope = score[n_before] - cross @ _solve(inner, score[others])
    return float(slope / np.sqrt(effective)) if effective > 0 else 0.0
