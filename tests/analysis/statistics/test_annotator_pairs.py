"""Kappa per pair equals statsmodels' for the same two people, value, error and all; nobody else is in the table."""

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from analysis.statistics import annotator_pairs
from analysis.statistics.annotator_pairs import cohen_kappas


def responses(seed: int, n_annotators: int = 12, n_stimuli: int = 80) -> np.ndarray:
    """Rows of (annotator, stimulus, label), one per pair, about half of all pairs."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, n_stimuli)
    rows = [
        (annotator, stimulus, truth[stimulus] if random.random() < 0.6 else random.integers(0, 4))
        for annotator in range(n_annotators)
        for stimulus in range(n_stimuli)
        if random.random() < 0.5
    ]
    return random.permutation(np.array(rows))


@pytest.mark.parametrize("chunk", [50, 2_000_000])
def test_kappas_equal_statsmodels(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotator_pairs, "CHUNK_PAIRS", chunk)
    rows = responses(3)
    found = cohen_kappas(*rows.T, n_labels=4, least_shared=18)
    labels = {(annotator, stimulus): label for annotator, stimulus, label in rows.tolist()}
    expected = {}
    for first, second in combinations(range(12), 2):
        shared = [stimulus for stimulus in range(80) if (first, stimulus) in labels and (second, stimulus) in labels]
        if len(shared) >= 18:
            table = np.zeros((4, 4))
            for stimulus in shared:
                table[labels[first, stimulus], labels[second, stimulus]] += 1
            expected[first, second] = (len(shared), cohens_kappa(table))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == sorted(expected)
    assert len(expected) > 30
    for place, pair in enumerate(sorted(expected)):
        n_shared, kappa = expected[pair]
        estimate = found.estimate(place)
        assert estimate.n == n_shared
        assert estimate.value == pytest.approx(kappa.kappa, abs=1e-9)
        assert estimate.low == pytest.approx(max(kappa.kappa_low, -1), abs=1e-6)
        assert estimate.high == pytest.approx(min(kappa.kappa_upp, 1), abs=1e-6)


def test_two_who_always_say_the_same_label_have_no_kappa() -> None:
    found = cohen_kappas([0, 1] * 5, np.repeat(np.arange(5), 2), [2] * 10, n_labels=3, least_shared=5)
    assert found.agreement.tolist() == [1]
    estimate = found.estimate(0)
    assert (estimate.value, estimate.n) == (None, 5)
    assert estimate.reason is not None


def test_two_who_agree_on_everything_have_kappa_1() -> None:
    found = cohen_kappas([0, 1] * 6, np.repeat(np.arange(6), 2), np.repeat([0, 1, 2, 0, 1, 2], 2), 3, least_shared=6)
    assert found.kappa.tolist() == [1]
    assert found.high.tolist() == [1]


def test_who_answered_a_stimulus_twice_makes_no_pair_with_herself_but_is_told() -> None:
    with pytest.raises(ValueError, match="Annotator 1 responded more than once to stimulus 2"):
        cohen_kappas([0, 1, 0, 1, 0, 1, 1], [0, 0, 1, 1, 2, 2, 2], [0, 0, 1, 1, 0, 1, 0], 2, least_shared=2)


@pytest.mark.parametrize("labels", [[0, 2], [0, -1], [0, 0.5], [0, np.nan]])
def test_a_label_that_is_none_is_refused(labels: list[float]) -> None:
    with pytest.raises(ValueError, match=r"Indexes are from 0 up|whole number"):
        cohen_kappas([0, 1], [0, 0], labels, 2)


def test_nobody_and_strangers_make_no_pairs() -> None:
    assert len(cohen_kappas([], [], [], 3).kappa) == 0
    assert len(cohen_kappas([0, 1], [0, 1], [1, 1], 3, least_shared=2).kappa) == 0
    with pytest.raises(ValueError, match="at least two stimuli"):
        cohen_kappas([0], [0], [0], 3, least_shared=1)
