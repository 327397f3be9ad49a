"""Means with intervals that take a stimulus's values together."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.statistics.clustered_means import clustered_means


def test_mean_and_interval_equal_statsmodels_cluster_robust_ones() -> None:
    random = np.random.default_rng(1)
    cluster = random.integers(0, 40, 300)
    values = random.normal(0, 1, 300) + random.normal(0, 1, 40)[cluster]

    ours = clustered_means(values, cluster, np.zeros(40, int), 1)
    model = sm.OLS(values, np.ones(300))
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": True}, use_t=True)

    low, high = theirs.conf_int()[0]
    assert (ours.mean[0], ours.low[0], ours.high[0]) == pytest.approx((theirs.params[0], low, high), rel=1e-9)


def test_each_group_stands_alone_and_missing_values_are_left_out() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 6.0, np.nan])
    found = clustered_means(values, np.array([0, 0, 1, 2, 3, 4]), np.array([0, 0, 1, 1, 2]), 4)

    assert found.mean[:2].tolist() == [1.5, 5.0]
    assert np.isnan(found.mean[2:]).all()
    assert found.n.tolist() == [2, 2, 0, 0]
    # one stimulus says nothing about the spread between stimuli
    assert np.isnan(found.low[0])
    assert found.low[1] < 5 < found.high[1]


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(1_000):
        cluster = np.repeat(np.arange(60), random.integers(1, 8, 60))
        values = random.normal(0, 1, len(cluster)) + random.normal(0, 1, 60)[cluster]
        found = clustered_means(values, cluster, np.zeros(60, int), 1)
        covered += bool(found.low[0] <= 0 <= found.high[0])

    assert 0.93 <= covered / 1_000 <= 0.97
