"""A network beside people: the groups are what they say, and the numbers equal scipy's."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import spearmanr

from analysis.statistics.beside_people import beside_people

#            people, of six        network                what it is
ROWS = [
    ([6, 0, 0], [0.8, 0.1, 0.1]),  # 0 agree
    ([6, 0, 0], [0.1, 0.8, 0.1]),  # 1 surely wrong
    ([4, 2, 0], [0.3, 0.4, 0.3]),  # 2 wrong, but not sure: no alarm
    ([2, 2, 2], [0.4, 0.3, 0.3]),  # 3 split, and the network knows
    ([2, 2, 2], [0.9, 0.1, 0.0]),  # 4 split, and it is sure
    ([3, 3, 0], [0.0, 0.0, 1.0]),  # 5 two halves, and the network is sure of what nobody felt
    ([1, 1, 0], [0.0, 0.0, 1.0]),  # 6 too few responses
    ([3, 3, 0], [0.1, 0.9, 0.0]),  # 7 two halves, and the network says one of them
]
COUNTS, PREDICTED = (np.array([row[place] for row in ROWS], dtype=float) for place in (0, 1))


def test_each_image_stands_in_its_group() -> None:
    found = beside_people(COUNTS, PREDICTED, n_resamples=50, seed=1)
    assert found.surely_wrong == [5, 1]
    assert found.unsure == [2]
    assert found.split_and_known == [3]
    assert found.split_and_unknown == [4]
    assert found.agree == [0, 7]
    assert found.n_compared == 7


def test_divergence_and_correlation_equal_scipys() -> None:
    random = np.random.default_rng(2)
    counts = random.multinomial(6, [0.4, 0.3, 0.2, 0.1], size=80)
    predicted = random.dirichlet([1, 1, 1, 1], size=80)
    found = beside_people(counts, predicted, n_resamples=200, seed=1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    scipys = [jensenshannon(one, other) ** 2 for one, other in zip(shares, predicted, strict=True)]
    assert found.divergence_nats == pytest.approx(scipys, abs=1e-9)
    assert found.mean_divergence_nats.value == pytest.approx(np.mean(scipys), abs=1e-9)
    entropies = [-(rows * np.log(np.where(rows > 0, rows, 1))).sum(axis=1) for rows in (shares, predicted)]
    assert found.split_known.value == pytest.approx(spearmanr(*entropies).statistic, abs=1e-9)
    assert found.split_known.low is not None
    assert found.split_known.high is not None
    assert found.split_known.low < found.split_known.value < found.split_known.high


def test_edges() -> None:
    nothing = beside_people(np.zeros((0, 3)), np.zeros((0, 3)), n_resamples=10, seed=0)
    assert nothing.mean_divergence_nats.value is None
    assert nothing.n_compared == 0
    alone = beside_people(COUNTS[:1], PREDICTED[:1], n_resamples=10, seed=0)
    assert alone.agree == [0]
    assert alone.mean_divergence_nats.low is None
    assert alone.split_known.value is None
    with pytest.raises(ValueError, match="Nothing was computed"):
        beside_people(COUNTS, PREDICTED[:3], n_resamples=10, seed=0)
