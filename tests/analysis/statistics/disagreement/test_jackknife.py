"""Intervals around what is never below 0: wider above than below, and by factors where the spread grows with it."""

import numpy as np
import pytest
from scipy.stats import t

from analysis.statistics.disagreement.jackknife import Spread


def test_by_factors_the_interval_is_one_of_ratios() -> None:
    spread = Spread(np.array([0.02]), 29)
    low, high = spread.interval(0, 0.1, by_factors=True)
    assert low is not None
    assert high is not None
    assert high / 0.1 == pytest.approx(0.1 / low)
    assert np.log(high / 0.1) == pytest.approx(t(29).ppf(0.975) * 0.2)


@pytest.mark.parametrize("value", [0.005, 0.015, 0.021, 0.03, 0.041, 0.3])
def test_intervals_hold_the_value_and_reach_higher_than_they_reach_low(value: float) -> None:
    spread = Spread(np.array([0.02]), 29)
    for by_factors in (False, True):
        low, high = spread.interval(0, value, by_factors=by_factors)
        assert low is not None
        assert high is not None
        assert low < value < high
        assert high - value >= value - max(low, 0) - 1e-12


def test_without_a_standard_error_there_is_no_interval() -> None:
    assert Spread(np.array([np.nan]), 5).interval(0, 0.3, by_factors=True) == (None, None)
