"""Source: the metrics beside this file; this page only puts them together for a network's record."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.calibration_error import calibration_error
from modelserve.evaluation.confusion import confusion
from modelserve.evaluation.kl_divergence import kl_divergence
from modelserve.evaluation.majority_accuracy import majority_accuracy
from modelserve.evaluation.per_class_recall import per_class_recall
from modelserve.evaluation.polarity_accuracy import polarity_accuracy
from modelserve.evaluation.resampling import Array, Resampling
from modelserve.options import PROMOTION_METRICS


def evaluate(
    counts: Array,
    predicted: Array,
    *,
    stimuli: NDArray[np.int64],
    label_ids: Sequence[str],
    polarities: Sequence[int],
    seed: int = 0,
) -> dict[str, Any]:
    """All metrics as JSON; each {value, low, high, n}, value null where n is 0.

    counts (n, K): answers of people; predicted (n, K): rows sum to 1; stimuli (n,): which stimulus a row belongs to,
    the unit of resampling; seed: of the resamples.
    """
    resampling = Resampling(stimuli, seed)
    recalls = per_class_recall(counts, predicted, resampling)
    return {
        "n_rows": len(counts),
        "n_stimuli": len(np.unique(stimuli)),
        "kl_divergence": kl_divergence(counts, predicted, resampling).as_json(),
        "majority_accuracy": majority_accuracy(counts, predicted, resampling).as_json(),
        "polarity_accuracy": polarity_accuracy(counts, predicted, polarities, resampling).as_json(),
        "calibration_error": calibration_error(counts, predicted, resampling).as_json(),
        "per_class_recall": {name: recall.as_json() for name, recall in zip(label_ids, recalls, strict=True)},
        "confusion": {"labels": list(label_ids), **confusion(counts, predicted, resampling).as_json()},
    }


def is_better(metric: str, new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether the new metrics beat the old ones on this metric; False on a tie and where either is unknown."""
    new_value, old_value = new[metric]["value"], old[metric]["value"]
    if new_value is None or old_value is None:
        return False
    return bool(new_value < old_value if PROMOTION_METRICS[metric] else new_value > old_value)
