"""Means of texts or responses with intervals that know that those of one stimulus are not independent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit


@dataclass(frozen=True)
class ClusteredMeans:
    """Per group (G,): the mean, its 95 % interval, how many values and how many clusters it rests on.

    mean is NaN where the group holds no value, low and high where it has fewer than two clusters.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]
    n_clusters: NDArray[np.int64]


def clustered_means(
    values: NDArray[np.float64], cluster: NDArray[np.integer], group_of_cluster: NDArray[np.integer], n_groups: int
) -> ClusteredMeans:
    """The mean of each group's values, with its interval by the cluster-robust variance of a ratio.

    values: (n,); NaN = missing, left out. cluster: (n,) place in 0..C-1, within which values may depend on each other.
    group_of_cluster: (C,) the group of each cluster, 0..n_groups-1. With m values in cluster c summing to s, the
    residual is s - m * mean; their squares give the variance, times C / (C - 1); the interval is Student's, C - 1 df.
    Source: Cochran, Sampling Techniques (1977), sec. 9A: ratio to size of clusters drawn with equal probability.
    """
    n_of_clusters = len(group_of_cluster)
    there = ~np.isnan(values)
    kept, places = values[there], cluster[there]
    size = np.bincount(places, minlength=n_of_clusters).astype(np.float64)
    total = np.bincount(places, weights=kept, minlength=n_of_clusters)
    n = np.bincount(group_of_cluster, weights=size, minlength=n_groups)
    clusters = np.bincount(group_of_cluster[size > 0], minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group_of_cluster, weights=total, minlength=n_groups) / n
        residual = total - size * np.where(n > 0, mean, 0.0)[group_of_cluster]
        squares = np.bincount(group_of_cluster, weights=residual**2, minlength=n_groups)
        several = clusters > 1
        variance = np.where(several, squares / n**2 * clusters / (clusters - 1), np.nan)
        half = np.where(several, stdtrit(np.maximum(clusters - 1, 1), 0.975), np.nan) * np.sqrt(variance)
    return ClusteredMeans(mean, mean - half, mean + half, n.astype(np.int64), clusters.astype(np.int64))
