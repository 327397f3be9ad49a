"""One loop for every network: seeded, resumable, knowing nothing of Django or of what it trains.

A network gives `loss(inputs, targets)` and `parameter_groups()`. On a CPU the same seed and data give the same weights,
bit for bit, whether or not the run was interrupted (and as long as it uses as many threads); on a GPU (bf16) runs agree
only closely.
"""

from modelserve.training.asking import ask, predict_shares
from modelserve.training.devices import choose_device, limited_threads, seeded
from modelserve.training.examples import Batch, Examples, batch_of
from modelserve.training.loop import fit
from modelserve.training.watching import CurvePoint, Fitted, Watcher

__all__ = [
    "Batch",
    "CurvePoint",
    "Examples",
    "Fitted",
    "Watcher",
    "ask",
    "batch_of",
    "choose_device",
    "fit",
    "limited_threads",
    "predict_shares",
    "seeded",
]
