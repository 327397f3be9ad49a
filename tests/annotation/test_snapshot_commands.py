"""snapshot, export, verify, import_snapshot: the whole way on the command line."""

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotation.models import SnapshotRecord, Stimulus, Study
from annotation.services.import_stimuli import import_files
from snapshots.local_copy import image_name
from tests.annotation.pictures import picture
from tests.conftest import make_participation, respond

pytestmark = pytest.mark.django_db(transaction=True)


def said(capsys: Any, *words: str) -> str:
    capsys.readouterr()
    call_command(*words)
    return str(capsys.readouterr().out).strip()


@pytest.fixture
def answered(study: Study) -> Study:
    for _ in range(2):
        respond(make_participation(study))
    return study


def test_out_and_back_gives_the_same_id(answered: Study, tmp_path: Path, capsys: Any) -> None:
    snapshot_id = said(capsys, "snapshot", answered.slug)
    assert said(capsys, "verify", snapshot_id) == snapshot_id
    target = tmp_path / "study.zip"
    assert snapshot_id in said(capsys, "export", answered.title, "--format", "snapshot", "--to", str(target))
    assert said(capsys, "verify", str(target)) == snapshot_id
    answered.delete()
    slug = said(capsys, "import_snapshot", str(target))
    assert said(capsys, "snapshot", slug) == snapshot_id


def test_images_in_the_storage_are_verified_too(study: Study, capsys: Any) -> None:
    import_files(study=study, files=[("lake.jpg", io.BytesIO(picture())), ("sea.jpg", io.BytesIO(picture("red")))])
    first, second = Stimulus.objects.exclude(image_sha256="").values_list("image_sha256", flat=True)
    snapshot_id = said(capsys, "snapshot", study.slug)
    assert said(capsys, "verify", snapshot_id) == snapshot_id
    Path(default_storage.path(image_name(first))).write_bytes(picture("green"))
    default_storage.delete(image_name(second))
    with pytest.raises(CommandError) as refusal:
        call_command("verify", snapshot_id)
    assert f"{image_name(first)}: the bytes have changed" in str(refusal.value)
    assert f"{image_name(second)}: missing in the storage" in str(refusal.value)


def test_an_existing_file_is_never_overwritten(answered: Study, tmp_path: Path) -> None:
    target = tmp_path / "responses.csv"
    target.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        call_command("export", answered.slug, "--to", str(target))
    assert target.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said_before_anything_is_frozen(answered: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no folder .*nowhere to write lake\.csv into"):
        call_command("export", answered.slug, "--to", tmp_path / "nowhere" / "lake.csv")
    assert not SnapshotRecord.objects.exists()


def test_a_file_that_could_not_be_written_to_its_end_is_not_left(
    answered: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_the_disk_is_full(source: Any, file: Any, length: int = 0) -> None:
        file.write(source.read(10))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("annotation.management.commands.export.shutil.copyfileobj", until_the_disk_is_full)
    with pytest.raises(CommandError, match=r"responses\.csv could not be written \(No space left"):
        call_command("export", answered.slug, "--to", str(tmp_path / "responses.csv"))
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for words, sentence in [
        (("snapshot", "nowhere"), "There is no study"),
        (("export", "nowhere", "--to", str(tmp_path / "x.csv")), "There is no study"),
        (("verify", "nowhere"), "is no folder, no file and no snapshot id"),
        (("verify", "0" * 64), "is not in the storage"),
        (("import_snapshot", str(tmp_path / "none.zip")), "There is no file"),
    ]:
        with pytest.raises(CommandError, match=sentence):
            call_command(*words)


def test_a_damaged_file_is_named(answered: Study, tmp_path: Path) -> None:
    target = tmp_path / "study.zip"
    call_command("export", answered.slug, "--format", "snapshot", "--to", str(target))
    content = target.read_bytes()
    target.write_bytes(content[:-200])
    with pytest.raises(CommandError):
        call_command("verify", str(target))
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_snapshot", str(target))
    assert Study.objects.count() == 1
