"""A snapshot that lies in a storage (a folder, or object storage) as a folder on this machine.

Images lie once in the storage, under their hash, however many snapshots name them; the local copy links or fetches
them. The storage is anything with `exists`, `open` and, where files are local, `path` (Django's storages are such).
"""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snapshots.errors import ImageNotThere, SnapshotDamaged
from snapshots.reader import Snapshot, open_snapshot
from snapshots.schema import IMAGES_FOLDER, MANIFEST_FILE, TABLE_FILES


def image_name(sha256: str, size: str = "full") -> str:
    """Where an image lies in the storage; sizes other than `full` name the longest side in pixels."""
    return f"images/{sha256[:2]}/{sha256}/{size}.jpg"


def snapshot_folder(snapshot_id: str) -> str:
    """Where a snapshot lies in the storage."""
    return f"snapshots/{snapshot_id}"


def local_copy(
    storage: Any,
    snapshot_id: str,
    cache: Path,
    *,
    with_images: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Snapshot:
    """The snapshot as a folder below `cache`, fetched once; with or without its images.

    Raises SnapshotDamaged if the storage does not hold it, ImageNotThere if an image is missing.
    """
    folder = cache / f"{snapshot_id}{'-images' if with_images else ''}"
    if not (folder / MANIFEST_FILE).exists():
        partial = cache / f".{secrets.token_hex(8)}.partial"
        partial.mkdir(parents=True)
        try:
            for name in (*TABLE_FILES, MANIFEST_FILE):
                place = f"{snapshot_folder(snapshot_id)}/{name}"
                if not storage.exists(place):
                    raise SnapshotDamaged(
                        f"The storage does not hold {place}; the snapshot was deleted or never frozen."
                    )
                _fetch(storage, place, partial / name)
            if with_images:
                _fetch_images(storage, open_snapshot(partial), progress)
            partial.rename(folder)
        except OSError:
            if not (folder / MANIFEST_FILE).exists():  # else somebody else was faster, which is as good
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    snapshot = open_snapshot(folder)
    if snapshot.id != snapshot_id:
        raise SnapshotDamaged(f"The folder of snapshot {snapshot_id[:12]} holds {snapshot.id[:12]}.")
    return snapshot


def _fetch_images(storage: Any, snapshot: Snapshot, progress: Callable[[int, int], None]) -> None:
    hashes = [sha256 for sha256 in snapshot.stimuli()["image_sha256"].to_pylist() if sha256]
    if not hashes:
        return
    (snapshot.folder / IMAGES_FOLDER).mkdir()
    for done, sha256 in enumerate(sorted(set(hashes))):
        progress(done, len(hashes))
        try:
            _fetch(storage, image_name(sha256), snapshot.folder / IMAGES_FOLDER / f"{sha256}.jpg")
        except FileNotFoundError:
            raise ImageNotThere(
                f"The storage does not hold the image {sha256}; upload it to the study again."
            ) from None


def _fetch(storage: Any, name: str, target: Path) -> None:
    try:
        os.link(storage.path(name), target)  # same disk: no copy at all
    except (NotImplementedError, AttributeError, OSError):
        with storage.open(name, "rb") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
