"""Means of ratings that share images and people: intervals that hold the truth about as often as they say."""

import numpy as np
import pytest

from analysis.statistics.crossed_means import crossed_mean, crossed_means, crossed_shares, indicator_columns


def test_the_mean_is_the_plain_one_and_edges_are_said() -> None:
    nothing = crossed_mean([], [], [], n_resamples=50, seed=1)
    assert (nothing.value, nothing.low, nothing.n, bool(nothing.reason)) == (None, None, 0, True)
    one_person = crossed_mean([1, 5], ["a", "b"], ["anna", "anna"], n_resamples=50, seed=1)
    assert (one_person.value, one_person.low, bool(one_person.note)) == (3.0, None, True)
    alike = crossed_mean([4, 4, 4, 4], ["a", "a", "b", "b"], ["x", "y", "x", "y"], n_resamples=50, seed=1)
    assert (alike.value, alike.low, alike.high) == (4.0, 4.0, 4.0)


def test_the_same_ratings_give_the_same_interval_in_any_order() -> None:
    random = np.random.default_rng(3)
    values, image, person = random.integers(1, 6, 200), random.integers(0, 20, 200), random.integers(0, 15, 200)
    order = random.permutation(200)
    one = crossed_mean(values, image, person, n_resamples=400, seed=5)
    other = crossed_mean(values[order], image[order], person[order], n_resamples=400, seed=5)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@pytest.mark.parametrize(("by_image", "by_person"), [(0.8, 0.0), (0.0, 0.8), (0.6, 0.6)])
def test_intervals_hold_the_truth_whether_images_or_people_differ(by_image: float, by_person: float) -> None:
    """Where answers are taken for independent, the interval would hold it in well below 80 of 100."""
    random = np.random.default_rng(11)
    n_held, n_naive, n_runs = 0, 0, 120
    for run in range(n_runs):
        images, people = random.normal(0, by_image, 30), random.normal(0, by_person, 30)
        image, person = random.integers(0, 30, 600), random.integers(0, 30, 600)
        values = images[image] + people[person] + random.normal(0, 0.5, 600)
        found = crossed_mean(values, image, person, n_resamples=200, seed=run)
        assert found.low is not None
        assert found.high is not None
        n_held += found.low <= 0 <= found.high
        n_naive += abs(values.mean()) <= 1.96 * values.std() / 600**0.5
    assert 0.88 <= n_held / n_runs <= 1
    assert n_naive / n_runs < 0.6


def test_several_columns_are_as_each_alone() -> None:
    random = np.random.default_rng(6)
    table, image, person = random.random((90, 3)), random.integers(0, 9, 90), random.integers(0, 8, 90)
    together = crossed_means(table, image, person, n_resamples=100, seed=2)
    alone = [crossed_mean(column, image, person, n_resamples=100, seed=2) for column in table.T]
    for one, other in zip(together, alone, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert one.n == other.n == 8


def test_where_everybody_says_the_same_that_is_no_certainty() -> None:
    columns = indicator_columns(["a"] * 12, ("a", "b"))
    images, people = list(range(4)) * 3, ["x"] * 4 + ["y"] * 4 + ["z"] * 4
    everybody, nobody = crossed_shares(columns, images, people, n_resamples=50, seed=1)
    assert (everybody.value, everybody.high, nobody.value, nobody.low) == pytest.approx((1.0, 1.0, 0.0, 0.0))
    # three people: Wilson's interval of 3 of 3 and of 0 of 3
    assert everybody.low == pytest.approx(0.4385, abs=1e-4)
    assert nobody.high == pytest.approx(0.5615, abs=1e-4)
    [alone] = crossed_shares(columns[:4, :1], images[:4], people[:4], n_resamples=50, seed=1)
    assert (alone.value, alone.low) == (1.0, None)
    nothing = crossed_shares(indicator_columns([], ("a", "b")), [], [], n_resamples=50, seed=1)
    assert [one.value for one in nothing] == [None, None]
