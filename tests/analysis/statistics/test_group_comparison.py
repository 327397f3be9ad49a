"""Groups in pairs, and the search for stimuli on which a pair parts ways."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.multitest import multipletests

from analysis.statistics.apart_stimuli import apart_stimuli, chi_square
from analysis.statistics.group_comparison import compare_groups
from bench.group_intervals import draw


def test_chi_square_equals_scipy() -> None:
    random = np.random.default_rng(4)
    first, second = random.integers(0, 9, (20, 4)), random.integers(0, 9, (20, 4)) + 1
    found = chi_square(first, first + second, first.sum(axis=1))
    expected = [chi2_contingency([a, b], correction=False)[0] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_chance_finds_no_stimuli_and_a_planted_one_comes_first() -> None:
    random = np.random.default_rng(8)
    counts = random.multinomial(20, [0.4, 0.3, 0.2, 0.1], size=(2, 80))
    counts[0, 17], counts[1, 17] = [18, 1, 1, 0], [1, 1, 9, 9]
    found = apart_stimuli(counts, least=5)
    assert found.row[found.first(1)[0]] == 17
    assert (found.p_corrected <= 0.05).sum() == 1
    assert found.distance[17] == pytest.approx(0.85)


def test_stimuli_with_few_answers_are_not_searched() -> None:
    counts = np.array([[[4, 0], [5, 0]], [[9, 9], [0, 5]]])
    found = apart_stimuli(counts, least=5)
    assert found.row.tolist() == [1]
    assert found.p[0] == pytest.approx(2 / 252, abs=0.004)  # Fisher's exact test: 2 of the 252 ways to divide
    assert len(apart_stimuli(np.zeros((2, 0, 3), dtype=int), least=5).row) == 0
    assert apart_stimuli(np.array([[[6, 0]], [[7, 0]]]), least=5).p.tolist() == [1.0]


def test_corrections_run_over_all_pairs_and_labels() -> None:
    random = np.random.default_rng(6)
    side, stimulus, person, label = draw(random, 40, 10, 6, 0.2, 0.3)
    group = np.where(person % 2, side, 2)  # three groups
    found = compare_groups(
        group, stimulus, person, label, names=["a", "b", "c"], n_stimuli=40, n_labels=5, margin=0.1, n_resamples=50
    )
    assert [group["n_people"] for group in found["groups"]] == [10, 5, 5]
    rows = [row for pair in found["pairs"] for row in pair["labels"]]
    assert len(rows) == 15
    for kind in ("p", "p_equivalence"):
        made = [row for row in rows if row["p"] is not None]
        expected = multipletests([row[kind] for row in made], method="holm")[1]
        np.testing.assert_allclose([row[f"{kind}_corrected"] for row in made], expected)
    assert {row["verdict"] for row in rows} <= {"differ", "differ_little", "same", "cannot_tell"}


def test_small_groups_are_left_out_and_named() -> None:
    columns = ([0, 0, 0, 1, -1], [0, 1, 2, 0, 1], [0, 1, 2, 3, 4], [0, 0, 1, 1, 1])
    found = compare_groups(*columns, names=["a", "b"], n_stimuli=3, n_labels=2, margin=0.1, least_people=2)
    assert ([each["name"] for each in found["groups"]], found["too_small"], found["pairs"]) == (["a"], ["b"], [])
    nothing = compare_groups([], [], [], [], names=["a", "b"], n_stimuli=3, n_labels=2, margin=0.1)
    assert nothing == {"groups": [], "pairs": [], "too_small": [], "too_many": []}
