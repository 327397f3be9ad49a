"""Means of a measure for each source and emotion of a study, and for all of them together, in one reading."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.clustered_means import ClusteredMeans, Clusters, ClusterSums, means_of_clusters


@dataclass(frozen=True)
class CellMeans:
    """of_image: per source (S,), images being the clusters. of_both: per source and emotion (S * K,), the texts of an
    image under one emotion being a cluster. n_sources, width: S and K."""

    of_image: ClusterSums
    of_both: ClusterSums
    n_sources: int
    width: int

    def everything(self) -> ClusteredMeans:
        """One group."""
        return means_of_clusters(self.of_image.together(np.zeros(self.n_sources, np.int64), 1))

    def by_source(self) -> ClusteredMeans:
        """(S,) groups."""
        return means_of_clusters(self.of_image)

    def by_emotion(self) -> ClusteredMeans:
        """(K,) groups."""
        emotion = np.tile(np.arange(self.width), self.n_sources)
        return means_of_clusters(self.of_both.together(emotion, self.width))

    def by_both(self) -> ClusteredMeans:
        """(S * K,) groups."""
        return means_of_clusters(self.of_both)


class Cells:
    """Which texts belong to which image and emotion, worked out once for all measures."""

    def __init__(
        self,
        image: NDArray[np.int64],
        emotion: NDArray[np.int64],
        source_of_image: NDArray[np.int64],
        shape: tuple[int, int],
    ) -> None:
        """image, emotion: (n,) of each text. source_of_image: (I,). shape: sources and emotions."""
        self._n_sources, self._width = shape
        self._source_of_image = source_of_image
        code = image * self._width + emotion
        is_there = np.zeros(len(source_of_image) * self._width, bool)
        is_there[code] = True
        pairs = np.flatnonzero(is_there)
        self._pair = (np.cumsum(is_there) - 1)[code]
        self._image_of_pair = pairs // self._width
        self._cell_of_pair = source_of_image[self._image_of_pair] * self._width + pairs % self._width
        self._measured(np.ones(len(image), bool))

    def means(self, values: NDArray[np.float64]) -> CellMeans:
        """values: (n,) of each text; NaN = missing."""
        there = ~np.isnan(values)
        # most measures have a value for the same texts
        if not np.array_equal(there, self._there):
            self._measured(there)
        kept = values[there]
        # around the middle, so that squares of large numbers do not swallow small differences
        middle = float(kept.mean()) if len(kept) else 0.0
        total = np.bincount(self._pair_there, kept - middle, len(self._image_of_pair)).astype(np.float64)
        of_image = np.bincount(self._image_of_pair, total, len(self._source_of_image)).astype(np.float64)
        return CellMeans(
            self._images.sums(of_image, middle), self._pairs.sums(total, middle), self._n_sources, self._width
        )

    def _measured(self, there: NDArray[np.bool_]) -> None:
        """From here on, these texts have values."""
        self._there = there
        self._pair_there = self._pair[there]
        size = np.bincount(self._pair_there, minlength=len(self._image_of_pair)).astype(np.float64)
        of_image = np.bincount(self._image_of_pair, size, len(self._source_of_image)).astype(np.float64)
        self._pairs = Clusters(size, self._cell_of_pair, self._n_sources * self._width)
        self._images = Clusters(of_image, self._source_of_image, self._n_sources)
