"""A whole snapshot as one zip file, and back.

The zip of a snapshot is itself the same bytes every time: names sorted, one fixed date, nothing compressed
twice (Parquet and JPEG are compressed already).
"""

import re
import secrets
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from snapshots.errors import ArchiveRefused, SnapshotDamaged
from snapshots.manifest import read_manifest
from snapshots.reader import Snapshot, open_snapshot
from snapshots.schema import IMAGES_FOLDER, MANIFEST_FILE, TABLE_FILES
from snapshots.verify import verify

_PIECE_BYTES = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)
_IMAGE_NAME = re.compile(rf"{IMAGES_FOLDER}/[0-9a-f]{{64}}\.jpg\Z")


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may unpack to. The sizes are counted while unpacking, not believed."""

    max_files: int = 2_000_000
    max_total_bytes: int = 200 * 2**30
    max_image_bytes: int = 64 * 2**20
    max_manifest_bytes: int = 64 * 2**20
    max_ratio: int = 200
    """Unpacked to packed bytes of one file above 1 MiB; what a snapshot holds is compressed already."""


def write_archive(
    snapshot: Snapshot,
    out: BinaryIO,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    with_images: bool = True,
) -> None:
    """Write the snapshot as a zip to a seekable binary file. progress: (files written, files in all)."""
    names = [MANIFEST_FILE, *TABLE_FILES]
    if with_images and snapshot.has_images:
        names += [f"{IMAGES_FOLDER}/{path.name}" for path in (snapshot.folder / IMAGES_FOLDER).iterdir()]
    names.sort()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for done, name in enumerate(names):
            progress(done, len(names))
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix on every machine, or the bytes would differ
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.file_size = (snapshot.folder / name).stat().st_size
            with (snapshot.folder / name).open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, _PIECE_BYTES)
    progress(len(names), len(names))


def extract_archive(
    source: Path | IO[bytes],
    parent: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    limits: ArchiveLimits | None = None,
) -> Snapshot:
    """Unpack a snapshot into `parent`/<id>, verify it, and open it. Nothing stays behind if it is refused.

    Only the names of a snapshot are accepted, so no entry can land anywhere else. If that very snapshot is
    there already, it is kept.
    Raises ArchiveRefused saying which entry or which finding of `verify` is wrong.
    """
    parent.mkdir(parents=True, exist_ok=True)
    partial = parent / f".{secrets.token_hex(8)}.partial"
    partial.mkdir()
    try:
        try:
            with zipfile.ZipFile(source) as archive:
                _unpack(archive, partial, progress, limits or ArchiveLimits())
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as problem:
            raise ArchiveRefused(f"This file is not a zip archive that can be read ({problem}).") from None
        try:
            snapshot_id = read_manifest(partial).id
        except SnapshotDamaged as damage:
            raise ArchiveRefused(f"This archive is not a sound snapshot. {damage} Nothing was imported.") from None
        if problems := verify(partial):
            more = f" ({len(problems) - 1} more findings)" if len(problems) > 1 else ""
            raise ArchiveRefused(f"This archive is not a sound snapshot. {problems[0]}{more} Nothing was imported.")
        target = parent / snapshot_id
        if not target.exists():
            partial.rename(target)
        return open_snapshot(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(
    archive: zipfile.ZipFile, folder: Path, progress: Callable[[int, int], None], limits: ArchiveLimits
) -> None:
    entries = archive.infolist()
    if len(entries) > limits.max_files:
        raise ArchiveRefused(f"The archive lists {len(entries)} files; at most {limits.max_files} are unpacked.")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry, seen)
        seen.add(entry.filename)
    budget = limits.max_total_bytes
    for done, entry in enumerate(entries):
        progress(done, len(entries))
        if entry.is_dir():
            continue
        is_image = entry.filename.startswith(IMAGES_FOLDER)
        most = limits.max_image_bytes if is_image else budget
        if entry.filename == MANIFEST_FILE:
            most = limits.max_manifest_bytes
        most = min(most, budget, max(_PIECE_BYTES, entry.compress_size * limits.max_ratio))
        target = folder / entry.filename
        target.parent.mkdir(exist_ok=True)
        budget -= _copy(archive, entry, target, most)
    progress(len(entries), len(entries))


def _check_entry(entry: zipfile.ZipInfo, seen: set[str]) -> None:
    name = entry.filename
    if entry.is_dir() and name == f"{IMAGES_FOLDER}/":
        return
    if name not in (MANIFEST_FILE, *TABLE_FILES) and not _IMAGE_NAME.match(name):
        raise ArchiveRefused(f"Archive entry {name!r}: no part of a snapshot has this name. Nothing was unpacked.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ArchiveRefused(f"Archive entry {name!r} is a link or a special file, not a plain file.")
    if entry.flag_bits & 0x1:
        raise ArchiveRefused(f"Archive entry {name!r} is encrypted; give an archive without a password.")
    if name in seen:
        raise ArchiveRefused(f"Archive entry {name!r} appears twice.")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> int:
    written = 0
    with archive.open(entry) as source, target.open("xb") as out:
        while piece := source.read(_PIECE_BYTES):
            written += len(piece)
            if written > most:
                raise ArchiveRefused(
                    f"Archive entry {entry.filename!r} unpacks to more than {most} bytes; that is not a snapshot."
                )
            out.write(piece)
    return written
