"""Open the snapshot that a run or a prediction is about."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from modelserve.errors import SnapshotUnavailable
from modelserve.storage_folders import FolderNotInStorage, local_folder
from snapshots import local_folder as storage_folders
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name
from snapshots.local_folder import path_in_storage
from snapshots.reader import Snapshot, open_snapshot
from snapshots.schema import IMAGES_FOLDER


def open_study_snapshot(location: str, snapshot_id: str) -> Snapshot:
    """The snapshot in this folder of the storage. Raises SnapshotUnavailable if it is not there or another one."""
    try:
        snapshot = open_snapshot(_tables_here(location))
    except (FolderNotInStorage, SnapshotError, OSError) as error:
        raise SnapshotUnavailable(
            f"Snapshot {snapshot_id[:12]} cannot be read: {error} Freeze the study again and repeat."
        ) from error
    if snapshot.id != snapshot_id:
        raise SnapshotUnavailable(
            f"The folder '{location}' holds snapshot {snapshot.id[:12]}, not {snapshot_id[:12]}. "
            "Freeze the study again and repeat."
        )
    return snapshot


def image_reader(snapshot: Snapshot) -> Callable[[str], bytes]:
    """sha256 to JPEG: the snapshot's own files, or, where it carries none, the stored ones of the same hash."""
    if snapshot.has_images:
        return snapshot.image_bytes
    cached = _cache()
    own = f"{snapshot.folder.relative_to(cached)}/{IMAGES_FOLDER}" if snapshot.folder.is_relative_to(cached) else ""

    def read(sha256: str) -> bytes:
        # always the whole file: the derived sizes come and go, and a run must see the same pixels when it is repeated
        for name in (image_name(sha256), f"{own}/{sha256}.jpg" if own else ""):
            if name:
                with contextlib.suppress(FileNotFoundError), default_storage.open(name) as file:
                    return bytes(file.read())
        raise SnapshotUnavailable(
            f"Image {sha256[:12]} is neither in snapshot {snapshot.id[:12]} nor in the storage "
            f"('{image_name(sha256)}'). Upload it to the study again and repeat."
        )

    return read


def _tables_here(location: str) -> Path:
    """The snapshot's folder; of one in object storage its tables alone, copied once.

    Tables are read column by column, in batches, from that copy. Pictures are fetched one by one when they are decoded
    for the first time, so no machine needs the disk for all of them.
    """
    if path_in_storage(default_storage, location) is not None:
        return local_folder(location)
    files = sorted(name for name in default_storage.listdir(location)[1] if name)
    if not files:
        raise FolderNotInStorage(f"The folder '{location}' is not in the storage.")
    return storage_folders.local_folder(default_storage, location, _cache(), names=files)


def _cache() -> Path:
    return Path(settings.CACHE_DIR) / "tables"
