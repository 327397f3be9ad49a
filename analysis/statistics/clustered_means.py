"""Means of texts or responses with intervals that know that those of one stimulus are not independent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ClusteredMeans:
    """Per group (G,): the mean, its 95 % interval, how many values and how many clusters it rests on.

    mean is NaN where the group holds no value, low and high where it has fewer than two clusters.
    """

    mean: Numbers
    low: Numbers
    high: Numbers
    n: NDArray[np.int64]
    n_clusters: NDArray[np.int64]


class Clusters:
    """How many values each cluster holds, and which group it is of; worked out once for many columns of values."""

    def __init__(self, size: Numbers, group_of_cluster: NDArray[np.integer], n_groups: int) -> None:
        """size: (C,) values of each cluster. group_of_cluster: (C,) 0..n_groups-1."""
        self._size = size
        self._group = group_of_cluster
        self._n_groups = n_groups
        self._of_sizes = [self._summed(column) for column in (size > 0, size, size**2)]

    def sums(self, total: Numbers, middle: float) -> "ClusterSums":
        """total: (C,) the sum of each cluster's values, after `middle` was taken from each."""
        of_totals = [self._summed(column) for column in (total, total**2, total * self._size)]
        return ClusterSums(np.stack([*self._of_sizes, *of_totals]), middle)

    def _summed(self, column: NDArray[np.generic]) -> Numbers:
        return np.asarray(np.bincount(self._group, weights=column, minlength=self._n_groups), np.float64)


@dataclass(frozen=True)
class ClusterSums:
    """What the means of groups of clusters and their intervals follow from; those of two parts of the data add up.

    sums: (6, G) per group: clusters that hold a value, and, summed over its clusters, m, m^2, s, s^2 and s m, a cluster
    having m values with a sum of s. middle: what was taken from every value before.
    """

    sums: Numbers
    middle: float

    def together(self, new_group: NDArray[np.integer], n_groups: int) -> "ClusterSums":
        """The same with groups put together. new_group: (G,) 0..n_groups-1."""
        sums = [np.bincount(new_group, weights=row, minlength=n_groups) for row in self.sums]
        return ClusterSums(np.stack(sums), self.middle)


def clustered_means(
    values: Numbers, cluster: NDArray[np.integer], group_of_cluster: NDArray[np.integer], n_groups: int
) -> ClusteredMeans:
    """The mean of each group's values, with its interval by the cluster-robust variance of a ratio.

    values: (n,); NaN = missing, left out. cluster: (n,) place in 0..C-1, within which values may depend on each other.
    group_of_cluster: (C,) the group of each cluster, 0..n_groups-1. With m values in cluster c summing to s, the
    residual is s - m * mean; their squares give the variance, times C / (C - 1); the interval is Student's, C - 1 df.
    Source: Cochran, Sampling Techniques (1977), sec. 9A: ratio to size of clusters drawn with equal probability.
    """
    there = ~np.isnan(values)
    kept, places = values[there], cluster[there]
    # around the middle, so that squares of large numbers do not swallow small differences
    middle = float(kept.mean()) if len(kept) else 0.0
    size = np.bincount(places, minlength=len(group_of_cluster)).astype(np.float64)
    total = np.bincount(places, weights=kept - middle, minlength=len(group_of_cluster)).astype(np.float64)
    return means_of_clusters(Clusters(size, group_of_cluster, n_groups).sums(total, middle))


def means_of_clusters(of_groups: ClusterSums) -> ClusteredMeans:
    """See `clustered_means`."""
    clusters, n, size_squared, total, total_squared, together = of_groups.sums
    from scipy.special import stdtrit  # here: SciPy is slow to load, and few need it

    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        known = np.where(n > 0, mean, 0.0)
        # the sum of (s - m mean)^2, which rounding may put just below 0
        squares = np.maximum(total_squared - 2 * known * together + known**2 * size_squared, 0.0)
        several = clusters > 1
        variance = np.where(several, squares / n**2 * clusters / (clusters - 1), np.nan)
        half = np.where(several, stdtrit(np.maximum(clusters - 1, 1), 0.975), np.nan) * np.sqrt(variance)
    mean = mean + of_groups.middle
    return ClusteredMeans(mean, mean - half, mean + half, n.astype(np.int64), clusters.astype(np.int64))
