"""Means of ratings, and shares of outcomes, of which several are of one stimulus and several by one person."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import interval_of, resample_weights, stimulus_streams
from analysis.statistics.wilson import wilson_interval

#: Ratings weighed at once: 16 MB with 1000 resamples.
CHUNK = 2048
NOTHING = "nothing was rated"
TOO_FEW = "one image, or one person, tells nothing about how much they differ"
OF_ONE_MIND = (
    "everybody said the same: the interval is that of as many independent answers as there are images or people"
)


def crossed_mean(values: ArrayLike, stimuli: ArrayLike, people: ArrayLike, *, n_resamples: int, seed: int) -> Estimate:
    """`crossed_means` of one column: values (n,)."""
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    return crossed_means(column, stimuli, people, n_resamples=n_resamples, seed=seed)[0]


def crossed_means(
    values: ArrayLike, stimuli: ArrayLike, people: ArrayLike, *, n_resamples: int, seed: int
) -> list[Estimate]:
    """The plain mean of each column, with a 95 % interval from resampling stimuli and people, each for itself.

    values: (n, k) numbers; stimuli, people: (n,) keys, of any type that can be a text. A rating counts in a resample as
    often as its stimulus was drawn times as often as its person was. That is never too narrow on average where ratings
    differ by stimulus, by person, or by both; where they differ by neither it is somewhat too wide. n of an estimate:
    the smaller of the numbers of stimuli and of people. Without ratings, the reason; with one stimulus or one person
    no interval.
    Raises ValueError for a rating that is missing.
    Source: Owen (2007), The Pigeonhole Bootstrap, Annals of Applied Statistics 1(2); weights as in resampling.py.
    """
    numbers: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("A rating is missing or no finite number. Nothing was computed.")
    if not len(numbers):
        return [Estimate(None, None, None, 0, reason=NOTHING)] * numbers.shape[1]
    images, image = np.unique(np.asarray(stimuli).astype(str), return_inverse=True)
    persons, person = np.unique(np.asarray(people).astype(str), return_inverse=True)
    means, n = numbers.mean(axis=0), min(len(images), len(persons))
    if n < 2:
        return [Estimate(float(mean), None, None, n, note=TOO_FEW) for mean in means]
    # different beginnings, or a stimulus and a person of one name would be drawn alike
    weight_of_image = resample_weights(stimulus_streams([f"stimulus/{key}" for key in images], seed), n_resamples)
    weight_of_person = resample_weights(stimulus_streams([f"person/{key}" for key in persons], seed), n_resamples)
    sums, sizes = np.zeros((numbers.shape[1], n_resamples)), np.zeros(n_resamples)
    for start in range(0, len(numbers), CHUNK):
        rows = slice(start, start + CHUNK)
        weights = weight_of_image[image[rows]].astype(np.float64) * weight_of_person[person[rows]]
        sums += numbers[rows].T @ weights
        sizes += weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = sums / sizes
    found = []
    for mean, of_column in zip(means, resampled, strict=True):
        low, high = interval_of(float(mean), of_column, n) or (None, None)
        found.append(Estimate(float(mean), low, high, n))
    return found


def crossed_shares(
    chosen: ArrayLike, stimuli: ArrayLike, people: ArrayLike, *, n_resamples: int, seed: int
) -> list[Estimate]:
    """`crossed_means` of columns of 0 and 1, such as those of `indicator_columns`: shares, 0 to 1.

    Where nobody chose an outcome, or everybody did, no resample differs from the data; that is no certainty. The
    interval then is Wilson's for as many independent answers as n, the fewest that there can be.
    """
    shares = crossed_means(chosen, stimuli, people, n_resamples=n_resamples, seed=seed)
    return [_not_certain(share) if share.value in (0.0, 1.0) and share.n > 1 else share for share in shares]


def _not_certain(share: Estimate) -> Estimate:
    low, high = wilson_interval(share.n if share.value else 0, share.n) or (None, None)
    return replace(share, low=low, high=high, note=OF_ONE_MIND)


def indicator_columns(outcomes: Sequence[str], names: Sequence[str]) -> NDArray[np.float64]:
    """(n_answers, n_names): 1 where the answer is the name, else 0."""
    found = [[float(outcome == name) for name in names] for outcome in outcomes]
    return np.array(found, dtype=np.float64).reshape(len(outcomes), len(names))
