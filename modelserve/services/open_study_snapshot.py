"""Open the snapshot that a run or a prediction is about."""

from collections.abc import Callable

from django.core.files.storage import default_storage

from modelserve.errors import SnapshotUnavailable
from modelserve.storage_folders import FolderNotInStorage, local_folder
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name
from snapshots.reader import Snapshot, open_snapshot


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


def image_reader(snapshot: Snapshot) -> Callable[[str], bytes]:
    """sha256 to JPEG: the snapshot's own files, or, where it carries none, the stored ones of the same hash."""
    if snapshot.has_images:
        return snapshot.image_bytes

    def read(sha256: str) -> bytes:
        # always the whole file: the derived sizes come and go, and a run must see the same pixels when it is repeated
        try:
            with default_storage.open(image_name(sha256)) as file:
                return bytes(file.read())
        except FileNotFoundError:
            raise SnapshotUnavailable(
                f"Image {sha256[:12]} is neither in snapshot {snapshot.id[:12]} nor in the storage "
                f"('{image_name(sha256)}'). Upload it to the study again and repeat."
            ) from None

    return read
