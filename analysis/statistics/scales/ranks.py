"""Kendall's W: how far several people order the same things alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, interval_of, resample_weights, stimulus_streams

NO_ORDER = "needs at least two people who ranked the same two or more things and did not leave all of them tied"


def kendall_w(
    scores: ArrayLike, *, keys: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES, seed: int = DEFAULT_SEED
) -> Estimate:
    """Concordance of rankings with ties: 1 = all rank alike, 0 = no common order.

    scores: (n_people, n_things), ranks or any scores to be ranked; equal scores are ties and get the mean of their
        ranks. People with a missing score (nan) are left out; n is the number of the others.
    Here people are resampled, for the things ranked are given; keys: one per person. W is 1 / n_people, which it is on
    average without any common order, plus what pairs of people have in common; in a resample only pairs of different
    people count, since two copies of one agree fully, however little people do. An interval from fewer than some 10
    people is a rough one.
    Source: Kendall and Gibbons (1990), Rank Correlation Methods, 5th ed., sec. 6.10 (ties).
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"A table of people by things is needed; got shape {table.shape}. Nothing was computed.")
    whole: NDArray[np.bool_] = np.logical_not(np.isnan(table).any(axis=1))
    names = [str(row) for row in range(len(table))] if keys is None else list(keys)
    names = [name for name, kept in zip(names, whole.tolist(), strict=True) if kept]
    table = table[whole]
    n_people, n_things = table.shape
    if n_people < 2 or n_things < 2:
        return Estimate(None, None, None, n_people, reason=NO_ORDER)
    ranks, ties = mean_ranks(table)
    weights = np.ones((1 + n_resamples, n_people))
    weights[1:] = resample_weights(stimulus_streams(names, seed), n_resamples).T
    people = weights.sum(axis=1)
    centred = ranks - (n_things + 1) / 2
    own = (n_things**3 - n_things - ties) / 12  # each person's sum of squares, less for ties
    spread = ((weights @ centred) ** 2).sum(axis=1)
    n_pairs = people**2 - (weights**2).sum(axis=1)
    mean_own = weights @ own / np.maximum(people, 1)
    in_common = np.divide(
        spread - weights**2 @ own, n_pairs * mean_own, out=np.full(len(people), np.nan), where=n_pairs * mean_own > 0
    )
    if np.isnan(in_common[0]):
        return Estimate(None, None, None, n_people, reason=NO_ORDER)
    values = np.clip((1 + (n_people - 1) * in_common) / n_people, 0, 1)
    value = float(values[0])
    interval = interval_of(value, values[1:], n_people)
    low, high = (None, None) if interval is None else interval
    return Estimate(value, low, high, n_people, note="people resampled")


def mean_ranks(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ranks from 1 within each row, ties sharing their mean, and each row's sum of t^3 - t over its ties.

    table: (n_people, n_things). Returns (n_people, n_things), (n_people,).
    """
    less = (table[:, np.newaxis, :] < table[:, :, np.newaxis]).sum(axis=2)
    same = (table[:, np.newaxis, :] == table[:, :, np.newaxis]).sum(axis=2)
    ties = (same.astype(np.float64) ** 2 - 1).sum(axis=1)  # t things tied at t each: t (t^2 - 1) = t^3 - t
    return less + (same + 1) / 2, ties
