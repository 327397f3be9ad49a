"""A snapshot as one file and back, and archives that mean harm."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from nasty_study import Freeze, some_rows

from snapshots.archive import ArchiveLimits, extract_archive, write_archive
from snapshots.errors import ArchiveRefused
from snapshots.reader import Snapshot
from snapshots.verify import verify


def archived(snapshot: Snapshot, *, with_images: bool = True) -> bytes:
    out = io.BytesIO()
    write_archive(snapshot, out, with_images=with_images)
    return out.getvalue()


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    out.seek(0)
    return out


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_snapshot_comes_back_byte_by_byte(freeze: Freeze, tmp_path: Path) -> None:
    snapshot = freeze(some_rows(1), images=True)
    again = extract_archive(io.BytesIO(archived(snapshot)), tmp_path / "there")
    assert again.id == snapshot.id
    assert again.folder == tmp_path / "there" / snapshot.id
    assert files_of(again.folder) == files_of(snapshot.folder)
    assert verify(again.folder) == []


def test_the_archive_itself_is_the_same_every_time(freeze: Freeze) -> None:
    rows = some_rows(1)
    assert archived(freeze(rows, name="a", images=True)) == archived(freeze(rows, name="b", images=True))


def test_images_can_be_left_at_home(freeze: Freeze, tmp_path: Path) -> None:
    snapshot = freeze(some_rows(1), images=True)
    again = extract_archive(io.BytesIO(archived(snapshot, with_images=False)), tmp_path / "there")
    assert again.id == snapshot.id
    assert not again.has_images


def test_the_same_archive_twice_is_one_snapshot(freeze: Freeze, tmp_path: Path) -> None:
    content = archived(freeze(some_rows(1)))
    first = extract_archive(io.BytesIO(content), tmp_path / "there")
    second = extract_archive(io.BytesIO(content), tmp_path / "there")
    assert first == second
    assert list((tmp_path / "there").iterdir()) == [first.folder]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "images/../../evil", "images\\..\\evil", "C:\\evil", "evil.txt", "images/x.jpg",
     "./manifest.json",
     "images/" + "a" * 64 + ".jpg/../../x", "images/" + "A" * 64 + ".jpg", "sub/manifest.json"],
)  # fmt: skip
def test_no_entry_lands_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveRefused, match="no part of a snapshot has this name"):
        extract_archive(zipped(("manifest.json", b"{}"), (name, b"x")), tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("stimuli.parquet")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    with pytest.raises(ArchiveRefused, match="is a link or a special file"):
        extract_archive(zipped((entry, b"/etc/passwd")), tmp_path / "there")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_appears_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="appears twice"):
        extract_archive(zipped(("manifest.json", b"{}"), ("manifest.json", b"{}")), tmp_path / "there")


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    bomb = zipped(("responses.parquet", bytes(64 << 20)))
    with pytest.raises(ArchiveRefused, match="unpacks to more than"):
        extract_archive(bomb, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (ArchiveLimits(max_files=3), "lists 5 files; at most 3"),
        (ArchiveLimits(max_total_bytes=3_000), "unpacks to more than"),
        (ArchiveLimits(max_manifest_bytes=100), "'manifest.json' unpacks to more than 100"),
    ],
)
def test_limits_are_kept(freeze: Freeze, tmp_path: Path, limits: ArchiveLimits, sentence: str) -> None:
    content = archived(freeze(some_rows(1)))
    with pytest.raises(ArchiveRefused, match=sentence):
        extract_archive(io.BytesIO(content), tmp_path / "there", limits=limits)
    assert list((tmp_path / "there").iterdir()) == []


def test_a_damaged_snapshot_is_refused(freeze: Freeze, tmp_path: Path) -> None:
    snapshot = freeze(some_rows(1))
    entries = {name: content for name, content in files_of(snapshot.folder).items() if name != "stimuli.parquet"}
    with pytest.raises(ArchiveRefused, match=r"stimuli\.parquet: missing"):
        extract_archive(zipped(*entries.items()), tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"x" * 200])
def test_what_is_not_an_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="not a zip archive"):
        extract_archive(io.BytesIO(content), tmp_path / "there")
