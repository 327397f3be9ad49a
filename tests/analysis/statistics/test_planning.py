"""Planning: power against statsmodels, the rule's totals against the rule itself, parts against what was planted."""

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower

from analysis.statistics.interval_width import expected_further, interval_width
from analysis.statistics.needed_responses import (
    MOST,
    expected_widest,
    expected_widths,
    shapes_of,
    totals_needed,
    wilson_widths,
)
from analysis.statistics.power import (
    Design,
    Spread,
    half_width,
    people_needed,
    power_of_equivalence,
    power_to_find,
    smallest_difference,
)
from analysis.statistics.variance_parts import agreement_parts, variance_parts


@pytest.mark.parametrize(("n", "effect"), [(10, 0.2), (40, 0.5), (100, 0.3), (250, 0.0), (20, 8.0)])
def test_power_equals_statsmodels_where_people_are_all_that_varies(n: int, effect: float) -> None:
    error = Design(10_000_000, 1, n).standard_error_between_people(Spread(0, 1, 0))
    assert power_to_find(effect, error, 2 * n - 2) == pytest.approx(TTestIndPower().power(effect, n, 0.05), abs=1e-6)


def test_power_of_equivalence_is_how_often_it_is_shown() -> None:
    """Simulated t statistics with 30 degrees of freedom."""
    random = np.random.default_rng(5)
    means = random.normal(0.01, 0.02, 200_000)
    errors = 0.02 * np.sqrt(random.chisquare(30, 200_000) / 30)
    from scipy.stats import t

    shown = np.abs(means) + t.ppf(0.95, 30) * errors <= 0.06
    assert power_of_equivalence(0.06, 0.02, 30, true=0.01) == pytest.approx(shown.mean(), abs=0.01)
    assert power_of_equivalence(0.05, 1.0, 30) == 0.0
    assert power_of_equivalence(0.05, 0.0, 30) == 1.0


def test_what_can_be_found_and_with_how_many_people_go_together() -> None:
    spread = Spread(of_images=0.02, of_people=0.01, of_rest=0.2)
    needed = people_needed(
        lambda n: power_to_find(0.08, Design(200, 4, n).standard_error_between_people(spread), n - 1), 0.8
    )
    assert needed is not None
    error = Design(200, 4, needed).standard_error_between_people(spread)
    assert smallest_difference(error, needed - 1) <= 0.08
    less = Design(200, 4, needed - 1).standard_error_between_people(spread)
    assert smallest_difference(less, needed - 2) > 0.08
    assert people_needed(lambda n: 0.3) is None
    assert half_width(error, needed - 1) > 1.96 * error


@pytest.mark.parametrize("seed", range(4))
def test_totals_needed_is_the_rule_that_stops_an_image(seed: int) -> None:
    random = np.random.default_rng(seed)
    widths = (0.1, 0.3, 0.45, 0.95)
    for _ in range(8):
        row = random.multinomial(random.integers(1, 30), random.dirichlet(np.full(9, 0.4)))
        found = totals_needed(row, widths)
        n = int(row.sum())
        assert found == [n + expected_further(row.tolist(), width=width, most=MOST) for width in widths]
    assert totals_needed([0, 0, 0], widths) == [MOST] * 4


def test_expected_width_is_the_mean_over_all_outcomes() -> None:
    widths = [interval_width(chosen, 3) for chosen in range(4)]
    expected = sum(weight * width for weight, width in zip((0.125, 0.375, 0.375, 0.125), widths, strict=True))
    assert expected_widths([0.5], 3)[0] == pytest.approx(expected)
    with pytest.raises(ValueError, match="Nothing was computed"):
        expected_widths([1.2], 3)


def test_the_least_known_label_narrows_with_every_response() -> None:
    rows, n_stimuli = shapes_of([[3, 2, 1], [2, 3, 1], [6, 0, 0], [0, 0, 0]])
    assert rows.tolist() == [[0, 0, 0], [3, 2, 1], [6, 0, 0]]
    assert n_stimuli.tolist() == [1, 2, 1]
    means = [found[0] for n in (1, 3, 10, 40) if (found := expected_widest(rows, n_stimuli, n))]
    assert means == sorted(means, reverse=True)
    assert expected_widest(rows[:1], n_stimuli[:1], 3) is None


@pytest.mark.parametrize(("n_labels", "clearness"), [(3, 0.7), (9, 0.1), (9, 1.0), (28, 0.05), (28, 0.3)])
def test_the_expected_width_is_the_one_that_more_responses_show(n_labels: int, clearness: float) -> None:
    """From six responses to each of 3,000 images, clear ones and mixed ones, with few labels and with many."""
    random = np.random.default_rng(1)
    true = random.dirichlet(np.full(n_labels, clearness), 3000)
    rows, n_stimuli = shapes_of(random.multinomial(6, true))
    for n in (10, 20, 50):
        later = random.multinomial(n, true).astype(float)
        seen = wilson_widths(later, np.full_like(later, n)).max(axis=1).mean()
        found = expected_widest(rows, n_stimuli, n)
        assert found is not None
        assert found[0] == pytest.approx(seen, abs=0.026)


def test_planted_variances_come_out() -> None:
    random = np.random.default_rng(2)
    found = []
    for _ in range(40):
        images, people = random.normal(0, 0.15, 300), random.normal(0, 0.1, 150)
        stimulus = np.repeat(np.arange(300), 5)
        person = random.permuted(np.tile(np.arange(150), (300, 1)), axis=1)[:, :5].reshape(-1)
        chosen = random.random(1500) < 0.5 + images[stimulus] + people[person]
        parts = variance_parts(stimulus, person, chosen)
        found.append((parts.of_images, parts.of_people, parts.of_rest))
    np.testing.assert_allclose(np.mean(found, axis=0), [0.0225, 0.01, 0.2175], atol=0.003)


def test_parts_of_too_little_are_not_made_up() -> None:
    assert variance_parts([], [], []).share is None
    alone = variance_parts([0], [0], [True])
    assert (alone.share, alone.of_images) == (1.0, None)
    one_each = variance_parts([0, 1, 2], [0, 1, 2], [True, False, True])
    assert (one_each.of_images, one_each.of_people) == (None, None)
    with pytest.raises(ValueError, match="Nothing was computed"):
        variance_parts([0], [0, 1], [True])


def test_the_error_of_agreement_is_what_studies_scatter_by() -> None:
    random = np.random.default_rng(9)

    def study(n: int) -> np.ndarray:
        return np.array([random.multinomial(n, shares) for shares in random.dirichlet(np.full(5, 0.8), 100)])

    planned = np.mean([agreement_parts(study(6)).standard_error(100, 12) for _ in range(60)])
    seen = [((counts * (counts - 1)).sum(axis=1) / 132).mean() for counts in (study(12) for _ in range(150))]
    assert planned == pytest.approx(np.std(seen), rel=0.15)
    assert agreement_parts(np.array([[2, 1], [1, 1]])).standard_error(10, 3) is None
