"""The baseline that no network has to write: the text of the training image that looks most alike.

As ArtEmis' public code does (arXiv 2101.07396, 'nearest neighbour'): the visually nearest training image's text.
"""

import numpy as np
from numpy.typing import NDArray

from modelserve.pairs import PairRows

CELLS_AT_ONCE = 20_000_000


def nearest_texts(
    images: NDArray[np.float32], train_images: NDArray[np.float32], train: PairRows, *, seed: int = 0
) -> list[str]:
    """One text for each image: of its nearest training image, one at random.

    images (n, D), train_images (I, D): features of any encoder, compared by their cosine; train: the I images and
    their texts. Of equally near ones the first is taken. Raises ValueError where there is nothing to copy from.
    """
    if not len(train) or len(train_images) != len(train):
        raise ValueError(f"There are {len(train_images)} training images and {len(train)} rows of texts.")
    theirs = _of_length_one(train_images)
    random = np.random.default_rng(seed)
    found: list[str] = []
    at_once = max(1, CELLS_AT_ONCE // len(theirs))
    for start in range(0, len(images), at_once):
        nearest = (_of_length_one(images[start : start + at_once]) @ theirs.T).argmax(axis=1)
        for row in nearest.tolist():
            texts = train.texts_of(row)
            found.append(texts[int(random.integers(len(texts)))])
    return found


def _of_length_one(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = rows / np.maximum(lengths, 1e-12)
    return unit
