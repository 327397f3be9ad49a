"""What every recipe takes and gives, so that jobs, commands and comparisons need not know what a network learns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
class Recipe:
    """How one task is learned, and how a network of it is measured on the test stimuli of any snapshot.

    learn: (snapshot, task, options, *, work_folder, cache, read_image, watcher) -> Learned
    measure: (saved, snapshot, *, cache, read_image, device) -> metrics, of which each metric that a promotion may be
        decided by is {value, low, high, n}, and n_stimuli says how many test stimuli they stand on.
    """

    learn: Callable[..., Learned]
    measure: Callable[..., dict[str, Any]]
