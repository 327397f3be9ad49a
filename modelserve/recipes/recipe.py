"""What every recipe takes and gives, so that jobs, commands and comparisons need not know what a network learns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.paired import Score
from modelserve.networks.saved import SavedNetwork
from modelserve.training import Fitted

ReadImage = Callable[[str], bytes]  # sha256 -> the file


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run brought: the network, its curve, and its metrics on the test stimuli."""

    saved: SavedNetwork
    fitted: Fitted
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scores:
    """A network's metrics row by row on the test stimuli. groups (n,): the stimulus of every row, what is resampled."""

    groups: NDArray[np.int64]
    of_metric: dict[str, Score]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one task is learned, and how a network of it is measured on the test stimuli of any snapshot.

    learn: (snapshot, task, options, *, work_folder, cache, read_image, watcher) -> Learned
    measure: (saved, snapshot, *, cache, read_image, device) -> metrics, of which each metric that a promotion may be
        decided by is {value, low, high, n}, and n_stimuli says how many test stimuli they stand on.
    scores: (saved, snapshot, *, cache, read_image, device) -> Scores, in the same rows for every network of the task,
        so that two networks can be compared row by row.
    """

    learn: Callable[..., Learned]
    measure: Callable[..., dict[str, Any]]
    scores: Callable[..., Scores]
