"""Folders in the storage, near and far."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage, default_storage

import modelserve.storage_folders
from modelserve.storage_folders import FolderNotInStorage, local_folder, store_folder, working_folder


class FarStorage(Storage):
    """A storage whose files have no path on this machine, as in object stores."""

    def __init__(self) -> None:
        kept = InMemoryStorage()
        self.exists, self.listdir, self.delete, self.size = kept.exists, kept.listdir, kept.delete, kept.size
        self._open, self._save = kept._open, kept._save


@pytest.fixture
def far_storage(monkeypatch: pytest.MonkeyPatch) -> Storage:
    storage = FarStorage()
    monkeypatch.setattr(modelserve.storage_folders, "default_storage", storage)
    return storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "network"
    folder.mkdir()
    (folder / "a.json").write_text("one")
    (folder / "b.bin").write_bytes(b"\0" * 100)
    return folder


def test_a_local_disk_is_read_in_place(folder: Path, settings: Any) -> None:
    store_folder(folder, "networks/x")
    assert local_folder("networks/x") == Path(settings.MEDIA_ROOT) / "networks/x"
    assert working_folder("training/1").is_dir()


def test_a_far_folder_is_copied_once(folder: Path, far_storage: Storage) -> None:
    store_folder(folder, "networks/x")
    far_storage.save("networks/x/images/c.jpg", ContentFile(b"deep"))
    copy = local_folder("networks/x")
    assert (copy / "a.json").read_text() == "one"
    assert (copy / "images" / "c.jpg").read_bytes() == b"deep"
    far_storage.delete("networks/x/a.json")
    assert (local_folder("networks/x") / "a.json").read_text() == "one"
    assert [path.name for path in copy.parent.iterdir()] == ["x"]  # nothing half-copied stays behind


def test_storing_again_mends_a_torn_file_and_leaves_the_rest(folder: Path) -> None:
    default_storage.save("networks/x/b.bin", ContentFile(b"\0" * 40))
    store_folder(folder, "networks/x")
    store_folder(folder, "networks/x")
    assert default_storage.size("networks/x/b.bin") == 100
    assert sorted(default_storage.listdir("networks/x")[1]) == ["a.json", "b.bin"]


@pytest.mark.usefixtures("far_storage")
def test_a_far_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(FolderNotInStorage, match="'networks/gone' is not in the storage"):
        local_folder("networks/gone")


def test_a_near_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(FolderNotInStorage, match="'networks/gone' is not in the storage"):
        local_folder("networks/gone")
