"""Writes a snapshot in one of the export formats into the storage."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from annotation.errors import InvalidInput
from annotation.services.freeze_snapshot import Progress
from snapshots.errors import SnapshotError
from snapshots.exports import EXPORT_FORMATS
from snapshots.local_copy import local_copy


@dataclass(frozen=True)
class ExportedFile:
    """A file in the storage, and the name under which a person saves it."""

    storage_name: str
    file_name: str
    bytes: int


def export_snapshot(
    *, snapshot_id: str, format_name: str, folder: str, progress: Progress = lambda done, total: None
) -> ExportedFile:
    """Streams; memory does not follow the study. Raises InvalidInput if this study cannot be written so."""
    export = EXPORT_FORMATS.get(format_name)
    if export is None:
        raise InvalidInput(f"{format_name!r} is no export format; known are {', '.join(EXPORT_FORMATS)}.")
    try:
        snapshot = local_copy(
            default_storage,
            snapshot_id,
            Path(settings.CACHE_DIR) / "storage",
            with_images=format_name == "snapshot",
            progress=progress,
        )
        pa.default_memory_pool().release_unused()  # what a freeze just before this has left
        with tempfile.NamedTemporaryFile(prefix="commonground-export-") as file:
            export.write(snapshot, cast(BinaryIO, file), progress)
            size = file.seek(0, 2)
            file.seek(0)
            name = f"{snapshot_id[:12]}-{format_name}.{export.extension}"
            stored = default_storage.save(f"{folder}/{name}", File(file))
    except SnapshotError as error:
        raise InvalidInput(str(error)) from error
    return ExportedFile(stored, name, size)
