"""By how much the sums of a study move when some of its stimuli change: the contributions of what is new, less those of
what was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.contributions import contributions
from analysis.statistics.counts import LabelCounts
from analysis.statistics.patterns import Shape, as_label_shape, distinct_rows, shape_rows
from analysis.statistics.polarity import polarity_counts
from analysis.statistics.resampling import MAX_WEIGHT, resample_weights, stimulus_streams

_Key = TypeVar("_Key")
Sums = NDArray[np.int64]
#: Shape -> how many stimuli have it, in the data and in each resample, (1 + n_resamples,).
Shapes = dict[Shape, Sums]


@dataclass(frozen=True)
class Change:
    """What moves among the stimuli with one number of responses."""

    n_responses: int
    sums: Sums
    shapes: Shapes
    polarity_shapes: Shapes


def changes_of(
    keys: Sequence[str],
    old: LabelCounts,
    new: LabelCounts,
    *,
    polarities: Sequence[str] | None,
    n_resamples: int,
    seed: int,
) -> Iterator[Change]:
    """By how much the sums of each number of responses move.

    keys: one per stimulus; old, new: its label counts before and after, (n_stimuli, n_labels).
    """
    weights = np.ones((len(keys), 1 + n_resamples), dtype=np.uint8)
    weights[:, 1:] = resample_weights(stimulus_streams(keys, seed), n_resamples)
    n_old, n_new = old.sum(axis=1), new.sum(axis=1)
    minus, plus = contributions(old, polarities), contributions(new, polarities)
    for n_responses in np.union1d(n_old, n_new):
        if n_responses == 0:
            continue
        is_old, is_new = n_old == n_responses, n_new == n_responses
        affected = is_old | is_new
        net = plus * is_new[:, np.newaxis] - minus * is_old[:, np.newaxis]
        flags = [_shape_flags(shape_rows(old), shape_rows(new), is_old, is_new)]
        if polarities is not None:
            mixes = polarity_counts(old, polarities), polarity_counts(new, polarities)
            flags.append(_shape_flags(*mixes, is_old, is_new))
        columns = [net, *(flag for _, flag in flags)]
        moved = _weighted_sums(weights[affected], np.concatenate(columns, axis=1)[affected])
        parts = np.split(moved, np.cumsum([column.shape[1] for column in columns])[:-1], axis=1)
        shapes = {as_label_shape(row): parts[1][:, index] for index, row in enumerate(flags[0][0])}
        polarity_shapes: Shapes = {}
        if polarities is not None:
            polarity_shapes = {tuple(row.tolist()): parts[2][:, index] for index, row in enumerate(flags[1][0])}
        yield Change(int(n_responses), parts[0], shapes, polarity_shapes)


def add_changes(changed: dict[_Key, Sums], state: Mapping[_Key, Sums], change: Mapping[_Key, Sums]) -> None:
    """Puts into `changed` what the state's entries become; the state itself stays as it is."""
    for key, sums in change.items():
        if key in changed:
            changed[key] = changed[key] + sums
        elif key in state:
            changed[key] = state[key] + sums
        else:
            changed[key] = sums.copy()


def _shape_flags(
    old: LabelCounts, new: LabelCounts, is_old: NDArray[np.bool_], is_new: NDArray[np.bool_]
) -> tuple[LabelCounts, Sums]:
    """The shapes among these stimuli, (n_shapes, width), and -1 or 1 where one loses or takes it, (rows, n_shapes)."""
    losing, taking = np.flatnonzero(is_old), np.flatnonzero(is_new)
    shapes, index = distinct_rows(np.concatenate([old[losing], new[taking]]))
    flags = np.zeros((len(old), len(shapes)), dtype=np.int64)
    np.add.at(flags, (losing, index[: len(losing)]), -1)
    np.add.at(flags, (taking, index[len(losing) :]), 1)
    return shapes, flags


def _weighted_sums(weights: NDArray[np.uint8], rows: Sums) -> Sums:
    """weights.T @ rows, exactly.

    weights: (n_stimuli, 1 + n_resamples); rows: (n_stimuli, n_columns). Returns (1 + n_resamples, n_columns).
    """
    # A product of floats is many times faster than one of integers, and exact while no partial sum can pass 2^24 or
    # 2^53: the numbers that float32 and float64 hold whole.
    bound = int(np.abs(rows).max(initial=0)) * MAX_WEIGHT * len(rows)
    if bound < 1 << 24:
        return (weights.T.astype(np.float32) @ rows.astype(np.float32)).astype(np.int64)
    if bound < 1 << 53:
        return (weights.T.astype(np.float64) @ rows.astype(np.float64)).astype(np.int64)
    return weights.T.astype(np.int64) @ rows
