"""Cohen's kappa of each pair of annotators who have enough stimuli in common.

Few pairs among thousands of annotators meet at all, and fewer often enough, so pairs are found stimulus by stimulus
and no table of everyone by everyone is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import as_indexes
from analysis.statistics.estimate import Estimate

#: Fewer stimuli in common say next to nothing of a pair.
LEAST_SHARED = 20
#: Pairs of responses looked at together: bounds the memory.
CHUNK_PAIRS = 2_000_000
Z = 1.959963984540054
NO_SPREAD = "both always chose the same one label, so agreement beyond chance is not defined"

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class AnnotatorPairs:
    """One entry per pair in each array, first < second, ascending.

    first, second: annotator indexes. n_shared: stimuli that both responded to. agreement: share of these on which they
    chose the same label. kappa, low, high: Cohen's kappa with its 95 % interval; nan where it is not defined.
    """

    first: Integers
    second: Integers
    n_shared: Integers
    agreement: NDArray[np.float64]
    kappa: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def estimate(self, pair: int) -> Estimate:
        """The kappa of one pair; n is the number of stimuli they share."""
        n_shared = int(self.n_shared[pair])
        if np.isnan(self.kappa[pair]):
            return Estimate(None, None, None, n_shared, reason=NO_SPREAD)
        return Estimate(float(self.kappa[pair]), float(self.low[pair]), float(self.high[pair]), n_shared)


def cohen_kappas(
    annotator_index: ArrayLike,
    stimulus_index: ArrayLike,
    label_index: ArrayLike,
    n_labels: int,
    *,
    least_shared: int = LEAST_SHARED,
) -> AnnotatorPairs:
    """Cohen's kappa for all pairs of annotators with at least `least_shared` stimuli in common.

    One entry per response in each array, one response per annotator and stimulus. The interval is that of the large
    sample formula (normal), cut to -1 to 1; with fewer than some 30 shared stimuli it is a rough one.
    Source: Cohen (1960), A Coefficient of Agreement for Nominal Scales; interval: Fleiss, Cohen and Everitt (1969),
        Large sample standard errors of kappa and weighted kappa, eq. 13.
    Raises ValueError if the arrays differ in length, least_shared is below 2, an index is out of range, or somebody
        responded twice to a stimulus.
    """
    annotators, stimuli, labels = (
        as_indexes(what, values)
        for what, values in (("annotator", annotator_index), ("stimulus", stimulus_index), ("label", label_index))
    )
    if not len(annotators) == len(stimuli) == len(labels) or least_shared < 2:
        raise ValueError(
            "Each response needs an annotator, a stimulus and a label, and a pair at least two stimuli; got "
            f"{len(annotators)}, {len(stimuli)}, {len(labels)} and {least_shared}. Nothing was computed."
        )
    if len(labels) and (min(annotators.min(), stimuli.min(), labels.min()) < 0 or labels.max() >= n_labels):
        raise ValueError(f"Indexes are from 0 up, those of labels to {n_labels - 1}. Nothing was computed.")
    # whoever responded to few stimuli shares few with anybody
    _, index, per_annotator = np.unique(annotators, return_inverse=True, return_counts=True)
    busy = per_annotator[index.reshape(-1)] >= least_shared
    order = np.lexsort((annotators[busy], stimuli[busy]))
    annotators, stimuli, labels = (array[busy][order] for array in (annotators, stimuli, labels))
    twice = np.flatnonzero((np.diff(annotators) == 0) & (np.diff(stimuli) == 0))
    if len(twice):
        raise ValueError(
            f"Annotator {annotators[twice[0]]} responded more than once to stimulus {stimuli[twice[0]]}; keep one "
            "response of each. Nothing was computed."
        )
    width = int(annotators.max(initial=-1)) + 1
    pairs, n_shared = _frequent_pairs(annotators, stimuli, width, least_shared)
    tables = np.zeros((len(pairs), n_labels * n_labels), dtype=np.int64)
    for left, right in _pairs_of_responses(stimuli):
        key = annotators[left] * width + annotators[right]
        place = np.minimum(np.searchsorted(pairs, key), max(len(pairs) - 1, 0))
        kept = pairs[place] == key if len(pairs) else np.zeros(len(key), dtype=bool)
        np.add.at(tables, (place[kept], labels[left][kept] * n_labels + labels[right][kept]), 1)
    agreement, kappa, error = _kappas(tables.reshape(-1, n_labels, n_labels))
    return AnnotatorPairs(
        first=pairs // max(width, 1),
        second=pairs % max(width, 1),
        n_shared=n_shared,
        agreement=agreement,
        kappa=kappa,
        low=np.maximum(kappa - Z * error, -1),
        high=np.minimum(kappa + Z * error, 1),
    )


def _pairs_of_responses(stimuli: Integers) -> Iterator[tuple[Integers, Integers]]:
    """All pairs of responses to the same stimulus, as positions, in chunks; `stimuli` is sorted.

    Two responses that lie d apart and have the same stimulus are a pair; d runs up to the most responses to one.
    """
    lefts: list[Integers] = []
    rights: list[Integers] = []
    held = 0
    distance = 1
    while distance < len(stimuli):
        left = np.flatnonzero(stimuli[:-distance] == stimuli[distance:])
        if len(left) == 0:
            break
        lefts.append(left)
        rights.append(left + distance)
        held += len(left)
        if held >= CHUNK_PAIRS:
            yield np.concatenate(lefts), np.concatenate(rights)
            lefts, rights, held = [], [], 0
        distance += 1
    if lefts:
        yield np.concatenate(lefts), np.concatenate(rights)


def _frequent_pairs(annotators: Integers, stimuli: Integers, width: int, least: int) -> tuple[Integers, Integers]:
    """Pairs (first * width + second, ascending) that share at least `least` stimuli, and how many they share."""
    keys, shared = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for left, right in _pairs_of_responses(stimuli):
        found, number = np.unique(annotators[left] * width + annotators[right], return_counts=True)
        keys, place = np.unique(np.concatenate([keys, found]), return_inverse=True)
        shared = np.bincount(place.reshape(-1), weights=np.concatenate([shared, number])).astype(np.int64)
    frequent = shared >= least
    return keys[frequent], shared[frequent]


def _kappas(
    tables: Integers,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Observed agreement, kappa and its standard error of each pair's table, (n_pairs, n_labels, n_labels)."""
    n_shared = tables.sum(axis=(1, 2), keepdims=True).astype(np.float64)
    shares = tables / np.maximum(n_shared, 1)
    rows, columns = shares.sum(axis=2), shares.sum(axis=1)
    diagonal = np.einsum("pii->pi", shares)
    observed, chance = diagonal.sum(axis=1), (rows * columns).sum(axis=1)
    defined = chance < 1 - 1e-12
    kappa = np.divide(observed - chance, 1 - chance, out=np.full(len(tables), np.nan), where=defined)
    both = rows + columns
    left = (1 - kappa)[:, np.newaxis]
    own = (diagonal * (1 - both * left) ** 2).sum(axis=1)
    # each cell by the shares of its row's label among the second's and of its column's label among the first's
    crossed = (columns[:, :, np.newaxis] + rows[:, np.newaxis, :]) ** 2
    off = (shares * crossed).sum(axis=(1, 2)) - (diagonal * both**2).sum(axis=1)
    variance = own + (1 - kappa) ** 2 * off - (kappa - chance * (1 - kappa)) ** 2
    spread = np.sqrt(np.maximum(variance, 0) / np.maximum(n_shared[:, 0, 0], 1))
    error = np.divide(spread, 1 - chance, out=np.full(len(tables), np.nan), where=defined)
    return observed, kappa, error
