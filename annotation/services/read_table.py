"""Read a table that somebody brings: CSV, TSV, JSON Lines or Parquet, row by row, with a sentence for what is wrong."""

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.errors import InvalidInput, InvalidRows

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
MOST_SHOWN = 20


@dataclass
class Problems:
    """Collects what is wrong with the rows of a file; knows all of them by number, the first MOST_SHOWN by word."""

    file_name: str
    n: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: int, column: str, message: str) -> None:
        self.n += 1
        if len(self.rows) < MOST_SHOWN:
            self.rows.append({"row": row, "field": column, "message": message})

    def raise_if_any(self) -> None:
        """Raises InvalidRows: the first rows with field and reason, and how many more there are."""
        if not self.n:
            return
        shown = " ".join(f"Row {row['row']}, {row['field']}: {row['message']}" for row in self.rows[:5])
        more = f" And {self.n - 5} more." if self.n > 5 else ""
        raise InvalidRows(
            f"{shown}{more} Nothing of {self.file_name} was imported; correct it and import the file again.", self.rows
        )


@dataclass(frozen=True)
class Table:
    """A file with named columns. Rows are numbered as in a spreadsheet: in CSV the header is row 1."""

    path: Path
    name: str
    kind: str
    columns: list[str]

    def rows(self, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
        """(row number, one cell per column; None where there is none). Rows that cannot be read become problems."""
        if self.kind == "jsonl":
            return _json_rows(self, problems)
        if self.kind == "parquet":
            return _parquet_rows(self)
        return _csv_rows(self, problems)

    def place(self, column: str, *, option: str = "") -> int:
        """Where a column stands. Raises InvalidInput that names the columns there are."""
        if column in self.columns:
            return self.columns.index(column)
        advice = f"Correct the header, or name the right one with {option}." if option else "Correct the header."
        raise InvalidInput(
            f"{self.name} has no column {column!r}; it has {', '.join(self.columns)}. {advice} Nothing was imported.",
            {column: ["There is no such column."]},
        )


def open_table(path: Path, *, name: str = "") -> Table:
    """Looks at a file's kind (by the ending of its name) and header. Raises InvalidInput.

    name: how the person calls the file, where it lies under another name here.
    """
    name = name or path.name
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None:
        raise InvalidInput(f"{name} is no table that can be read; bring one that ends in {', '.join(KINDS)}.")
    if not path.is_file():
        raise InvalidInput(f"There is no file {name}.")
    if path.stat().st_size == 0:
        raise InvalidInput(f"{name} is empty. It needs a header and at least one row.")
    read_header = {"jsonl": _json_header, "parquet": _parquet_header}.get(kind, _csv_header)
    columns = read_header(path, name)
    doubles = [column for column, count in Counter(columns).items() if count > 1]
    if doubles:
        raise InvalidInput(f"{name} has two columns named {doubles[0]!r}, so it is not clear which one is meant.")
    if not columns or not any(columns):
        raise InvalidInput(f"{name} has no header that names its columns.")
    return Table(path, name, kind, columns)


def as_text(value: Any) -> str:
    """A cell as text: '' for nothing, whole numbers without .0. Raises ValueError for lists and objects."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise ValueError(f"expected a text or a number, not {_short(value)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- CSV ---


def _delimiter(name: str) -> str:
    return "\t" if name.lower().endswith(".tsv") else ","


def _csv_header(path: Path, name: str) -> list[str]:
    try:
        # files are decoded some kB at a time: bytes further down must not be blamed on the header
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            header = next(csv.reader(file, delimiter=_delimiter(name), strict=True), [])
        ",".join(header).encode()
    except (UnicodeEncodeError, csv.Error) as error:
        raise InvalidInput(f"{name}: the header cannot be read ({_why(error)}). Save it as CSV in UTF-8.") from error
    return [cell.strip() for cell in header]


def _csv_rows(table: Table, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
    width = len(table.columns)
    number = 1
    with table.path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, delimiter=_delimiter(table.name), strict=True)
        try:
            next(rows)
            for number, row in enumerate(rows, start=2):
                if len(row) == width:
                    yield number, row  # type: ignore[misc]  # list[str] is never written to
                elif row:
                    problems.add(
                        number,
                        "whole row",
                        f"it has {len(row)} cells, the header {width}. Put quotation marks around cells with commas.",
                    )
        except UnicodeDecodeError as error:
            problems.add(_first_bad_line(table.path), "whole row", f"{_why(error)}. Save the file as CSV in UTF-8.")
        except csv.Error as error:
            problems.add(number + 1, "whole row", f"from here on the file cannot be read ({_why(error)}).")


def _first_bad_line(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text: byte 0x{error.object[error.start]:02x}"
    if isinstance(error, UnicodeEncodeError):
        return "it is not UTF-8 text"
    if "field larger" in str(error):
        return f"a cell is longer than {csv.field_size_limit():,} characters, or a quotation mark is not closed"
    if "unexpected end" in str(error):
        return "a quotation mark is not closed"
    return str(error)


# --- JSON Lines ---


def _json_header(path: Path, name: str) -> list[str]:
    """All keys of all lines, in the order of their first sight: lines need not have the same ones."""
    keys: dict[str, None] = {}
    for _, row in _json_objects(path, Problems(name)):
        keys.update(dict.fromkeys(row))
    if not keys:
        raise InvalidInput(f"{name} holds no line with a JSON object.")
    return list(keys)


def _json_rows(table: Table, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
    for number, row in _json_objects(table.path, problems):
        yield number, [row.get(column) for column in table.columns]


def _json_objects(path: Path, problems: Problems) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                problems.add(number, "whole line", f"it is not JSON ({_short_error(error)}).")
                continue
            if isinstance(row, dict):
                yield number, row
            else:
                problems.add(number, "whole line", f"expected a JSON object, not {_short(row)}.")


def _short_error(error: Exception) -> str:
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


# --- Parquet ---


def _parquet_header(path: Path, name: str) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{name} is not a Parquet file that can be read ({error}).") from error


def _parquet_rows(table: Table) -> Iterator[tuple[int, list[Any]]]:
    number = 0
    try:
        with pq.ParquetFile(table.path) as file:
            for batch in file.iter_batches(batch_size=10_000):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, list(row)
    except pa.ArrowException as error:
        raise InvalidInput(
            f"{table.name} cannot be read after row {number} ({error}). Nothing was imported."
        ) from error
