"""Image files to pixels as the networks see them. Pillow and NumPy only."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modelserve.errors import NothingToLearn, PredictionImpossible


def pixels_of(image: bytes, side: int) -> NDArray[np.uint8]:
    """One picture, RGB, squeezed to a square (as ArtEmis does, Lanczos): (S, S, 3).

    Raises PredictionImpossible if these bytes are no picture that can be read.
    """
    try:
        with Image.open(io.BytesIO(image)) as picture:
            # JPEG can be decoded at a fraction of its size; two times the square keeps Lanczos exact enough.
            picture.draft("RGB", (2 * side, 2 * side))
            square = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PredictionImpossible(f"This image cannot be read: {error}") from error
    return np.asarray(square, dtype=np.uint8)


def pixel_table(
    image_sha256s: Sequence[str], side: int, read_image: Callable[[str], bytes], cache: Path
) -> NDArray[np.uint8]:
    """All pictures as one table on disk, (n, S, S, 3), decoded once per size and mapped into memory after that.

    cache: folder for the table; its name is the hash of what it holds, so it is never stale and may be deleted.
    Raises NothingToLearn naming the image that cannot be read.
    """
    name = hashlib.sha256("\n".join([str(side), *image_sha256s]).encode()).hexdigest()[:32]
    path = cache / f"pixels-{name}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        beside = cache / f".{path.name}.{os.getpid()}"
        shape = (len(image_sha256s), side, side, 3)
        table = np.lib.format.open_memmap(beside, mode="w+", dtype=np.uint8, shape=shape)
        try:
            for row, sha256 in enumerate(image_sha256s):
                table[row] = pixels_of_stored(sha256, side, read_image)
            table.flush()
            del table
            beside.rename(path)  # another worker never maps half a table
        finally:
            beside.unlink(missing_ok=True)
    # Copy on write: torch warns about memory that it may not write to, and nobody here writes.
    return np.load(path, mmap_mode="c", allow_pickle=False)  # type: ignore[no-any-return]


def pixels_of_stored(sha256: str, side: int, read_image: Callable[[str], bytes]) -> NDArray[np.uint8]:
    """(S, S, 3) of an image of a snapshot. Raises NothingToLearn naming it if it cannot be read."""
    try:
        return pixels_of(read_image(sha256), side)
    except PredictionImpossible as error:
        raise NothingToLearn(
            f"Image {sha256} of the snapshot: {error} Check the snapshot with `verify`. Nothing was trained."
        ) from error
