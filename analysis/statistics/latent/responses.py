"""The votes that every method of this folder reads, and the one order in which they are summed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Responses:
    """Who answered what: one entry per response, in any order.

    stimulus_index, annotator_index, label_index: (n_responses,) integers, each from 0 to its size less one.
    n_stimuli, n_annotators, n_labels: the sizes; a stimulus, an annotator or a label may be without any response.
    Every entry counts: whoever keeps several answers of one person to one stimulus gives her several votes.
    Raises ValueError where lengths differ, or an index lies outside its size.
    """

    stimulus_index: Integers
    annotator_index: Integers
    label_index: Integers
    n_stimuli: int
    n_annotators: int
    n_labels: int

    @classmethod
    def of(
        cls,
        stimulus_index: ArrayLike,
        annotator_index: ArrayLike,
        label_index: ArrayLike,
        *,
        n_stimuli: int,
        n_annotators: int,
        n_labels: int,
    ) -> "Responses":
        """Checked, from anything that becomes an array of whole numbers."""
        if n_labels < 1:
            raise ValueError(f"n_labels must be at least 1; got {n_labels}. Nothing was computed.")
        return cls(
            _indices("stimulus_index", stimulus_index, n_stimuli, stimulus_index),
            _indices("annotator_index", annotator_index, n_annotators, stimulus_index),
            _indices("label_index", label_index, n_labels, stimulus_index),
            n_stimuli,
            n_annotators,
            n_labels,
        )

    @property
    def n_responses(self) -> int:
        return int(self.stimulus_index.size)

    @cached_property
    def cells(self) -> "Cells":
        """The responses in the order of stimulus and label; made once for all methods."""
        return Cells.of(self)

    @cached_property
    def n_per_annotator(self) -> Integers:
        """(n_annotators,) how many responses each gave."""
        return np.bincount(self.annotator_index, minlength=self.n_annotators)

    def counts(self) -> Floats:
        """(n_stimuli, n_labels): how many chose each label."""
        flat = self.stimulus_index * self.n_labels + self.label_index
        counts = np.bincount(flat, minlength=self.n_stimuli * self.n_labels).astype(np.float64)
        return counts.reshape(self.n_stimuli, self.n_labels)


@dataclass(frozen=True, eq=False)
class Cells:
    """Responses sorted by stimulus and label; a *cell* is the responses that gave one stimulus one label.

    order: (n_responses,) where each sorted response stands in the arrays it came from.
    annotator, label: (n_responses,) in sorted order.
    cell: (n_responses,) the cell of each sorted response; start: (n_cells,) the first response of each cell.
    stimulus, cell_label: (n_cells,).
    answered: the stimuli with responses; first_cell: for each of these its first cell; place: (n_cells,) which of the
        answered stimuli a cell belongs to.
    """

    order: Integers
    annotator: Integers
    label: Integers
    cell: Integers
    start: Integers
    stimulus: Integers
    cell_label: Integers
    answered: Integers
    first_cell: Integers
    place: Integers

    @classmethod
    def of(cls, responses: Responses) -> "Cells":
        n_keys = responses.n_stimuli * responses.n_labels
        keys = responses.stimulus_index * responses.n_labels + responses.label_index
        order, ends = counting_sort(keys, n_keys)
        n_in_key = np.diff(ends)
        filled = np.flatnonzero(n_in_key)
        n_in_cell = n_in_key[filled]
        stimulus, cell_label = np.divmod(filled, responses.n_labels)
        is_first = np.ones(filled.size, dtype=bool)
        is_first[1:] = stimulus[1:] != stimulus[:-1]
        first_cell = np.flatnonzero(is_first)
        return cls(
            order=order,
            annotator=responses.annotator_index[order],
            label=responses.label_index[order],
            cell=np.repeat(np.arange(filled.size), n_in_cell),
            start=ends[filled],
            stimulus=stimulus,
            cell_label=cell_label,
            answered=stimulus[first_cell],
            first_cell=first_cell,
            place=np.cumsum(is_first) - 1,
        )


def counting_sort(keys: Integers, n_keys: int) -> tuple[Integers, Integers]:
    """The stable order of keys in 0 to n_keys - 1, and (n_keys + 1,) where each key begins and the last one ends.

    A sparse matrix turned from rows to columns is a counting sort in compiled code: linear, where sorting is not.
    """
    n = keys.size
    from scipy import sparse  # here: SciPy is slow to load, and few need it

    rows = sparse.csr_array((np.zeros(n, dtype=np.int8), keys, np.arange(n + 1)), shape=(n, n_keys))
    columns = rows.tocsc()
    return columns.indices.astype(np.intp, copy=False), columns.indptr.astype(np.intp, copy=False)


def _indices(name: str, values: ArrayLike, size: int, first: ArrayLike) -> Integers:
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.intp)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"{name} must be one row of whole numbers; got shape {array.shape} of {array.dtype}. Nothing was computed."
        )
    if array.size != np.size(first):
        raise ValueError(
            f"{name} has {array.size} entries, stimulus_index {np.size(first)}; each response needs one of each. "
            "Nothing was computed."
        )
    if array.size and (array.min() < 0 or array.max() >= size):
        at = int(np.flatnonzero((array < 0) | (array >= size))[0])
        raise ValueError(f"{name} must be from 0 to {size - 1}; entry {at} is {int(array[at])}. Nothing was computed.")
    return array.astype(np.intp, copy=False)
