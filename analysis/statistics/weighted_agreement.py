"""Agreement where some disagreements are worse than others: ordered grades, numbers, sets of labels.

Values come as counts per stimulus and value (`rating_counts` makes them from long arrays, `matrix_counts` from a table
of annotators by stimuli), so ten thousand ratings on a scale of five are a small table. Intervals resample stimuli, as
in `agreement.py`.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics import figures
from analysis.statistics.counts import LabelCounts, as_indexes, as_label_counts, count_labels
from analysis.statistics.distances import LEVELS, agreement_weights, as_numbers, ordinal_scores, squared_distances
from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, over_chunks, resampled_sums, row_keys

Numbers = NDArray[np.float64]


def rating_counts(stimulus_index: ArrayLike, values: ArrayLike, n_stimuli: int) -> tuple[LabelCounts, list[float]]:
    """Long ratings, one entry each, to counts per stimulus and distinct value: (n_stimuli, n_values), the values.

    Missing ratings (nan) are left out. Raises ValueError for ratings that are no finite numbers: grades that have names
    need their places, 0, 1, 2, ..., in the order of the scale.
    """
    stimuli = as_indexes("stimulus", stimulus_index)
    numbers = _numbers(values).reshape(-1)
    if len(stimuli) != len(numbers):
        raise ValueError(f"Each rating needs a stimulus; got {len(stimuli)} and {len(numbers)}. Nothing was counted.")
    known = ~np.isnan(numbers)
    if np.isinf(numbers).any():
        raise ValueError(f"Rating {np.flatnonzero(np.isinf(numbers))[0]} is not finite. Nothing was counted.")
    distinct, index = np.unique(numbers[known], return_inverse=True)
    if len(distinct) == 0:
        return np.zeros((n_stimuli, 1), dtype=np.int64), [0.0]
    return count_labels(stimuli[known], index.reshape(-1), n_stimuli, len(distinct)), distinct.tolist()


def matrix_counts(ratings: ArrayLike) -> tuple[LabelCounts, list[float]]:
    """A table of ratings, (n_annotators, n_stimuli) with nan where missing, to counts per stimulus and value."""
    table = _numbers(ratings)
    if table.ndim != 2:
        raise ValueError(f"A table of annotators by stimuli is needed; got shape {table.shape}. Nothing was counted.")
    return rating_counts(np.tile(np.arange(table.shape[1]), table.shape[0]), table.reshape(-1), table.shape[1])


def _numbers(values: ArrayLike) -> Numbers:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise ValueError(
            f"Ratings must be numbers ({problem}). Give grades that have names as their places, 0, 1, 2, ..., in the "
            "order of the scale. Nothing was counted."
        ) from problem


def set_counts(
    stimulus_index: ArrayLike, sets: Iterable[Iterable[Hashable] | None], n_stimuli: int
) -> tuple[LabelCounts, list[frozenset[Hashable]]]:
    """One set of labels per response, to counts per stimulus and distinct set; the sets come in a fixed order.

    An empty set is an answer, none of the labels; None is a missing one, left out. Raises ValueError for a text in the
    place of a set, which would be read letter by letter, and where the two differ in length.
    """
    stimuli, given = as_indexes("stimulus", stimulus_index), list(sets)
    if len(stimuli) != len(given):
        raise ValueError(f"Each set needs a stimulus; got {len(stimuli)} and {len(given)}. Nothing was counted.")
    for at, labels in enumerate(given):
        if labels is not None and (isinstance(labels, str | bytes) or not isinstance(labels, Iterable)):
            raise ValueError(f"Response {at} is {labels!r}, not a set of labels. Nothing was counted.")
    stimuli = stimuli[np.array([labels is not None for labels in given], dtype=bool)]
    chosen = [frozenset(labels) for labels in given if labels is not None]
    distinct = sorted(set(chosen), key=lambda labels: (len(labels), sorted(map(str, labels))))
    place = {labels: index for index, labels in enumerate(distinct)}
    counts = count_labels(stimuli, [place[labels] for labels in chosen], n_stimuli, max(len(distinct), 1))
    return counts, distinct or [frozenset()]


def krippendorff_alpha_of(
    counts: ArrayLike,
    values: Sequence[Any],
    level: str,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Krippendorff's alpha of any level: agreement beyond chance, near misses counting less.

    counts: ratings per stimulus and value, (n_stimuli, n_values); values: what the columns stand for, ascending (sets
        for 'sets', anything for 'nominal'). level: one of LEVELS.
    Stimuli with fewer than two ratings are left out. Not defined where there is none, or where all gave one value.
    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section D; sets: Passonneau (2006).
    Raises ValueError for an unknown level, values that do not suit it, or another number of keys than stimuli.
    """
    checked = as_label_counts(counts)
    if level not in LEVELS:
        raise ValueError(f"Unknown level '{level}'; there are {', '.join(LEVELS)}. Nothing was computed.")
    if len(values) != checked.shape[1]:
        raise ValueError(f"{checked.shape[1]} columns need as many values; got {len(values)}. Nothing was computed.")
    if keys is not None and len(keys) != len(checked):
        raise ValueError(f"{len(checked)} stimuli need as many keys; got {len(keys)}. Nothing was computed.")
    sizes = checked.sum(axis=1)
    rows = np.flatnonzero(sizes >= 2)
    if len(rows) == 0:
        return Estimate(None, None, None, 0, reason=figures.NO_PAIR)
    whole = checked if len(rows) == len(checked) else checked[rows]
    ratings = sizes[rows].astype(np.float64)
    names: Sequence[str] = []  # nobody asks for them without resamples
    if n_resamples or level == "ordinal":
        all_names = row_keys(len(checked)) if keys is None else keys
        names = [all_names[row] for row in rows.tolist()]
    if level == "ordinal":
        as_numbers(values)
        alphas = _ordinal_alphas(whole.astype(np.float64), ratings, names, n_resamples, seed)
    else:
        if level == "interval" and len(values) > 1:
            numbers = as_numbers(values)
            # alpha does not depend on the unit, and squares of very large numbers have no place in a float
            values = ((numbers - numbers[0]) / (numbers[-1] - numbers[0])).tolist()
        squares = squared_distances(level, values)
        apart = _apart(whole, ratings, None if level == "nominal" else squares) / (ratings - 1)
        if n_resamples:
            sums = resampled_sums(np.column_stack([apart, whole]), names, n_resamples, seed)
            observed, totals = sums[:, 0], sums[:, 1:]
        else:
            observed, totals = apart.sum(keepdims=True), whole.sum(axis=0, dtype=np.float64)[np.newaxis]
        alphas = _alphas(observed, totals, ((totals @ squares) * totals).sum(axis=1))
    return figures.Figures(alphas[:, np.newaxis], len(rows), figures.ONE_LABEL).estimates()[0]


def _apart(counts: LabelCounts, ratings: Numbers, squares: Numbers | None) -> Numbers:
    """The distances of all ordered pairs of a stimulus's ratings, summed; without `squares`, pairs that differ."""
    if squares is None:
        # a whole-number product per row: several times faster than the matrix of distances
        return np.asarray(ratings**2 - np.einsum("ij,ij->i", counts, counts), dtype=np.float64)
    table = counts.astype(np.float64)
    return np.asarray(np.einsum("ij,ij->i", table @ squares, table), dtype=np.float64)


def _alphas(observed: Numbers, totals: Numbers, apart: Numbers) -> Numbers:
    """1 - observed / expected disagreement. apart: sum over all pairs of values of total x total x distance."""
    expected = figures.ratio(apart, totals.sum(axis=1) - 1)
    return 1 - figures.ratio(observed, expected)


def _ordinal_alphas(table: Numbers, ratings: Numbers, names: Sequence[str], n_resamples: int, seed: int) -> Numbers:
    """The distances depend on the totals, so each resample has its own: first the totals, then the disagreement."""
    totals = resampled_sums(table, names, n_resamples, seed)
    scores = ordinal_scores(totals)

    def disagreement(rows: slice, weights: Numbers) -> Numbers:
        part, size = table[rows], ratings[rows, np.newaxis]
        # sum over pairs of ratings of (a - b)^2 = 2 (n sum of a^2 - (sum of a)^2)
        apart = 2 * (size * (part @ (scores**2).T) - (part @ scores.T) ** 2) / (size - 1)
        return np.asarray((weights * np.maximum(apart, 0)).sum(axis=0))

    observed = np.zeros(1 + n_resamples)
    for part in over_chunks(disagreement, names, n_resamples, seed):
        observed += part
    centre = scores - figures.ratio((totals * scores).sum(axis=1), totals.sum(axis=1))[:, np.newaxis]
    return _alphas(observed, totals, 2 * totals.sum(axis=1) * (totals * centre**2).sum(axis=1))


def gwet_ac2(
    counts: ArrayLike,
    values: Sequence[Any],
    weights: str = "quadratic",
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Gwet's AC2: agreement beyond chance with partial agreement; with weights 'identity' it is AC1.

    counts: (n_stimuli, n_values), all values offered as columns, also those nobody gave; values: ascending numbers (for
        'identity' and 'ordinal' only their order counts). weights: see `distances.agreement_weights`.
    Stimuli with one rating count for chance, those with two for agreement; n is the number of the latter.
    Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., sec. 4.4 and 5.4.
    """
    checked = as_label_counts(counts)
    n_values = checked.shape[1]
    if len(values) != n_values:
        raise ValueError(f"{n_values} columns need as many values; got {len(values)}. Nothing was computed.")
    sizes = checked.sum(axis=1)
    paired = sizes >= 2
    if not paired.any():
        return Estimate(None, None, None, 0, reason=figures.NO_PAIR)
    if n_values < 2:
        return Estimate(None, None, None, int(paired.sum()), reason=figures.ONE_LABEL_IN_SET)
    agree = agreement_weights(weights, values)
    table = checked.astype(np.float64)
    weighted = (table * (table @ agree - 1)).sum(axis=1)
    share = np.divide(weighted, sizes * (sizes - 1), out=np.zeros(len(sizes)), where=paired)
    shares = table / np.maximum(sizes, 1)[:, np.newaxis]
    rows = np.column_stack([paired, share, sizes > 0, shares]).astype(np.float64)
    totals = resampled_sums(rows, keys, n_resamples, seed)
    observed = figures.ratio(totals[:, 1], totals[:, 0])
    chosen = figures.ratio(totals[:, 3:], totals[:, 2:3])
    chance = agree.sum() / (n_values * (n_values - 1)) * (chosen * (1 - chosen)).sum(axis=1)
    values_of = figures.ratio(observed - chance, 1 - chance)
    return figures.Figures(values_of[:, np.newaxis], int(paired.sum()), figures.NO_PAIR).estimates()[0]
