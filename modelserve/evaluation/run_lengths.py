"""Source: COCO's mask format (cocodataset/cocoapi, common/maskApi.h): run lengths down the columns, zeros first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """mask (H, W) as COCO's uncompressed RLE: {size: [H, W], counts: lengths of runs, of zeros first}."""
    flat = mask.reshape(-1, order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    ends = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(ends).tolist()
    if flat.size and flat[0]:
        counts = [0, *counts]
    return {"size": list(mask.shape), "counts": counts if flat.size else []}


def mask_of(lengths: dict[str, Any]) -> NDArray[np.bool_]:
    """The mask (H, W) again."""
    height, width = lengths["size"]
    values = np.arange(len(lengths["counts"])) % 2 == 1
    return np.repeat(values, lengths["counts"]).reshape((height, width), order="F")
