"""The map of labels: which of them meet on the same stimuli more often than their frequency lets expect.

Two responses to one stimulus that chose different labels are one meeting of these labels. Which labels meet is compared
with quasi-independence: what the meetings would be if, whenever two people differ, each label met the others in
proportion to how often it meets anything at all. Agreement itself, which is far above chance, thus says nothing here:
a ratio above 1 means that two labels blend, below 1 that they keep apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import as_label_counts
from analysis.statistics.estimate import Estimate
from analysis.statistics.figures import NO_PAIR, Figures, ratio
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, over_chunks, row_keys

Numbers = NDArray[np.float64]

#: With fewer labels the meetings follow from how often each label meets anything: there is nothing to compare.
LEAST_LABELS = 4
TOO_FEW_LABELS = "needs at least four labels"
NEVER_MET = "no two responses to one stimulus differ by these labels, nor are expected to"
_STEPS = 2_000
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class LabelPair:
    """Two labels (indices, first < second). n_stimuli: on how many both were chosen.

    met: meetings, each stimulus weighing as many as it has responses (the coincidences of Krippendorff's alpha).
    expected: under quasi-independence; None where it is not defined. blend: met / expected with its interval.
    """

    first: int
    second: int
    n_stimuli: int
    met: float
    expected: float | None
    blend: Estimate


def label_pairs(
    counts: ArrayLike, *, keys: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES, seed: int = DEFAULT_SEED
) -> list[LabelPair]:
    """Every pair of labels, in their order.

    counts: responses per stimulus and label, (n_stimuli, n_labels). Stimuli with one response tell nothing of meetings.
    Interval: 95 % of resamples of the stimuli, as everywhere (`resampling.interval_of`).
    Source: coincidences: Krippendorff (2011); quasi-independence: Goodman (1968), The Analysis of Cross-Classified
        Data, for the symmetric table without its diagonal.
    """
    checked = as_label_counts(counts)
    n_labels = checked.shape[1]
    pairs = list(combinations(range(n_labels), 2))
    if not pairs:
        return []
    sizes = checked.sum(axis=1)
    is_paired = sizes >= 2
    paired = checked[is_paired].astype(np.float64)
    names = None if keys is None else [key for key, kept in zip(keys, is_paired.tolist(), strict=True) if kept]
    left, right = np.array(pairs).T
    chosen = (paired > 0).astype(np.float64)
    n_stimuli = (chosen.T @ chosen)[left, right]

    others = sizes[is_paired][:, np.newaxis] - 1

    def meetings(rows: slice, weights: Numbers) -> Numbers:
        """Of some stimuli, summed: all of them at once would not fit into memory where labels are many."""
        found: Numbers = weights.T @ (2 * (paired[rows][:, left] * paired[rows][:, right]) / others[rows])
        return found

    met = np.zeros((1 + n_resamples, len(pairs)))
    for part in over_chunks(meetings, row_keys(len(paired)) if names is None else names, n_resamples, seed):
        met += part
    if n_labels < LEAST_LABELS:
        reason = TOO_FEW_LABELS
        expected = np.full_like(met, np.nan)
    else:
        reason = NEVER_MET if len(paired) else NO_PAIR
        expected = _quasi_independent(met, pairs, n_labels)
    blends = Figures(ratio(met, expected), len(paired), reason).estimates()
    return [
        LabelPair(
            first,
            second,
            int(n_stimuli[place]),
            float(met[0, place]),
            None if np.isnan(expected[0, place]) else float(expected[0, place]),
            blends[place],
        )
        for place, (first, second) in enumerate(pairs)
    ]


def _quasi_independent(met: Numbers, pairs: Sequence[tuple[int, int]], n_labels: int) -> Numbers:
    """The expected meetings with the same sum for each label, (rows, n_pairs); nan for labels that meet nothing."""
    left, right = np.array(pairs).T
    margins = np.zeros((len(met), n_labels))
    for place, (first, second) in enumerate(pairs):
        margins[:, first] += met[:, place]
        margins[:, second] += met[:, place]
    weights = np.sqrt(margins)
    for _ in range(_STEPS):
        others = weights.sum(axis=1, keepdims=True) - weights
        wanted = ratio(margins, others)
        fresh = np.sqrt(weights * np.where(np.isnan(wanted), 0, wanted))  # half a step: a whole one swings
        moved = np.abs(fresh - weights).max(initial=0)
        weights = fresh
        if moved <= _TOLERANCE * max(1.0, float(weights.max(initial=0))):
            break
    expected = weights[:, left] * weights[:, right]
    return np.where(expected > 0, expected, np.nan)


@dataclass(frozen=True)
class LabelMap:
    """Where each label stands, (n_labels, 2) in -1 to 1; stress: Kruskal's, 0 = every distance is as wanted."""

    places: list[tuple[float, float]]
    stress: float | None


def label_map(pairs: Sequence[LabelPair], n_labels: int, polarities: Sequence[str] | None = None) -> LabelMap:
    """Labels that blend lie near each other; the same numbers give the same map.

    Wanted distance of two labels: 1 / (1 + blend), where both met and expected count half a meeting more, so that rare
    labels stand at a middle distance. Positive labels lie to the right of the negative ones; up and down mean nothing.
    Without enough labels or meetings they stand on a circle, in their order, and stress is None.
    Source: classical scaling (Torgerson 1952), then majorisation of the stress (de Leeuw 1977); Kruskal (1964).
    """
    known = [pair for pair in pairs if pair.expected is not None]
    if n_labels < LEAST_LABELS or not known:
        angles = 2 * np.pi * np.arange(n_labels) / max(n_labels, 1)
        return LabelMap([(float(np.cos(angle)), float(np.sin(angle))) for angle in angles], None)
    wanted = np.full((n_labels, n_labels), 0.5)
    np.fill_diagonal(wanted, 0)
    for pair in known:
        blend = (pair.met + 0.5) / ((pair.expected or 0) + 0.5)
        wanted[pair.first, pair.second] = wanted[pair.second, pair.first] = 1 / (1 + blend)
    places = _majorised(wanted, _classical(wanted))
    stress = _stress(wanted, places)
    places = _turned(places, polarities)
    places = places / max(float(np.abs(places).max()), 1e-12)
    return LabelMap([(round(float(x), 6), round(float(y), 6)) for x, y in places], round(stress, 6))


def _classical(wanted: Numbers) -> Numbers:
    n = len(wanted)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centre @ wanted**2 @ centre)
    largest = np.argsort(values)[::-1][:2]
    found: Numbers = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 1e-9))
    return found


def _majorised(wanted: Numbers, places: Numbers) -> Numbers:
    n = len(wanted)
    for _ in range(500):
        apart = _distances(places)
        pull = -ratio(wanted, apart)
        pull = np.where(np.isnan(pull), 0, pull)
        np.fill_diagonal(pull, 0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        fresh = pull @ places / n
        if np.abs(fresh - places).max() < 1e-9:
            return np.asarray(fresh)
        places = fresh
    return places


def _distances(places: Numbers) -> Numbers:
    apart: Numbers = np.sqrt(((places[:, np.newaxis] - places[np.newaxis]) ** 2).sum(axis=2))
    return apart


def _stress(wanted: Numbers, places: Numbers) -> float:
    upper = np.triu_indices(len(wanted), 1)
    apart = _distances(places)[upper]
    return float(np.sqrt(((wanted[upper] - apart) ** 2).sum() / (apart**2).sum()))


def _turned(places: Numbers, polarities: Sequence[str] | None) -> Numbers:
    """Turned and mirrored to one way of standing, whatever way the eigenvectors came."""
    places = places - places.mean(axis=0)
    axis = places[0]
    if polarities is not None and {"positive", "negative"} <= set(polarities):
        is_positive = np.array([polarity == "positive" for polarity in polarities])
        is_negative = np.array([polarity == "negative" for polarity in polarities])
        axis = places[is_positive].mean(axis=0) - places[is_negative].mean(axis=0)
    length = float(np.hypot(*axis))
    if length > 1e-9:
        cosine, sine = axis / length
        places = places @ np.array([[cosine, -sine], [sine, cosine]])
    above = np.flatnonzero(np.abs(places[:, 1]) > 1e-6)
    if len(above) and places[above[0], 1] < 0:
        places = places * np.array([1.0, -1.0])
    return places
