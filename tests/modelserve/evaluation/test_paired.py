"""Two networks on the same rows: the difference and its interval come from resampling both together."""

import numpy as np
import pytest

from modelserve.evaluation.calibration_error import calibration_error, calibration_statistic
from modelserve.evaluation.majority_accuracy import majority_accuracy, majority_hits
from modelserve.evaluation.paired import Score, mean_score, paired_difference, ratio_score, value_of
from modelserve.evaluation.polarity_accuracy import polarity_accuracy, polarity_hits
from modelserve.evaluation.resampling import Resampling

GROUPS = np.repeat(np.arange(60), 3)
RESAMPLING = Resampling(GROUPS)


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=len(GROUPS)) + np.repeat(np.random.default_rng(1).normal(size=60), 3)


def test_the_value_is_the_metric_s_own(rows: np.ndarray) -> None:
    counts = np.random.default_rng(2).integers(0, 5, (180, 4)).astype(float)
    predicted = np.random.default_rng(3).dirichlet(np.ones(4), 180)
    hits = majority_hits(counts, predicted)
    assert value_of(mean_score(hits), RESAMPLING).value == majority_accuracy(counts, predicted, RESAMPLING).value
    leaning = polarity_hits(counts, predicted, [1, 1, -1, 0])
    wanted = polarity_accuracy(counts, predicted, [1, 1, -1, 0], RESAMPLING)
    assert value_of(mean_score(leaning), RESAMPLING).value == wanted.value
    score = Score(calibration_statistic(counts, predicted), int((~np.isnan(hits)).sum()))
    assert value_of(score, RESAMPLING).value == pytest.approx(calibration_error(counts, predicted, RESAMPLING).value)


def test_what_both_err_on_alike_does_not_widen_the_interval(rows: np.ndarray) -> None:
    own, better = mean_score(rows), mean_score(rows + 0.1)
    difference = paired_difference(better, own, RESAMPLING)
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.1, 0.1, 0.1))
    alone = value_of(own, RESAMPLING)
    assert alone.high is not None
    assert alone.low is not None
    assert alone.high - alone.low > 0.3


def test_the_interval_is_that_of_the_mean_difference_per_group(rows: np.ndarray) -> None:
    """Beside the textbook's standard error of a mean of 60 independent groups."""
    other = rows + np.random.default_rng(4).normal(0.2, 1, len(rows))
    difference = paired_difference(mean_score(other), mean_score(rows), RESAMPLING)
    of_groups = (other - rows).reshape(60, 3).mean(axis=1)
    error = of_groups.std(ddof=1) / np.sqrt(60)
    assert difference.value == pytest.approx(of_groups.mean())
    assert (difference.high or 0) - (difference.low or 0) == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_ratio_is_of_sums_and_rows_that_say_nothing_are_left_out(rows: np.ndarray) -> None:
    words = np.random.default_rng(5).integers(1, 9, len(rows)).astype(float)
    assert value_of(ratio_score(rows, words), RESAMPLING).value == pytest.approx(rows.sum() / words.sum())
    known = rows.copy()
    known[::2] = np.nan
    found = value_of(mean_score(known), RESAMPLING)
    assert found.value == pytest.approx(np.nanmean(known))
    assert found.n == 90


def test_nothing_to_compare_has_no_value() -> None:
    nobody = mean_score(np.full(len(GROUPS), np.nan))
    assert value_of(nobody, RESAMPLING).value is None
    assert paired_difference(nobody, nobody, RESAMPLING).as_json() == {"value": None, "low": None, "high": None, "n": 0}
    empty = Resampling(np.zeros(0, dtype=np.int64))
    assert value_of(mean_score(np.zeros(0)), empty).value is None
