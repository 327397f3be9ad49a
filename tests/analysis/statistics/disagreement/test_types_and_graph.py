"""Types of annotators only where people fall into types; the graph of labels that come together."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from analysis.statistics.disagreement import KnownStudy, Votes, confusion_graph, dip, dip_p, types_of_people

CROWD = KnownStudy(n_stimuli=900, n_annotators=120)


def with_second_type(votes: Votes, share: float, chance: float, seed: int) -> tuple[Votes, np.ndarray]:
    """Some people choose label 7 by this chance, whatever they would have chosen."""
    random = np.random.default_rng(seed)
    of_second = random.random(votes.n_annotators) < share
    swap = of_second[votes.annotator] & (random.random(votes.n) < chance)
    label = np.where(swap, 7, votes.label)
    return Votes(
        votes.stimulus, votes.annotator, label, votes.group, votes.n_stimuli, votes.n_annotators, votes.n_labels
    ), of_second


def test_a_crowd_that_differs_smoothly_is_one_type():
    """Also one with strong, lopsided habits: 1 of 24 may be divided by chance at the 5 % level, 3 would be too many."""
    wide = KnownStudy(n_stimuli=900, n_annotators=120, lapses=0.35, lapse_spread=2.0, habit_sum=1.0)
    n_types = [types_of_people(study.drawn(seed)).n_types for study in (CROWD, wide) for seed in range(12)]
    assert sum(n > 1 for n in n_types) <= 2


def test_two_kinds_of_people_are_found_with_who_is_which():
    votes, of_second = with_second_type(CROWD.drawn(1), 0.4, 0.5, 1)
    found = types_of_people(votes)
    assert found.n_types == 2
    second = 0 if found.leanings[0][7] > found.leanings[1][7] else 1
    assert ((found.type_of == second) == of_second).mean() > 0.95
    assert found.low[second][7] > 0.1
    assert sum(found.sizes) == found.n_people


def test_too_few_people_cannot_be_sorted():
    found = types_of_people(KnownStudy(n_stimuli=200, n_annotators=20).drawn(1))
    assert found.n_types is None
    assert "40 people" in found.reason


def test_the_dip_of_two_heaps_is_a_quarter_and_of_an_even_row_next_to_nothing():
    assert dip([0] * 5 + [1] * 5) == pytest.approx(0.25)
    assert dip(np.arange(10)) == pytest.approx(0.05)
    assert dip([3, 3, 3]) == pytest.approx(1 / 6)
    with pytest.raises(ValueError, match="at least one number"):
        dip([])


def nearest_with_one_top(numbers: np.ndarray) -> float:
    """The dip by its definition: over every place of the top, the least largest distance to a distribution that is
    convex before it and concave after it, and may leap at it; by SciPy's linear programming."""
    x, times = np.unique(numbers, return_counts=True)
    after = np.cumsum(times) / times.sum()
    before, k = after - times / times.sum(), len(x)
    found = []
    for top in range(k):
        rows, bounds = [], []

        def at_most(coefficients: dict[int, float], bound: float, rows: list = rows, bounds: list = bounds) -> None:
            row = np.zeros(k + 2)
            row[list(coefficients)] = list(coefficients.values())
            rows.append(row)
            bounds.append(bound)

        # places 0 to top: the height just before each; top + 1 to k: at and after; k + 1: the distance
        for place, at in [(at, at) for at in range(top + 1)] + [(at + 1, at) for at in range(top, k)]:
            for seen in (
                {before[at], after[at]}
                - ({after[at]} if place == top else set())
                - ({before[at]} if place == top + 1 else set())
            ):
                at_most({place: 1.0, k + 1: -1.0}, seen)
                at_most({place: -1.0, k + 1: -1.0}, -seen)
        for place in range(k):
            at_most({place: 1.0, place + 1: -1.0}, 0.0)
        steps = np.diff(x)
        for sign, middles, shift in ((1.0, range(1, top), 0), (-1.0, range(top + 1, k - 1), 1)):
            for at in middles:
                left, right = sign / steps[at - 1], sign / steps[at]
                at_most({at + shift: left + right, at + shift - 1: -left, at + shift + 1: -right}, 0.0)
        cost = np.zeros(k + 2)
        cost[-1] = 1
        found.append(linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=[(0, 1)] * (k + 2)).fun)
    return max(min(found), 0.5 / len(numbers))


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_the_dip_is_the_distance_to_the_nearest_with_one_top_also_with_equal_numbers(digits: int) -> None:
    random = np.random.default_rng(digits)
    for _ in range(12):
        n = int(random.integers(3, 12))
        numbers = np.round(random.normal(size=n) + 3 * (random.random(n) < 0.5), digits)
        assert dip(numbers) == pytest.approx(nearest_with_one_top(numbers), abs=1e-9)


def test_the_dip_under_one_top_is_as_published():
    """Hartigan and Hartigan (1985), table 1, n = 200: 0.0370 is exceeded by 5 %, and by some 0.0426 to 0.046 1 %."""
    random = np.random.default_rng(1)
    drawn = [dip(random.random(200)) for _ in range(400)]
    assert np.quantile(drawn, 0.95) == pytest.approx(0.0370, abs=0.0025)
    assert dip_p(np.concatenate([random.normal(size=80), random.normal(size=80) + 5])) <= 0.005
    assert dip_p(random.exponential(size=200)) > 0.1


def test_labels_that_are_used_for_one_another_come_together_beyond_chance():
    study = KnownStudy(n_stimuli=2000, overlap={(1, 4): 0.35})
    graph = confusion_graph(study.drawn(1).counts())
    first = graph.between()[0]
    assert (first.one, first.other, first.beyond_chance) == (1, 4, "more")
    assert first.low > 1
    assert sum(graph.shares) == pytest.approx(1)
    assert sum(edge.share for edge in graph.edges) == pytest.approx(1)


def test_a_lift_by_hand():
    """Two stimuli, labels aab and bb: pairs aa 1, ab 2, bb 1, a stimulus's pairs weighing 1 / (n - 1)."""
    graph = confusion_graph(np.array([[2, 1], [0, 2]]), n_resamples=0)
    aa, ab, bb = graph.edges
    assert (aa.n_pairs, ab.n_pairs, bb.n_pairs) == (1, 2, 1)
    assert aa.share == pytest.approx(1 / 5)
    assert ab.share == pytest.approx(2 / 5)
    assert ab.expected == pytest.approx(2 * 0.4 * 0.6 * 4)
    assert ab.lift is None  # fewer than five pairs are expected


def test_independent_labels_have_a_lift_of_one_in_most_intervals():
    random = np.random.default_rng(2)
    graph = confusion_graph(random.multinomial(6, [0.4, 0.3, 0.2, 0.1], 800))
    assert all(edge.beyond_chance == "" for edge in graph.between())
    assert sum(edge.low <= 1 <= edge.high for edge in graph.between()) >= 5


def test_no_answers_make_a_graph_without_edges_that_can_be_told():
    graph = confusion_graph(np.zeros((3, 2), dtype=np.int64))
    assert graph.n_pairs == 0
    assert all(edge.lift is None for edge in graph.edges)
    assert not any(math.isnan(share) for share in graph.shares)
