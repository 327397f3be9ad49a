"""Common ground within a side and between two: do people of different groups share as much as people of one?

- within: the chance that two people of the same side, asked about the same stimulus, chose the same label;
- between: the chance that one person of each side did;
- gap: the mean of both withins, minus between. 0 = it does not matter from which side the other person is; it cannot be
  below 0 but for chance. It is half the squared distance between the sides' true shares, averaged over stimuli.
- cross kappa: between, beyond what the sides' own favourite labels make happen by chance; normalised by how far people
  agree within the sides: 1 = the sides agree with each other as far as their own noise lets them.

All over the stimuli that have at least two responses on each side, each weighing the same.
Sources: Rao (1982), Diversity and Dissimilarity Coefficients, sec. 2 (the gap); Wong, Paritosh and Aroyo (2021),
Cross-replication Reliability, eqs. 1 to 5 (cross kappa, normalised); Prabhakaran et al. (2024), GRASP, sec. 3 (in-group
and cross-group agreement of rater groups, significance by exchanging people between groups).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.counts import LabelCounts
from analysis.statistics.equivalence import Difference, difference, undefined
from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, interval_of, resampled_sums
from analysis.statistics.two_sides import NO_ERROR, NO_SPREAD, Numbers, TwoSides, standard_error

N_PERMUTATIONS = 999
ONE_LABEL = "everybody chose the same label, so agreement beyond chance is not defined"
NO_AGREEMENT = "people agree no better than by chance within a side"


@dataclass(frozen=True)
class CommonGround:
    """within: of the first and the second side. gap: with the margin it was judged by; its p is one-sided.

    cross_kappa, normalised: intervals from resampling stimuli.
    """

    within: tuple[Difference, Difference]
    between: Difference
    gap: Difference
    cross_kappa: Estimate
    normalised: Estimate


def common_ground(
    sides: TwoSides,
    *,
    margin: float,
    n_permutations: int = N_PERMUTATIONS,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> CommonGround:
    """sides: with at least two responses on each side of every stimulus (`TwoSides.of(..., least=2)`).

    margin: of the gap, on the scale of agreement, 0 to 1. The p value of the gap exchanges people between the sides
    where nobody is on both; otherwise it comes from the t distribution. 'Equivalent' means a gap below the margin; it
    has no other side, as a true gap is never below 0.
    """
    n = sides.n_stimuli
    refused = sides.too_small()
    if refused:
        nothing = undefined(n, refused)
        none = Estimate(None, None, None, n, reason=refused)
        return CommonGround((nothing, nothing), nothing, nothing, none, none)
    counts = sides.counts()
    withins = [_within(each) for each in counts]
    between, partners, matches = _between(sides, counts)
    own = counts[sides.side, sides.stimulus]
    total = own.sum(axis=1)
    same = own[np.arange(len(own)), sides.label]
    influences = []
    for side in (0, 1):
        is_here = sides.side == side
        pseudo = _pseudo_within(withins[side][sides.stimulus], same, total)
        influences.append(np.where(is_here, (pseudo - withins[side].mean()) / (total * n), 0.0))
    across = (matches - between.mean() * partners) / np.maximum(_pairs(counts, sides)[sides.stimulus], 1) / n
    gap = (withins[0] + withins[1]) / 2 - between
    degrees = sides.degrees

    def figure(per_stimulus: Numbers, influence: Numbers) -> Difference:
        value, error = float(per_stimulus.mean()), standard_error(sides, per_stimulus, influence)
        if error <= NO_ERROR:
            return undefined(n, NO_SPREAD, value)
        return difference(value, error, degrees, margin=margin, n=n)

    judged = figure(gap, (influences[0] + influences[1]) / 2 - across)
    if judged.p is not None and judged.value is not None and judged.standard_error is not None:
        p = permutation_p(sides, float(gap.mean()), n_permutations, seed)
        if p is None:
            p = judged.p / 2 if judged.value > 0 else 1 - judged.p / 2
        one_sided = difference(max(judged.value, 0), judged.standard_error, degrees, margin=margin, n=n).p_equivalence
        judged = Difference(**{**judged.__dict__, "p": p, "p_equivalence": one_sided})
    kappa, normalised = _kappas(counts, withins, between, n_resamples, seed)
    first, second = (figure(withins[side], influences[side]) for side in (0, 1))
    return CommonGround((first, second), figure(between, across), judged, kappa, normalised)


def gap_of(counts: LabelCounts) -> float:
    """The gap alone, of (2, n_stimuli, n_labels); stimuli with fewer than two responses on a side are left out."""
    kept = (counts.sum(axis=2) >= 2).all(axis=0)
    if not kept.any():
        return float("nan")
    used = counts[:, kept]
    totals = used.sum(axis=2)
    between = (used[0] * used[1]).sum(axis=1) / (totals[0] * totals[1])
    return float((sum(_within(each) for each in used) / 2 - between).mean())


def permutation_p(sides: TwoSides, gap: float, n_permutations: int, seed: int) -> float | None:
    """How often exchanging people between the sides gives a gap at least as large: (1 + k) / (1 + n), one-sided.

    None where somebody is on both sides (people cannot be exchanged) or no permutation was asked for.
    """
    n_people = int(sides.person.max(initial=-1)) + 1
    side_of = np.zeros(n_people, dtype=np.int64)
    side_of[sides.person[sides.side == 1]] = 1
    if n_permutations < 1 or (side_of[sides.person] != sides.side).any():
        return None
    random = np.random.default_rng(seed)
    place = sides.stimulus * sides.n_labels + sides.label
    width = sides.n_stimuli * sides.n_labels
    everybody = np.bincount(place, minlength=width).reshape(sides.n_stimuli, sides.n_labels)
    n_larger = 0
    for _ in range(n_permutations):
        drawn = random.permutation(side_of)[sides.person] == 1
        second = np.bincount(place[drawn], minlength=width).reshape(everybody.shape)
        # rounding must not make an equal gap a smaller one
        n_larger += gap_of(np.stack([everybody - second, second])) >= gap - 1e-12
    return (1 + n_larger) / (1 + n_permutations)


def _within(counts: NDArray[np.int64]) -> Numbers:
    totals = counts.sum(axis=1)
    agreeing: Numbers = (counts * (counts - 1)).sum(axis=1) / np.maximum(totals * (totals - 1), 1)
    return agreeing


def _pseudo_within(within: Numbers, same: NDArray[np.int64], total: NDArray[np.int64]) -> Numbers:
    """The jackknife's pseudo-value of each response: n times the figure minus n - 1 times that without the response.

    With two responses there is no figure without one of them; both then stand for the figure itself.
    """
    pairs = within * total * (total - 1)
    without = (pairs - 2 * (same - 1)) / np.maximum((total - 1) * (total - 2), 1)
    pseudo: Numbers = np.where(total > 2, total * within - (total - 1) * without, within)
    return pseudo


def _pairs(counts: LabelCounts, sides: TwoSides) -> Numbers:
    """Pairs of a response of each side, per stimulus; somebody's own two answers are no pair of people."""
    totals = counts.sum(axis=2)
    pairs: Numbers = (totals[0] * totals[1]).astype(np.float64)
    stimulus, _, _ = _answered_twice(sides)
    pairs -= np.bincount(sides.stimulus[stimulus], minlength=sides.n_stimuli) / 2
    return pairs


def _answered_twice(sides: TwoSides) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each response has one by the same person on the other side of the same stimulus; whether both chose the
    same label; and the cell of person and stimulus."""
    cell = sides.person * max(sides.n_stimuli, 1) + sides.stimulus
    _, place, sizes = np.unique(cell, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    twice = sizes[place] == 2
    total = np.bincount(place, weights=sides.label.astype(np.float64))
    squares = np.bincount(place, weights=sides.label.astype(np.float64) ** 2)
    agrees = twice & (2 * squares[place] == total[place] ** 2)
    return twice, agrees, place


def _between(sides: TwoSides, counts: LabelCounts) -> tuple[Numbers, Numbers, Numbers]:
    """Agreement between the sides per stimulus; per response, how many partners it has there, and how many agree."""
    other = counts[1 - sides.side, sides.stimulus]
    twice, agrees, _ = _answered_twice(sides)
    partners = other.sum(axis=1) - twice
    matches = other[np.arange(len(other)), sides.label] - agrees
    first = sides.side == 0
    agreeing = np.bincount(sides.stimulus[first], weights=matches[first], minlength=sides.n_stimuli)
    pairs = _pairs(counts, sides)
    return agreeing / np.maximum(pairs, 1), partners.astype(np.float64), matches.astype(np.float64)


def _kappas(
    counts: LabelCounts, withins: list[Numbers], between: Numbers, n_resamples: int, seed: int
) -> tuple[Estimate, Estimate]:
    shares = counts / counts.sum(axis=2, keepdims=True)
    n, n_labels = counts.shape[1:]
    rows = np.column_stack([np.ones(n), between, *withins, shares[0], shares[1]])
    sums = resampled_sums(rows, None, n_resamples, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums / sums[:, :1]
        first, second = means[:, 4 : 4 + n_labels], means[:, 4 + n_labels :]
        by_chance = [(first * second).sum(axis=1), (first**2).sum(axis=1), (second**2).sum(axis=1)]
        kappas = [(means[:, 1 + at] - chance) / (1 - chance) for at, chance in enumerate(by_chance)]
        cross = np.where(by_chance[0] < 1, kappas[0], np.nan)
        positive = (kappas[1] > 0) & (kappas[2] > 0)
        own = np.sqrt(np.where(positive, kappas[1] * kappas[2], np.nan))
        normalised = cross / own
    return _estimate(cross, n, ONE_LABEL), _estimate(normalised, n, NO_AGREEMENT)


def _estimate(values: Numbers, n: int, reason: str) -> Estimate:
    value = float(values[0])
    if not np.isfinite(value):
        return Estimate(None, None, None, n, reason=reason)
    interval = interval_of(value, np.where(np.isfinite(values[1:]), values[1:], np.nan), n) if len(values) > 1 else None
    low, high = interval or (None, None)
    return Estimate(value, low, high, n)
