"""Source: EmoSEM and RefCOCO practice: mean intersection over union of masks, precision at 0.25 and 0.5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean

THRESHOLDS = (0.25, 0.5)


@dataclass(frozen=True, slots=True)
class MaskOverlap:
    """miou: mean overlap, 0 to 1. precision: {threshold: share of masks whose overlap is at least that}."""

    miou: Estimate
    precision: dict[float, Estimate]

    def as_json(self) -> dict[str, Any]:
        precision = {f"precision_at_{round(100 * at)}": one.as_json() for at, one in self.precision.items()}
        return {"miou": self.miou.as_json(), **precision}


def overlaps(masks: Sequence[NDArray[np.bool_]], true_masks: Sequence[NDArray[np.bool_]]) -> Array:
    """(n,) intersection over union of each mask with the true one, 0 to 1; nan where the true mask is empty.

    masks: (H, W) each, of the shape of its true mask. An empty mask beside a true one that is not scores 0.
    Raises ValueError for shapes that differ.
    """
    found = np.full(len(true_masks), np.nan)
    for row, (mask, true_mask) in enumerate(zip(masks, true_masks, strict=True)):
        if mask.shape != true_mask.shape:
            raise ValueError(
                f"Mask {row} has the shape {mask.shape}, the true one {true_mask.shape}; bring them to one."
            )
        if true_mask.any():
            found[row] = np.logical_and(mask, true_mask).sum() / np.logical_or(mask, true_mask).sum()
    return found


def mask_overlap(of_masks: Array, resampling: Resampling) -> MaskOverlap:
    """From `overlaps` (n,): means over masks, with images as the unit of resampling; nan rows are left out."""
    rows = ~np.isnan(of_masks)
    values, kept = of_masks[rows], resampling.of(rows)
    return MaskOverlap(
        miou=estimate(weighted_mean(values), kept),
        precision={at: estimate(weighted_mean((values >= at).astype(np.float64)), kept) for at in THRESHOLDS},
    )
