"""Which labels blend: against planted meetings, against Poisson regression, and where nothing can be said."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.statistics.emotion_map import LEAST_LABELS, TOO_FEW_LABELS, label_map, label_pairs

SEED = 20261121


def crowd(n_stimuli: int, n_labels: int, *, n_responses: int = 6) -> np.ndarray:
    """Counts of labels where each stimulus has a leaning of its own."""
    random = np.random.default_rng(SEED)
    leanings = random.dirichlet(np.full(n_labels, 0.6), n_stimuli)
    return np.array([random.multinomial(n_responses, leaning) for leaning in leanings])


def test_expected_meetings_are_those_of_a_poisson_regression_without_the_diagonal() -> None:
    """Second implementation: statsmodels 0.14, log-linear quasi-independence on the symmetric table; to 1e-6."""
    counts = crowd(400, 6)
    pairs = label_pairs(counts, n_resamples=0)
    # weights w with expected = w_a w_b: a Poisson regression of the meetings on which two labels a cell has
    design = np.zeros((len(pairs), 6))
    for row, pair in enumerate(pairs):
        design[row, [pair.first, pair.second]] = 1
    fitted = sm.GLM([pair.met for pair in pairs], design, family=sm.families.Poisson()).fit(tol=1e-12)
    np.testing.assert_allclose([pair.expected for pair in pairs], fitted.mu, rtol=1e-6)


def test_meetings_are_the_coincidences_off_the_diagonal() -> None:
    pairs = {(pair.first, pair.second): pair for pair in label_pairs([[2, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0]])}
    assert pairs[0, 1].met == pytest.approx(2 * 2 * 1 / 2)
    assert pairs[1, 2].met == pytest.approx(2 * 1 * 1 / 2)
    assert pairs[0, 2].met == 0
    assert pairs[0, 1].n_stimuli == 1


def test_planted_neighbours_are_found_surely_and_lie_near() -> None:
    """Labels 0 and 1 are two words for one feeling, 4 and 5 likewise."""
    random = np.random.default_rng(SEED)
    counts = np.zeros((600, 6), dtype=np.int64)
    for row in range(600):
        feeling = int(random.integers(0, 4))
        own = [[0, 1], [2], [3], [4, 5]][feeling]
        for _ in range(6):
            label = random.choice(own) if random.random() < 0.7 else random.integers(0, 6)
            counts[row, int(label)] += 1
    pairs = label_pairs(counts, n_resamples=200, seed=SEED)
    strongest = sorted(pairs, key=lambda pair: -(pair.blend.value or 0))[:2]
    assert {(pair.first, pair.second) for pair in strongest} == {(0, 1), (4, 5)}
    assert all(pair.blend.low is not None and pair.blend.low > 1.5 for pair in strongest)
    places = np.array(label_map(pairs, 6).places)
    apart = np.hypot(*(places[:, np.newaxis] - places[np.newaxis]).T)
    np.fill_diagonal(apart, np.inf)
    assert {(row, int(apart[row].argmin())) for row in (0, 1, 4, 5)} == {(0, 1), (1, 0), (4, 5), (5, 4)}


def test_the_map_stands_the_same_way_whatever_the_order_of_stimuli() -> None:
    counts = crowd(300, 5)
    polarities = ["positive", "positive", "negative", "negative", "else"]
    one = label_map(label_pairs(counts, n_resamples=0), 5, polarities)
    other = label_map(label_pairs(counts[::-1], n_resamples=0), 5, polarities)
    np.testing.assert_allclose(one.places, other.places, atol=1e-4)
    places = np.array(one.places)
    assert places[:2, 0].mean() > places[2:4, 0].mean()
    assert np.abs(places).max() == pytest.approx(1)
    assert one.stress is not None
    assert 0 <= one.stress < 0.6


@pytest.mark.parametrize("counts", [np.zeros((0, 9), int), [[1] + [0] * 8], [[6] + [0] * 8] * 5, np.zeros((3, 9), int)])
def test_without_two_people_who_differ_nothing_is_said(counts: object) -> None:
    pairs = label_pairs(counts, n_resamples=20)  # type: ignore[arg-type]
    assert len(pairs) == 36
    assert all(pair.blend.value is None and pair.blend.reason and pair.expected is None for pair in pairs)
    drawn = label_map(pairs, 9)
    assert drawn.stress is None
    assert len(set(drawn.places)) == 9


def test_few_labels_have_nothing_to_be_compared_with() -> None:
    pairs = label_pairs([[2, 1, 1], [0, 3, 1]], n_resamples=20)
    assert {pair.blend.reason for pair in pairs} == {TOO_FEW_LABELS}
    assert LEAST_LABELS == 4
    assert label_pairs([[3], [2]]) == []
    assert label_map([], 1).places == [(1.0, 0.0)]


def test_one_pair_alone_does_not_divide_by_nothing() -> None:
    pairs = label_pairs([[3, 3, 0, 0]] * 4, n_resamples=50)
    met = [pair for pair in pairs if pair.met]
    assert len(met) == 1
    assert met[0].blend.value == pytest.approx(1)
    assert label_map(pairs, 4).stress is not None
