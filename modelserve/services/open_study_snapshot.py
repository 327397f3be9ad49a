"""Open the snapshot that a run or a prediction is about."""

import contextlib
from collections.abc import Callable

from django.core.files.storage import default_storage

from modelserve.errors import SnapshotUnavailable
from modelserve.storage_folders import FolderNotInStorage, local_folder
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name
from snapshots.reader import Snapshot, open_snapshot

SMALL_SIDE = 160  # the 320-pixel file is at least twice that in its long side: enough for a square of this size


def open_study_snapshot(location: str, snapshot_id: str) -> Snapshot:
    """The snapshot in this folder of the storage. Raises SnapshotUnavailable if it is not there or another one."""
    try:
        snapshot = open_snapshot(local_folder(location))
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


def image_reader(snapshot: Snapshot, side: int) -> Callable[[str], bytes]:
    """sha256 to JPEG: the snapshot's own files, or, where it carries none, the stored ones of the same hash."""
    if snapshot.has_images:
        return snapshot.image_bytes
    # The smaller files are made after an upload; until then, and for the demo, only the whole one is there.
    sizes = ("320", "full") if side <= SMALL_SIDE else ("1024", "full")

    def read(sha256: str) -> bytes:
        for size in sizes:
            with contextlib.suppress(FileNotFoundError), default_storage.open(image_name(sha256, size)) as file:
                return bytes(file.read())
        raise SnapshotUnavailable(
            f"Image {sha256[:12]} is neither in snapshot {snapshot.id[:12]} nor in the storage "
            f"('{image_name(sha256)}'). Freeze a snapshot that carries its images and repeat."
        )

    return read
