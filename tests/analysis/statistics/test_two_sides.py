"""Two sides on the same stimuli: shares, common ground, and whether the intervals hold the truth."""

import itertools
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from analysis.statistics.common_ground import common_ground, gap_of, permutation_p
from analysis.statistics.two_sides import (
    TOO_FEW_PEOPLE,
    TOO_FEW_STIMULI,
    TOO_RARE,
    TwoSides,
    share_differences,
)
from bench.group_intervals import coverage, draw

Columns = tuple[NDArray[Any], ...]


def made(seed: int = 3, **changes: float) -> Columns:
    case = {"n_images": 40, "n_people": 12, "per_image": 4, "habit": 0.2, "effect": 0.2, **changes}
    return draw(np.random.default_rng(seed), *case.values())


def by_hand(columns: Columns) -> dict[str, float]:
    """Pair by pair, over stimuli with two responses on each side."""
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    within: list[list[float]] = [[], []]
    between = []
    for stimulus in {row[1] for row in rows}:
        here = [[(person, label) for side, s, person, label in rows if (side, s) == (at, stimulus)] for at in (0, 1)]
        if min(map(len, here)) < 2:
            continue
        for at in (0, 1):
            pairs = list(itertools.combinations(here[at], 2))
            within[at].append(np.mean([first[1] == second[1] for first, second in pairs]))
        across = [(a[1] == b[1]) for a, b in itertools.product(*here) if a[0] != b[0]]
        between.append(np.mean(across))
    first, second, other = np.mean(within[0]), np.mean(within[1]), np.mean(between)
    return {"first": first, "second": second, "between": other, "gap": (first + second) / 2 - other}


def ground_of(columns: Columns, **options: Any) -> Any:
    sides = TwoSides.of(*columns, n_labels=5, least=2)
    return common_ground(sides, **{"margin": 0.05, "n_permutations": 0, "n_resamples": 0, **options})


def test_common_ground_equals_counting_pair_by_pair() -> None:
    columns = made()
    expected, found = by_hand(columns), ground_of(columns)
    assert found.within[0].value == pytest.approx(expected["first"], abs=1e-12)
    assert found.within[1].value == pytest.approx(expected["second"], abs=1e-12)
    assert found.between.value == pytest.approx(expected["between"], abs=1e-12)
    assert found.gap.value == pytest.approx(expected["gap"], abs=1e-12)
    assert gap_of(TwoSides.of(*columns, n_labels=5).counts()) == pytest.approx(expected["gap"], abs=1e-12)


def test_ones_own_two_answers_are_no_pair_of_people() -> None:
    side, stimulus, person, label = made()
    person = np.where(person >= 12, person - 12, person)  # the same people on both sides, as in two studies
    found = ground_of((side, stimulus, person, label))
    assert found.between.value == pytest.approx(by_hand((side, stimulus, person, label))["between"], abs=1e-12)
    assert found.gap.p is not None  # from the t distribution, since these people cannot be exchanged
    assert permutation_p(TwoSides.of(side, stimulus, person, label, n_labels=5, least=2), 0.1, 9, 1) is None


def test_without_habits_the_variance_is_that_of_clusters_by_stimulus_and_person() -> None:
    """Two-way clustered variance of a mean, against statsmodels' by stimulus, person and both (Cameron, eq. 2.10)."""
    side, stimulus, person, label = made(habit=0.4, effect=0.0)
    sides = TwoSides.of(side, stimulus, person, label, n_labels=5)
    (_, found) = share_differences(sides, margin=0.05)
    weights = np.ones(len(label))  # as many answers per stimulus and side: a regression on the side is the difference
    outcome, design = (label == 0).astype(float), sm.add_constant((side == 0).astype(float))
    fits = {}
    for name, groups in (("stimulus", stimulus), ("person", person), ("both", np.arange(len(label)))):
        options = {"groups": groups, "use_correction": False}
        fits[name] = sm.WLS(outcome, design, weights=weights).fit(cov_type="cluster", cov_kwds=options)
    assert found[0].value == pytest.approx(fits["both"].params[1], abs=1e-12)
    stimuli, people, both = (fits[name].bse[1] ** 2 for name in ("stimulus", "person", "both"))
    expected = stimuli * 40 / 39 + (people - both) * 24 / 23
    assert found[0].standard_error == pytest.approx(np.sqrt(expected), rel=0.02)


def test_intervals_hold_the_truth_and_chance_is_not_called_a_difference() -> None:
    """In short; bench/group_intervals.py does it at length."""
    held, called = coverage((60, 30, 5, 0.3, 0.0), 80, seed=11, n_permutations=39)
    assert 0.91 <= held["shares"] <= 0.985
    assert all(held[name] >= 0.9 for name in ("within", "between", "gap"))
    assert called["shares"] <= 0.09
    assert called["gap"] <= 0.11


def test_a_planted_difference_is_found_and_its_absence_shown() -> None:
    apart = ground_of(made(n_images=300, n_people=60, effect=0.6), n_permutations=99)
    assert apart.gap.p == pytest.approx(0.01)
    assert apart.normalised.value < 0.9
    alike = ground_of(made(n_images=600, n_people=150, per_image=6, effect=0.0, habit=0.0), n_permutations=99)
    assert alike.gap.p > 0.05
    assert alike.gap.p_equivalence < 0.05
    assert alike.normalised.value == pytest.approx(1, abs=0.1)


def test_too_little_is_said_to_be_too_little() -> None:
    few_images = made(n_images=6)
    shares, found = share_differences(TwoSides.of(*few_images, n_labels=5), margin=0.05)
    assert {each.reason for each in found} == {TOO_FEW_STIMULI}
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert ground_of(few_images).gap.reason == TOO_FEW_STIMULI
    few_people = made(n_people=4)
    assert ground_of(few_people).between.reason == TOO_FEW_PEOPLE
    side, stimulus, person, label = made()
    rare = TwoSides.of(side, stimulus, person, label, n_labels=7)
    assert share_differences(rare, margin=0.05)[1][6].reason == TOO_RARE


def test_nobody_and_one_label() -> None:
    nothing = TwoSides.of([], [], [], [], n_labels=3)
    assert share_differences(nothing, margin=0.05)[1][0].value is None
    assert common_ground(nothing, margin=0.05).gap.value is None
    side, stimulus, person, _ = made()
    same = (side, stimulus, person, np.zeros(len(side), dtype=int))
    found = ground_of(same, n_resamples=20)
    assert (found.gap.value, found.gap.p, found.cross_kappa.value) == (0.0, None, None)
    assert share_differences(TwoSides.of(*same, n_labels=2), margin=0.05)[1][0].reason


def test_columns_that_do_not_fit_are_refused() -> None:
    for columns in (([0], [0], [0], [0, 1]), ([2], [0], [0], [0]), ([0], [0], [0], [9]), ([0], [-1], [0], [0])):
        with pytest.raises(ValueError, match="Nothing was compared"):
            TwoSides.of(*columns, n_labels=3)
