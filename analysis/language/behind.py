"""Which images stand behind a word: every number of the page leads to them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.language.distinct import distinct

MOST_IMAGES = 8


@dataclass(frozen=True)
class Behind:
    """Of items 0..M-1: how many images and how many people stand behind each, and the images with most mentions."""

    n_images: NDArray[np.int64]
    n_people: NDArray[np.int64]
    images: Sequence[list[int]]


def behind(item: NDArray[np.integer], image: NDArray[np.integer], person: NDArray[np.integer], n_items: int) -> Behind:
    """item, image, person: (m,) one row per mention. At most eight images each, those with most mentions first."""
    if not len(item):
        none = np.zeros(n_items, np.int64)
        return Behind(none, none, [[] for _ in range(n_items)])
    people = distinct(item.astype(np.int64) * (int(person.max()) + 1) + person)
    n_people = np.bincount(people // (int(person.max()) + 1), minlength=n_items)
    width = int(image.max()) + 1
    codes, mentions = np.unique(item.astype(np.int64) * width + image, return_counts=True)
    of_item = codes // width
    order = np.lexsort((codes, -mentions, of_item))
    of_item, codes = of_item[order], codes[order]
    starts = np.searchsorted(of_item, np.arange(n_items + 1))
    images = [
        (codes[start : min(end, start + MOST_IMAGES)] % width).tolist() for start, end in itertools.pairwise(starts)
    ]
    return Behind(np.diff(starts), n_people, images)
