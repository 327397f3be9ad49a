"""Shares of outcomes where several answers belong together: to one image, say."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import INTERVAL, Estimate

#: Fewer clusters say too little about how much clusters differ.
LEAST_CLUSTERS = 2
TOO_FEW = "fewer than two images were judged"


def clustered_means(values: ArrayLike, clusters: ArrayLike, *, n_resamples: int, seed: int) -> list[Estimate]:
    """The mean of each column of `values`, with a 95 % interval from resampling clusters.

    values: (n_answers, n_columns), such as 0 and 1 for an outcome; clusters: (n_answers,) any integers. Answers of one
        cluster stay together in each resample (drawn with replacement, as many clusters as there are), so it does not
        matter how alike they are. A mean of answers, not of clusters. n of each estimate: the number of clusters.
    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval); clusters as the
        unit after Davison and Hinkley (1997), Bootstrap Methods and their Application, sec. 3.8.
    """
    table: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    _, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    n_clusters = int(cluster.max()) + 1 if cluster.size else 0
    if not n_clusters:
        return [Estimate(None, None, None, 0, reason="nothing was judged")] * table.shape[1]
    sums = np.stack([np.bincount(cluster, column, minlength=n_clusters) for column in table.T], axis=1)
    sizes = np.bincount(cluster, minlength=n_clusters).astype(np.float64)
    means = sums.sum(axis=0) / sizes.sum()
    if n_clusters < LEAST_CLUSTERS:
        return [Estimate(float(mean), None, None, n_clusters, note=TOO_FEW) for mean in means]
    random = np.random.default_rng(seed)
    resampled = np.empty((n_resamples, table.shape[1]))
    for number in range(n_resamples):
        drawn = random.integers(0, n_clusters, n_clusters)
        resampled[number] = sums[drawn].sum(axis=0) / sizes[drawn].sum()
    tail = (1.0 - INTERVAL) / 2
    low, high = np.quantile(resampled, [tail, 1.0 - tail], axis=0)
    return [
        Estimate(float(mean), float(left), float(right), n_clusters)
        for mean, left, right in zip(means, low, high, strict=True)
    ]


def indicator_columns(outcomes: Sequence[str], names: Sequence[str]) -> NDArray[np.float64]:
    """(n_answers, n_names): 1 where the answer is the name, else 0."""
    return np.array([[float(outcome == name) for name in names] for outcome in outcomes]).reshape(-1, len(names))
