"""Label counts: the one shape of data that every statistic here starts from."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: int64 (n_stimuli, n_labels): how many responses of a stimulus chose a label. A row of zeros is a stimulus
#: without responses; statistics leave it out.
LabelCounts = NDArray[np.int64]


def as_label_counts(counts: ArrayLike) -> LabelCounts:
    """Checks counts from outside and returns them as int64 (n_stimuli, n_labels).

    Raises ValueError if the array is not two-dimensional, has no label, or holds a negative or fractional number.
    """
    array = _as_numbers(counts)
    if array is None:
        raise ValueError("Label counts are whole numbers from 0 up; got something else. Nothing was computed.")
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            "Label counts need two axes, stimuli and labels, and at least one label; "
            f"got an array of shape {array.shape}. Nothing was computed."
        )
    with np.errstate(invalid="ignore"):  # of a missing number, which is refused below
        whole = array.astype(np.int64, copy=False)
    is_whole = np.issubdtype(array.dtype, np.integer) or bool((whole == array).all())
    if not is_whole or whole.min(initial=0) < 0:
        row, column = np.argwhere((whole != array) | (whole < 0))[0]
        raise ValueError(
            "Label counts are whole numbers from 0 up; "
            f"row {row}, label {column} holds {array[row, column]!s}. Nothing was computed."
        )
    return whole


def _as_numbers(values: ArrayLike) -> NDArray[Any] | None:
    """An array of numbers, of booleans, or of nothing; None where there is anything else."""
    array: NDArray[Any] = np.asarray(values)
    if array.dtype.kind in "iufb" or not array.size:
        return array
    if array.dtype.kind != "O":
        return None
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return None


def as_indexes(what: str, values: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers from outside as int64 (n,). Raises ValueError where one is missing or not whole, instead of cutting
    it off."""
    array = _as_numbers(values)
    if array is None:
        raise ValueError(f"A {what} index is a whole number; got something else. Nothing was counted.")
    array = array.reshape(-1)
    with np.errstate(invalid="ignore"):  # of a missing number, which is refused below
        whole: NDArray[np.int64] = array.astype(np.int64, copy=False)
    wrong = np.flatnonzero(whole != array) if array.dtype.kind == "f" else whole[:0]
    if wrong.size:
        raise ValueError(
            f"A {what} index is a whole number; entry {wrong[0]} is {array[wrong[0]]!s}. Nothing was counted."
        )
    return whole


def count_labels(stimulus_index: ArrayLike, label_index: ArrayLike, n_stimuli: int, n_labels: int) -> LabelCounts:
    """Counts responses per stimulus and label.

    stimulus_index, label_index: one entry per response, whole numbers in [0, n_stimuli) and [0, n_labels).
        Who responded does not matter here: the caller has already kept only one response per annotator and stimulus.
    Returns int64 (n_stimuli, n_labels).
    Raises ValueError if the two differ in length, or an index is out of range, missing or not whole.
    """
    stimuli, labels = as_indexes("stimulus", stimulus_index), as_indexes("label", label_index)
    if len(stimuli) != len(labels):
        raise ValueError(
            "Each response needs one stimulus and one label; "
            f"got {len(stimuli)} stimuli and {len(labels)} labels. Nothing was counted."
        )
    for name, indexes, size in (("stimulus", stimuli, n_stimuli), ("label", labels, n_labels)):
        outside = np.flatnonzero((indexes < 0) | (indexes >= size))
        if len(outside):
            row = outside[0]
            raise ValueError(
                f"Response {row}: {name} index {indexes[row]} is not in 0 to {size - 1}. Nothing was counted."
            )
    flat = np.bincount(stimuli * n_labels + labels, minlength=n_stimuli * n_labels)
    return flat.astype(np.int64).reshape(n_stimuli, n_labels)
