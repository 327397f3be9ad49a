"""Correlations, concordance and error equal independent implementations; ceilings hold in a simulation."""

import numpy as np
import pytest
from scipy import stats

from modelserve.evaluation.concordance_correlation import concordance_correlation
from modelserve.evaluation.mean_absolute_error import mean_absolute_error
from modelserve.evaluation.pearson_correlation import pearson_correlation
from modelserve.evaluation.rating_report import RATING_METRICS, rate_ratings
from modelserve.evaluation.reliability import (
    highest_concordance,
    highest_pearson,
    lowest_absolute_error,
    reliability,
)
from modelserve.evaluation.resampling import Resampling
from modelserve.evaluation.spearman_correlation import _ranks, spearman_correlation

RANDOM = np.random.default_rng(5)
PEOPLE = RANDOM.integers(1, 8, 60).astype(float)  # ties
PREDICTED = np.round(0.5 * PEOPLE + 2 + RANDOM.normal(0, 0.8, 60), 1)
EACH = Resampling(np.arange(60))


def test_correlations_equal_scipys_with_ties() -> None:
    pearson, spearman = (measure(PEOPLE, PREDICTED, EACH) for measure in (pearson_correlation, spearman_correlation))
    assert pearson.value == pytest.approx(stats.pearsonr(PEOPLE, PREDICTED).statistic, abs=1e-12)
    assert spearman.value == pytest.approx(stats.spearmanr(PEOPLE, PREDICTED).statistic, abs=1e-12)
    assert pearson.low is not None
    assert pearson.high is not None
    assert pearson.low < stats.pearsonr(PEOPLE, PREDICTED).statistic < pearson.high
    fisher = stats.pearsonr(PEOPLE, PREDICTED).confidence_interval(0.95)
    assert pearson.low == pytest.approx(fisher.low, abs=0.08)


def test_weighted_ranks_are_those_of_repeated_rows() -> None:
    weights = np.array([[2.0, 0.0, 1.0, 3.0]])
    values = np.array([5.0, 1.0, 5.0, 2.0])
    repeated = stats.rankdata([5, 5, 5, 2, 2, 2])
    assert _ranks(values, weights)[0, [0, 2, 3]].tolist() == [repeated[0], repeated[2], repeated[3]]


def test_concordance_is_lins() -> None:
    x, y = PEOPLE, PREDICTED
    by_hand = 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert concordance_correlation(x, y, EACH).value == pytest.approx(by_hand, abs=1e-12)
    assert concordance_correlation(x, x, EACH).value == pytest.approx(1)
    shifted = concordance_correlation(x, x + 3, EACH).value
    assert shifted is not None
    assert shifted < 0.6
    assert pearson_correlation(x, x + 3, EACH).value == pytest.approx(1)


def test_the_error_is_the_mean_distance() -> None:
    assert mean_absolute_error(PEOPLE, PREDICTED, EACH).value == pytest.approx(np.abs(PEOPLE - PREDICTED).mean())


def test_without_spread_there_is_no_correlation() -> None:
    same = np.full(60, 3.0)
    for measure in (pearson_correlation, spearman_correlation):
        assert measure(PEOPLE, same, EACH).value is None
        assert measure(same, PREDICTED, EACH).value is None
    assert concordance_correlation(PEOPLE, same, EACH).value == pytest.approx(0)
    assert concordance_correlation(same, same, EACH).value is None


def test_nobody_and_one_row_have_no_interval() -> None:
    nothing = np.zeros(0)
    of_nothing = rate_ratings(nothing, nothing, usual=1, error_variance=nothing, stimuli=np.zeros(0, np.int64))
    assert all(of_nothing[name] == {"value": None, "low": None, "high": None, "n": 0} for name in RATING_METRICS)
    one = rate_ratings(
        np.array([2.0]), np.array([3.0]), usual=1, error_variance=np.array([np.nan]), stimuli=np.zeros(1, np.int64)
    )
    assert one["pearson"]["value"] is None
    assert one["mean_absolute_error"] == {"value": 1.0, "low": None, "high": None, "n": 1}
    assert one["ceiling"] == {}


def test_a_network_that_knew_everything_reaches_the_ceilings() -> None:
    """Simulated: true numbers, five raters each; the true numbers are the prediction."""
    random = np.random.default_rng(3)
    true = random.normal(4, 1, 4000)
    people = true + random.normal(0, 1.5, (5, 4000)).mean(axis=0)
    errors, each = np.full(4000, 1.5**2 / 5), Resampling(np.zeros(4000, np.int64))  # one group: no intervals
    share = 1 / (1 + 1.5**2 / 5)
    assert reliability(people, errors, each).value == pytest.approx(share, abs=0.02)
    best = pearson_correlation(people, true, each).value
    assert best == pytest.approx(highest_pearson(people, errors, each).value, abs=0.01)
    assert concordance_correlation(people, true, each).value == pytest.approx(
        highest_concordance(people, errors, each).value, abs=0.01
    )
    assert mean_absolute_error(people, true, each).value == pytest.approx(
        lowest_absolute_error(errors, each).value, abs=0.01
    )


def test_what_is_unknown_is_left_out() -> None:
    people = PEOPLE.copy()
    people[::2] = np.nan
    errors = np.where(np.arange(60) % 4 == 1, 0.5, np.nan)
    found = rate_ratings(people, PREDICTED, usual=4, error_variance=errors, stimuli=np.arange(60))
    assert found["pearson"]["n"] == found["n_stimuli"] == 30
    assert found["pearson"]["value"] == pytest.approx(stats.pearsonr(PEOPLE[1::2], PREDICTED[1::2]).statistic)
    assert found["reliability"]["n"] == 15
    assert 0 <= found["ceiling"]["concordance"]["value"] <= found["ceiling"]["pearson"]["value"] <= 1
