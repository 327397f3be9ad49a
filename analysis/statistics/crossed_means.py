"""The mean of ratings of which several are of one stimulus and several by one person, with its interval."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import interval_of, resample_weights, stimulus_streams

#: Ratings weighed at once: 16 MB with 1000 resamples.
CHUNK = 2048
NOTHING = "nothing was rated"
TOO_FEW = "one image, or one person, tells nothing about how much they differ"


def crossed_mean(values: ArrayLike, stimuli: ArrayLike, people: ArrayLike, *, n_resamples: int, seed: int) -> Estimate:
    """The plain mean of `values`, with a 95 % interval from resampling stimuli and people, each for itself.

    values: (n,) numbers; stimuli, people: (n,) keys, of any type that can be a text. A rating counts in a resample as
    often as its stimulus was drawn times as often as its person was. That is never too narrow on average where ratings
    differ by stimulus, by person, or by both; where they differ by neither it is somewhat too wide. n of the estimate:
    the smaller of the numbers of stimuli and of people. Without ratings, the reason; with one stimulus or one person
    no interval.
    Source: Owen (2007), The Pigeonhole Bootstrap, Annals of Applied Statistics 1(2); weights as in resampling.py.
    """
    numbers: NDArray[np.float64] = np.asarray(values, dtype=np.float64).reshape(-1)
    if not len(numbers):
        return Estimate(None, None, None, 0, reason=NOTHING)
    images, image = np.unique(np.asarray(stimuli).astype(str), return_inverse=True)
    persons, person = np.unique(np.asarray(people).astype(str), return_inverse=True)
    mean, n = float(numbers.mean()), min(len(images), len(persons))
    if n < 2:
        return Estimate(mean, None, None, n, note=TOO_FEW)
    # different beginnings, or a stimulus and a person of one name would be drawn alike
    weight_of_image = resample_weights(stimulus_streams([f"stimulus/{key}" for key in images], seed), n_resamples)
    weight_of_person = resample_weights(stimulus_streams([f"person/{key}" for key in persons], seed), n_resamples)
    sums, sizes = np.zeros(n_resamples), np.zeros(n_resamples)
    for start in range(0, len(numbers), CHUNK):
        rows = slice(start, start + CHUNK)
        weights = weight_of_image[image[rows]].astype(np.float64) * weight_of_person[person[rows]]
        sums += numbers[rows] @ weights
        sizes += weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = sums / sizes
    low, high = interval_of(mean, resampled, n) or (None, None)
    return Estimate(mean, low, high, n)
