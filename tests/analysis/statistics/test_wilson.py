"""The interval of one share equals statsmodels' to 1e-9, at the edges, too."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.wilson import wilson_interval


@pytest.mark.parametrize(("n_chosen", "n"), [(0, 6), (1, 6), (3, 6), (6, 6), (1, 1), (17, 240)])
def test_it_equals_another_implementation(n_chosen: int, n: int) -> None:
    assert wilson_interval(n_chosen, n) == pytest.approx(proportion_confint(n_chosen, n, method="wilson"), abs=1e-9)


def test_without_answers_there_is_none() -> None:
    assert wilson_interval(0, 0) is None


def test_more_who_chose_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 3; got 4"):
        wilson_interval(4, 3)
