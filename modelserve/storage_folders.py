"""Folders in Django's storage as folders on this machine: in place on a local disk, else as a copy."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from modelserve.errors import ModelServeError


class FolderNotInStorage(ModelServeError):
    """The storage has no such folder, or it is empty."""


def local_folder(location: str) -> Path:
    """The folder, readable on this machine. Its content never changes under one name, so a copy is made only once.

    Raises FolderNotInStorage.
    """
    in_place = _path_in_storage(location)
    if in_place is not None:
        if not in_place.is_dir():
            raise FolderNotInStorage(f"The folder '{location}' is not in the storage.")
        return in_place
    copy = Path(settings.CACHE_DIR) / "storage" / location
    if copy.is_dir():
        return copy
    names = _files_below(location)
    if not names:
        raise FolderNotInStorage(f"The folder '{location}' is not in the storage.")
    copy.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{copy.name}.", dir=copy.parent))
    try:
        for name in names:
            target = beside / name.removeprefix(f"{location}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            with default_storage.open(name) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
        if not copy.is_dir():  # another worker may have been faster
            beside.rename(copy)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return copy


def working_folder(name: str) -> Path:
    """A folder for half-done work that should outlive the process: beside the stored files, or in this machine's cache.

    Where the storage is a disk shared by several machines, any of them can go on with the work.
    """
    folder = _path_in_storage(name) or Path(settings.CACHE_DIR) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def store_folder(folder: Path, location: str) -> None:
    """Copy a folder's files into the storage. What is there already under the name stays: names say the content."""
    for path in sorted(folder.iterdir()):
        name = f"{location}/{path.name}"
        if default_storage.exists(name):
            if default_storage.size(name) == path.stat().st_size:
                continue
            default_storage.delete(name)  # torn by a worker that was killed while it wrote
        with path.open("rb") as file:
            default_storage.save(name, File(file))


def _path_in_storage(location: str) -> Path | None:
    try:
        return Path(default_storage.path(location))
    except NotImplementedError:  # not a local disk
        return None


def _files_below(location: str) -> list[str]:
    try:
        folders, files = default_storage.listdir(location)
    except FileNotFoundError:  # object stores answer with nothing instead
        return []
    names = [f"{location}/{file}" for file in files if file]
    for folder in folders:
        names += _files_below(f"{location}/{folder}")
    return names
