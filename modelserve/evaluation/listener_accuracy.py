"""Source: Affection (arXiv 2210.01946), the reference game of its neural listeners; mean over 5 seeds, as there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean

DISTRACTORS = 10
SEEDS = (0, 1, 2, 3, 4)
CELLS_AT_ONCE = 10_000_000  # numbers of images beside each other, 8 bytes each


def listener_hits(
    texts: Array, images: Array, image_of_text: NDArray[np.int64], *, k: int = DISTRACTORS, seeds: Sequence[int] = SEEDS
) -> Array:
    """(N,) how often each text is nearer to its own image than to each of k others drawn at random, mean over seeds.

    texts (N, D), images (I, D): points, the greater their product the nearer; image_of_text (N,). A tie with m
    distractors counts 1 / (m + 1): a listener that cannot tell must guess. Raises ValueError where I <= k.
    """
    n_images = len(images)
    if n_images <= k:
        raise ValueError(f"{k} distractors need at least {k + 1} images; there are {n_images}.")
    hits = np.zeros(len(texts))
    at_once = max(1, CELLS_AT_ONCE // ((k + 1) * max(images.shape[1], 1)))
    for seed in seeds:
        generator = np.random.default_rng(seed)
        # k different images out of the others: the first k of a random order, the own image moved out of the way
        others = np.stack([generator.choice(n_images - 1, size=k, replace=False) for _ in range(len(texts))])
        others += others >= image_of_text[:, None]  # (N, k)
        shown = np.concatenate([image_of_text[:, None], others], axis=1)  # (N, 1 + k), its own image first
        for start in range(0, len(texts), at_once):
            rows = slice(start, start + at_once)
            # All in one product: equal images come out equally near, to the last bit.
            near = np.einsum("nd,nkd->nk", texts[rows], images[shown[rows]])
            own, theirs = near[:, :1], near[:, 1:]
            hits[rows] += np.where((theirs > own).any(axis=1), 0.0, 1.0 / ((theirs == own).sum(axis=1) + 1))
    return hits / len(seeds)


def listener_accuracy(
    texts: Array,
    images: Array,
    image_of_text: NDArray[np.int64],
    resampling: Resampling,
    *,
    k: int = DISTRACTORS,
    seeds: Sequence[int] = SEEDS,
) -> Estimate:
    """Share (0 to 1) of texts whose image is found among k distractors; chance is 1 / (k + 1).

    No value where there are no more than k images, since then the game cannot be played.
    """
    if len(images) <= k or not len(texts):
        return Estimate(None, None, None, 0)
    return estimate(weighted_mean(listener_hits(texts, images, image_of_text, k=k, seeds=seeds)), resampling)
