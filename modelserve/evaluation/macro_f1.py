"""Source: van Rijsbergen (1979), Information Retrieval, ch. 7 (F1); Lewis (1992), macro-averaging over labels."""

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate


def macro_f1(labels: NDArray[np.bool_], predicted: NDArray[np.bool_], resampling: Resampling) -> Estimate:
    """0 to 1: the F1 of each label, 2 tp / (2 tp + fp + fn), mean over labels, rare ones counting as much as frequent.

    labels, predicted: (n, K), several labels of a row may be true. A label that neither side ever names counts 0.
    """
    return estimate(lambda weights: _f1_of_labels(labels, predicted, weights).mean(axis=1), resampling)


def f1_of_labels(labels: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Array:
    """(K,) the F1 of each label."""
    found: Array = _f1_of_labels(labels, predicted, np.ones((1, len(labels))))[0]
    return found


def _f1_of_labels(labels: NDArray[np.bool_], predicted: NDArray[np.bool_], weights: Array) -> Array:
    """(R, K)"""
    hits = weights @ (labels & predicted).astype(np.float64)
    named = weights @ labels.astype(np.float64) + weights @ predicted.astype(np.float64)
    found: Array = np.divide(2 * hits, named, out=np.zeros_like(hits), where=named > 0)
    return found
