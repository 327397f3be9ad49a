"""How alike explanations are: within and between emotions, of one image and of different ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

LARGEST_GROUP = 500
FEWEST_PER_GROUP = 100


@dataclass(frozen=True)
class Similarity:
    """Mean cosine of pairs of texts by different people, with 95 % intervals (None below two groups of images).

    table: (K, K) of texts on different images, by their emotions; NaN where no pair is. names of figures:
    same_image, same_image_same_emotion, same_image_other_emotion, other_image_same_emotion, other_image_other_emotion;
    each (value, low, high, pairs); value None without a pair.
    """

    table: NDArray[np.float64]
    figures: dict[str, tuple[float | None, float | None, float | None, int]]
    n_texts: int
    n_groups: int


def tf_idf(ids: NDArray[np.integer], offsets: NDArray[np.integer], n_words: int) -> "sparse.csr_array":
    """(n, V) one row of length 1 per text (0 for an empty one): counts times log((1 + n) / (1 + texts with it)) + 1.

    Source: Salton and Buckley (1988), with the smoothing that scikit-learn's TfidfVectorizer has by default.
    """
    from scipy import sparse  # here: SciPy is slow to load, and few need it

    n = len(offsets) - 1
    table = sparse.csr_array((np.ones(len(ids)), ids.astype(np.int64), offsets.astype(np.int64)), shape=(n, n_words))
    table.sum_duplicates()
    in_texts = np.bincount(table.indices, minlength=n_words)
    weight = np.log((1 + n) / (1 + in_texts)) + 1
    table.data *= weight[table.indices]
    norm = np.sqrt(np.bincount(np.repeat(np.arange(n), np.diff(table.indptr)), weights=table.data**2, minlength=n))
    table.data /= np.repeat(np.where(norm > 0, norm, 1.0), np.diff(table.indptr))
    return table


def groups_of_images(image: NDArray[np.integer], seed: int) -> tuple[NDArray[np.int64], int]:
    """(n,) a random group for each text, by its image, and how many groups; texts of an image stay together."""
    images, place = np.unique(image, return_inverse=True)
    n_groups = max(1, len(image) // FEWEST_PER_GROUP)
    n_groups = min(n_groups, max(1, len(images) // 2), max(20, -(-len(image) // LARGEST_GROUP)))
    shuffled = np.random.default_rng(seed).permutation(len(images)) % n_groups
    return shuffled[place.reshape(-1)], n_groups


def similarity(
    vectors: "sparse.csr_array | NDArray[np.floating]",
    emotion: NDArray[np.integer],
    image: NDArray[np.integer],
    person: NDArray[np.integer],
    n_emotions: int,
    *,
    seed: int,
) -> Similarity:
    """vectors: (n, d) of length 1 or 0; texts of length 0 are left out. emotion: (n,) 0..K-1. image, person: (n,).

    Images fall into random groups; pairs are taken within a group, each group gives one value, and the mean and
    Student's interval over the groups are reported. Pairs of one person's texts are left out: they share her style.
    Source: random groups, Wolter, Introduction to Variance Estimation (2007), sec. 2.2.
    """
    from scipy import sparse  # here: SciPy is slow to load, and few need it

    group, n_groups = groups_of_images(image, seed) if len(image) else (np.zeros(0, np.int64), 1)
    sums = np.zeros((n_groups, 2, n_emotions, n_emotions))
    counts = np.zeros_like(sums)
    for number in range(n_groups):
        rows = np.flatnonzero(group == number)
        chosen = vectors[rows]
        product: Any = chosen @ chosen.T
        cosine = np.asarray(product.todense() if sparse.issparse(product) else product)
        there = np.diag(cosine) > 0.5
        rows, cosine = rows[there], cosine[np.ix_(there, there)].astype(np.float64)
        other_person = person[rows][:, None] != person[rows][None, :]
        same_image = image[rows][:, None] == image[rows][None, :]
        chose = np.eye(n_emotions)[emotion[rows]]  # (r, K)
        for place, wanted in enumerate((same_image & other_person, ~same_image & other_person)):
            sums[number, place] = chose.T @ np.where(wanted, cosine, 0.0) @ chose
            counts[number, place] = chose.T @ wanted.astype(np.float64) @ chose
    same = np.eye(n_emotions, dtype=bool)
    everywhere = np.ones_like(same)
    kinds = {
        "same_image": (0, everywhere),
        "same_image_same_emotion": (0, same),
        "same_image_other_emotion": (0, ~same),
        "other_image": (1, everywhere),
        "other_image_same_emotion": (1, same),
        "other_image_other_emotion": (1, ~same),
    }
    figures = {
        name: _over_groups(sums[:, place][:, cells].sum(axis=1), counts[:, place][:, cells].sum(axis=1))
        for name, (place, cells) in kinds.items()
    }
    n_pairs = counts[:, 1].sum(axis=0)
    with np.errstate(invalid="ignore"):
        table = np.where(n_pairs > 0, sums[:, 1].sum(axis=0) / np.maximum(n_pairs, 1), np.nan)
    return Similarity(table, figures, len(image), n_groups)


def _over_groups(
    sums: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[float | None, float | None, float | None, int]:
    n_pairs = int(counts.sum() / 2)
    there = counts > 0
    if not there.any():
        return None, None, None, 0
    values = sums[there] / counts[there]
    mean = float(values.mean())
    if len(values) < 2:
        return mean, None, None, n_pairs
    from scipy.special import stdtrit  # here: SciPy is slow to load, and few need it

    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half, n_pairs


def sample_of_images(n_texts: Sequence[int], order: NDArray[np.integer], most_texts: int) -> NDArray[np.int64]:
    """Which images to take, in `order`, until they hold `most_texts` texts; images with one text are passed over."""
    sizes = np.asarray(n_texts)[order]
    usable = order[sizes > 1]
    taken: NDArray[np.int64] = usable[np.cumsum(np.asarray(n_texts)[usable]) <= most_texts].astype(np.int64)
    return taken
