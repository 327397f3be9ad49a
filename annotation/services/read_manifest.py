"""Read a manifest of stimuli: one row per image, by path, by URL, or by name alone."""

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from annotation.care.ratings import clean_note, clean_strength, clean_themes
from annotation.errors import ImageRefused, InvalidInput, UrlRefused
from annotation.services.fetch_url import fetch_url
from annotation.services.read_table import Problems, Table, as_text

TEXT_COLUMNS = ("path", "url", "name", "source_dataset", "description")
CARE_COLUMNS = {"content_note": clean_note, "themes": clean_themes, "strength": clean_strength}
OWN_COLUMNS = (*TEXT_COLUMNS, *CARE_COLUMNS)
MOST_CHARACTERS = {"path": 1_000, "url": 2_000, "name": 300, "source_dataset": 120, "description": 2_000}


@dataclass(frozen=True)
class ManifestRow:
    """One stimulus to be. path and url: at most one of them is given; neither = a name without an image."""

    number: int
    name: str
    source_dataset: str
    description: str
    metadata: dict[str, Any]
    path: Path | None = None
    url: str = ""
    content_note: str = ""
    themes: tuple[str, ...] = ()
    strength: float | None = None

    @property
    def has_image(self) -> bool:
        return bool(self.path or self.url)

    @property
    def column(self) -> str:
        return "path" if self.path else "url" if self.url else "name"


class _BadCell(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def manifest_rows(table: Table, problems: Problems, *, root: Path | None, root_is_fence: bool) -> Iterator[ManifestRow]:
    """All good rows; bad ones go into `problems`. Raises InvalidInput if the header does not fit."""
    place = {column: table.columns.index(column) for column in OWN_COLUMNS if column in table.columns}
    if not {"path", "url", "name"} & set(place):
        raise InvalidInput(
            f"{table.name} needs a column path, url or name; it has {', '.join(table.columns)}. Correct the header."
        )
    if "path" in place and root is None:
        raise InvalidInput(
            f"{table.name} names paths, but no folder is opened for them here (the setting MANIFEST_ROOT). Upload a "
            "zip, give URLs, or import it on the command line."
        )
    further = [(column, at) for at, column in enumerate(table.columns) if column not in OWN_COLUMNS and column]
    for number, row in table.rows(problems):
        try:
            yield _row(number, row, place, further, root, root_is_fence)
        except _BadCell as bad:
            problems.add(number, bad.column, str(bad))


def _row(
    number: int,
    row: list[Any],
    place: dict[str, int],
    further: list[tuple[str, int]],
    root: Path | None,
    root_is_fence: bool,
) -> ManifestRow:
    cells = {column: _cell(column, row[at]) for column, at in place.items() if column in TEXT_COLUMNS}
    care = {column: _care(column, row[place[column]]) for column in CARE_COLUMNS if column in place}
    path, url = cells.get("path", ""), cells.get("url", "")
    if path and url:
        raise _BadCell("path", "the row has a path and a url; give one of them.")
    if url and not url.lower().startswith(("http://", "https://")):
        raise _BadCell("url", f"{url[:80]!r} must begin with http:// or https://.")
    name = cells.get("name") or path or url.split("?")[0].rstrip("/").rsplit("/", 1)[-1][:300]
    if not name:
        raise _BadCell(next(iter(place)), "the row has neither a path, nor a url, nor a name.")
    return ManifestRow(
        number,
        name,
        cells.get("source_dataset", ""),
        cells.get("description", ""),
        {column: value for column, at in further if (value := _metadata(column, row[at])) is not None},
        _inside(root, path, root_is_fence) if path and root else None,
        url,
        **care,
    )


def _care(column: str, value: Any) -> Any:
    try:
        cleaned = CARE_COLUMNS[column](value)
    except ValueError as error:
        raise _BadCell(column, str(error)) from error
    return tuple(cleaned) if isinstance(cleaned, list) else cleaned


def _cell(column: str, value: Any) -> str:
    try:
        text = as_text(value)
    except ValueError as error:
        raise _BadCell(column, f"{error}.") from error
    if "\x00" in text:
        raise _BadCell(column, "it holds a NUL character.")
    if len(text) > MOST_CHARACTERS[column]:
        raise _BadCell(column, f"it has {len(text)} characters; at most {MOST_CHARACTERS[column]} are possible.")
    return text


def _metadata(column: str, value: Any) -> Any:
    """A value as JSON keeps it; None where the cell is empty."""
    if isinstance(value, str):
        if "\x00" in value:
            raise _BadCell(column, "it holds a NUL character.")
        return value or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return _nested(column, value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _nested(column: str, value: Any) -> Any:
    """A list or an object as the database can keep it: of what JSON knows, without NUL."""
    try:
        written = json.dumps(value, allow_nan=False, default=str)
    except (ValueError, TypeError, RecursionError):
        raise _BadCell(column, "it holds a number that is none (NaN or infinite), or is nested too deeply.") from None
    if "\\u0000" in written:
        raise _BadCell(column, "it holds a NUL character.")
    return json.loads(written)


def _inside(root: Path, path: str, is_fence: bool) -> Path:
    """The file a path means. Where the root is a fence, nothing leads out of it, links included."""
    if is_fence and (Path(path).is_absolute() or "\\" in path):
        raise _BadCell("path", f"{path!r} must be relative to the folder of images, with forward slashes.")
    found = (root / path).resolve()
    if is_fence and not found.is_relative_to(root.resolve()):
        raise _BadCell("path", f"{path!r} leads out of the folder of images.")
    try:
        is_there = found.is_file()
    except OSError:  # a name longer than file systems allow
        is_there = False
    if not is_there:
        raise _BadCell("path", f"there is no file {path!r}.")
    return found


def open_image(row: ManifestRow) -> BinaryIO:
    """The row's image, from the disk or from its URL. Raises ImageRefused with the reason."""
    try:
        if row.path:
            return row.path.open("rb")
        return io.BytesIO(fetch_url(row.url, max_bytes=settings.UPLOAD_MAX_BYTES))
    except OSError as error:
        raise ImageRefused(f"{row.name} cannot be read ({error.strerror}).") from error
    except UrlRefused as error:
        raise ImageRefused(error.message) from error
