"""Look into a zip of images without trusting it: names, sizes and links are checked before anything is unpacked."""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from django.conf import settings

from annotation.errors import ImageRefused, InvalidInput

MOST_MEMBERS = 200_000
MOST_RATIO = 200  # unpacked bytes per packed byte; pictures hardly shrink at all
BYTES_WITHOUT_RATIO = 1_000_000  # a small flat drawing may shrink a lot
IGNORED = {"thumbs.db", "desktop.ini"}
DRIVE = re.compile(r"^[A-Za-z]:")
DECOMPRESSES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class ArchiveImage:
    """A member of a zip: its name without the folder that all share, and how to read it."""

    name: str
    member: zipfile.ZipInfo
    archive: zipfile.ZipFile

    def open(self) -> BinaryIO:
        """Raises ImageRefused if the member is damaged."""
        try:
            return cast(BinaryIO, _Member(self.archive.open(self.member), self.name))
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            raise ImageRefused(f"{self.name} is damaged in the zip ({error}).") from error


class _Member:
    """Reads a member; what zipfile raises for damage becomes our own refusal."""

    def __init__(self, file: object, name: str) -> None:
        self.file, self.name = cast(BinaryIO, file), name

    def __enter__(self) -> "_Member":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, n: int = -1) -> bytes:
        try:
            return self.file.read(n)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise ImageRefused(f"{self.name} is damaged in the zip ({error}).") from error


@contextmanager
def archive_images(path: Path, file_name: str, *, is_packed: bool = False) -> Iterator[list[ArchiveImage]]:
    """The images of a zip, in its order. Raises InvalidInput that names every member that may not be there.

    is_packed: we made the zip ourselves, with a folder for each image that is no part of its name.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidInput(f"{file_name} is not a zip that can be read ({error}).") from error
    with archive:
        members = [member for member in archive.infolist() if not _is_ignored(member)]
        if len(members) > MOST_MEMBERS:
            raise InvalidInput(f"{file_name} holds {len(members)} files; at most {MOST_MEMBERS} are possible at once.")
        if not members:
            raise InvalidInput(f"{file_name} holds no images.")
        problems = {member.filename: [f"{member.filename!r} {why}."] for member in members if (why := _fault(member))}
        if problems:
            sentences = [sentence for sentences in problems.values() for sentence in sentences]
            more = f" And {len(sentences) - 20} more." if len(sentences) > 20 else ""
            raise InvalidInput(
                f"{file_name} was not imported, not even in part: {' '.join(sentences[:20])}{more}", problems
            )
        unpacked = sum(member.file_size for member in members)
        if unpacked > 4 * settings.ARCHIVE_MAX_BYTES:
            raise InvalidInput(
                f"{file_name} would unpack to {unpacked / 1e6:,.0f} MB; at most "
                f"{4 * settings.ARCHIVE_MAX_BYTES / 1e6:,.0f} MB are possible. Split it."
            )
        yield [ArchiveImage(name, member, archive) for name, member in _names(members, is_packed)]


def _fault(member: zipfile.ZipInfo) -> str:
    """Why a member may not be in a zip of images; '' if it may."""
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or DRIVE.match(name):
        return "has an absolute name"
    if ".." in PurePosixPath(name).parts:
        return "has a name that leads out of the zip (..)"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, not a file"
    if member.flag_bits & 0x1:
        return "is encrypted; make the zip without a password"
    if member.compress_type not in DECOMPRESSES:
        return "is compressed in a way that is not supported; use the usual one (deflate)"
    if member.file_size > settings.UPLOAD_MAX_BYTES:
        return f"unpacks to {member.file_size / 1e6:,.1f} MB; at most {settings.UPLOAD_MAX_BYTES // 1_000_000} MB"
    if member.file_size > max(BYTES_WITHOUT_RATIO, MOST_RATIO * member.compress_size):
        return "unpacks to more than 200 times its size, as no photograph does"
    return ""


def _is_ignored(member: zipfile.ZipInfo) -> bool:
    """Folders, and what computers put beside pictures without being asked. A name with .. is never ignored."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if ".." in parts or not parts:
        return False
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return member.is_dir() or hidden or parts[-1].lower() in IGNORED


def _names(members: list[zipfile.ZipInfo], is_packed: bool) -> list[tuple[str, zipfile.ZipInfo]]:
    """Names without the one folder that everything lies in, if there is one, or that each has of its own."""
    paths = [PurePosixPath(member.filename.replace("\\", "/")) for member in members]
    shared = {path.parts[0] for path in paths}
    skip = 1 if is_packed or (len(shared) == 1 and all(len(path.parts) > 1 for path in paths)) else 0
    return [(PurePosixPath(*path.parts[skip:]).as_posix(), member) for path, member in zip(paths, members, strict=True)]
