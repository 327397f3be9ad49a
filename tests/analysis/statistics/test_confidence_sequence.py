"""An interval that may be looked at after every answer is wrong as seldom as it says."""

import numpy as np
import pytest

from analysis.statistics.confidence_sequence import confidence_sequence


def test_without_answers_there_is_none_and_with_few_it_is_wide() -> None:
    assert confidence_sequence(0, 0) is None
    low, high = confidence_sequence(1, 2) or (0.5, 0.5)
    assert low < 0.02
    assert high > 0.98


def test_its_ends_are_where_the_mixed_likelihood_is_twenty_times_the_plain_one() -> None:
    from scipy.special import betaln

    for k, n in ((3, 10), (0, 30), (30, 30), (61, 100)):
        low, high = confidence_sequence(k, n) or (0.0, 0.0)
        mixed = betaln(k + 1, n - k + 1)
        for end in (low, high):
            if 0.0 < end < 1.0:
                plain = k * np.log(end) + (n - k) * np.log1p(-end)
                assert mixed - plain == pytest.approx(np.log(20), abs=1e-9)
    assert confidence_sequence(0, 30) == (0.0, pytest.approx(1 - (31 * 20) ** (-1 / 30) + 0, abs=1e-9))


@pytest.mark.parametrize("chance", [0.5, 0.62, 0.9])
def test_it_contains_the_truth_at_every_look_in_95_of_100_studies(chance: float) -> None:
    random = np.random.default_rng(7)
    wrong = 0
    for _ in range(200):
        successes = np.cumsum(random.random(120) < chance)
        for n, k in enumerate(successes.tolist(), start=1):
            low, high = confidence_sequence(k, n) or (0.0, 1.0)
            if not low <= chance <= high:
                wrong += 1
                break
    assert wrong / 200 <= 0.05


@pytest.mark.parametrize(("k", "n", "error"), [(3, 2, 0.05), (-1, 2, 0.05), (1, 2, 0.0), (1, 2, 1.0)])
def test_what_cannot_be(k: int, n: int, error: float) -> None:
    with pytest.raises(ValueError, match="Nothing was computed"):
        confidence_sequence(k, n, error=error)
