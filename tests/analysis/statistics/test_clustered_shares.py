"""Shares whose interval minds that answers about one image are alike."""

import numpy as np
import pytest

from analysis.statistics.clustered_shares import clustered_means, indicator_columns


def test_the_mean_is_of_answers_and_the_interval_that_of_an_independent_bootstrap() -> None:
    from scipy.stats import bootstrap

    random = np.random.default_rng(3)
    passes = random.random(60) < 0.4
    found = clustered_means(passes[:, None], np.arange(60), n_resamples=20_000, seed=1)[0]
    other = bootstrap((passes.astype(float),), np.mean, method="percentile", n_resamples=20_000, random_state=2)
    assert found.value == pytest.approx(passes.mean(), abs=1e-12)
    assert found.low == pytest.approx(other.confidence_interval.low, abs=0.017)
    assert found.high == pytest.approx(other.confidence_interval.high, abs=0.017)
    assert found.n == 60


def test_answers_that_repeat_each_other_make_nothing_surer() -> None:
    random = np.random.default_rng(4)
    passes = (random.random(40) < 0.5).astype(float)
    once = clustered_means(passes[:, None], np.arange(40), n_resamples=2000, seed=1)[0]
    thrice = clustered_means(np.repeat(passes, 3)[:, None], np.repeat(np.arange(40), 3), n_resamples=2000, seed=1)[0]
    assert (thrice.value, thrice.low, thrice.high) == (once.value, once.low, once.high)


def test_it_covers_the_truth_where_images_differ() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        chance = random.beta(2, 2, 50)
        answers = (random.random((50, 4)) < chance[:, None]).astype(float)
        images = np.repeat(np.arange(50), 4)
        found = clustered_means(answers.reshape(-1, 1), images, n_resamples=300, seed=2)[0]
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.5 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_edges() -> None:
    nothing = clustered_means(indicator_columns([], ("a", "b")), [], n_resamples=10, seed=0)
    assert [one.value for one in nothing] == [None, None]
    assert nothing[0].reason == "nothing was judged"
    alone = clustered_means(indicator_columns(["a", "b", "a"], ("a",)), [7, 7, 7], n_resamples=10, seed=0)[0]
    assert alone.value == pytest.approx(2 / 3)
    assert alone.low is None
