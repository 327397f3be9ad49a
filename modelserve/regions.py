"""Which pixels people, or the generated world, say stir an emotion: bits of masks for networks that find them.

Region data of a study is a step of kind 'region': its column holds JSON, a list of polygons, each a list of [x, y] in
shares of the picture's width and height (0 to 1), drawn for the emotion of the same response. Where several people drew
for one image and emotion, a pixel belongs to the mask if at least half of them drew over it.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from modelserve.errors import NothingToLearn
from modelserve.world.freeze import SOURCE_DATASET, world_of
from snapshots.reader import Snapshot

KIND = "region"
Masks = NDArray[np.uint8]


def mask_table(
    snapshot: Snapshot,
    keys: Sequence[str],
    label_ids: Sequence[str],
    side: int,
    cache: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Masks:
    """(n, K, 1 + side*side/8): for each stimulus and emotion whether its mask is known (1 or 0), then the mask's bits.

    side: of the square that the network sees, a multiple of 8. Of a generated world every mask is known, the empty ones
    too. cache: folder for the world's masks, which take a while to draw.
    Raises NothingToLearn where the snapshot has neither regions nor a world.
    """
    drawn = drawn_regions(snapshot, side)
    place = {label: number for number, label in enumerate(label_ids)}
    table = np.zeros((len(keys), len(label_ids), 1 + side * side // 8), dtype=np.uint8)
    if drawn is not None:
        row_of = {key: row for row, key in enumerate(keys)}
        for (key, label), mask in drawn.items():
            if key in row_of and label in place:
                table[row_of[key], place[label]] = packed(mask)
        return table
    if not is_world(snapshot):
        raise NothingToLearn(
            "This study has no step of kind 'region', so nobody drew what stirs an emotion, and a network that finds "
            "it cannot learn. Train the network that reads images, or one on a generated world."
        )
    world, index_of = world_of(snapshot)
    order = [place.get(label) for label in world.labels]
    name = cache / f"masks-{snapshot.id[:32]}-{side}.npz"
    known = _kept_masks(name)
    n_kept = len(known)
    for row, key in enumerate(keys):
        if key not in known:
            known[key] = np.stack([packed(_squeezed(mask, side)) for mask in world.masks(index_of[key])])
        for source, target in enumerate(order):
            if target is not None:
                table[row, target] = known[key][source]
        progress(row + 1, len(keys))
    if len(known) > n_kept:
        _keep_masks(name, known)
    return table


def _kept_masks(path: Path) -> dict[str, Masks]:
    """{stimulus key: masks (K, 1 + S*S/8)} drawn before; none where the file cannot be read: they are drawn anew."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["masks"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}


def _keep_masks(path: Path, known: dict[str, Masks]) -> None:
    """Whole or not at all: a worker that is killed here leaves no half file in the way of the next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            np.savez_compressed(file, keys=np.array(list(known)), masks=np.stack(list(known.values())))
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def is_world(snapshot: Snapshot) -> bool:
    """Whether the first stimulus is of a generated world (world_of checks all)."""
    sources = snapshot.stimuli()["source_dataset"]
    return len(sources) > 0 and sources[0].as_py() == SOURCE_DATASET


def drawn_regions(snapshot: Snapshot, side: int) -> dict[tuple[str, str], NDArray[np.bool_]] | None:
    """{(stimulus key, label): mask (side, side)} of what people drew; None where no step asks for regions.

    Raises NothingToLearn naming the response whose regions cannot be read.
    """
    steps = {step["kind"]: str(step["name"]) for step in reversed(snapshot.study["steps"])}
    if KIND not in steps or "choice" not in steps:
        return None
    votes: dict[tuple[str, str], list[NDArray[np.bool_]]] = {}
    columns = ["stimulus_key", "response_key", steps["choice"], steps[KIND]]
    for batch in snapshot.responses(columns, accepted_only=True):
        for key, response, label, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if label is None or not text:
                continue
            try:
                votes.setdefault((key, label), []).append(_filled(json.loads(text), side))
            except (ValueError, TypeError) as error:
                raise NothingToLearn(
                    f"Response {response}: its regions cannot be read ({error}); a list of polygons with points "
                    "[x, y] from 0 to 1 is needed. Nothing was trained."
                ) from error
    return {pair: np.mean(masks, axis=0) >= 0.5 for pair, masks in votes.items()}


def packed(mask: NDArray[np.bool_]) -> Masks:
    """(1 + S*S/8,): 1 for 'known', then the bits."""
    return np.concatenate([np.ones(1, dtype=np.uint8), np.packbits(mask.reshape(-1))])


def unpacked(table: Masks, side: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """known (n, K) and masks (n, K, S, S)."""
    bits = np.unpackbits(table[:, :, 1:], axis=2).reshape(*table.shape[:2], side, side)
    return table[:, :, 0].astype(bool), bits.astype(bool)


def _filled(polygons: list[list[list[float]]], side: int) -> NDArray[np.bool_]:
    canvas = Image.new("1", (side, side))
    draw = ImageDraw.Draw(canvas)
    for polygon in polygons:
        points = [(float(x) * side, float(y) * side) for x, y in polygon]
        if len(points) < 3 or not np.isfinite(points).all():
            raise ValueError("a polygon needs three points or more, all of them numbers")
        draw.polygon(points, fill=1)
    return np.asarray(canvas, dtype=bool)


def _squeezed(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    if mask.shape == (side, side):
        return mask
    return np.asarray(Image.fromarray(mask).resize((side, side), Image.Resampling.NEAREST), dtype=bool)
