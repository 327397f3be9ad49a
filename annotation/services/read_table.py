"""Read a table that somebody brings: CSV, TSV, JSON Lines or Parquet, row by row, with a sentence for what is wrong.

Long files are read by the column as well, six times as fast; that way takes only what both ways read alike.
"""

import csv
import json
import math
import mmap
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from annotation.errors import InvalidInput, InvalidRows

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MOST_SHOWN = 20
BYTES_AT_ONCE = 4 << 20
ROWS_AT_ONCE = 20_000
HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")  # of one beyond U+FFFF; JSON may hold it without its other half
# what str.strip() takes away; Arrow's own idea of white space is another one
WHITE_SPACE = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


class NotByColumn(Exception):
    """The table, or a column of it, needs a closer look: read it row by row."""


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
    delimiter: str = ","

    def rows(self, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
        """(row number, one cell per column; None where there is none). Rows that cannot be read become problems."""
        if self.kind == "jsonl":
            return _json_rows(self, problems)
        if self.kind == "parquet":
            return _parquet_rows(self)
        return _csv_rows(self, problems)

    def batches(self, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """(number of the first row, some rows of these columns as texts, '' where there is nothing).

        Cells of CSV are as they stand in the file, see `trimmed`.

        Raises NotByColumn, perhaps in the middle.
        """
        if self.kind == "jsonl":
            raise NotByColumn
        return _parquet_batches(self, columns) if self.kind == "parquet" else _csv_batches(self, columns)

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
    if not os.access(path, os.R_OK):
        raise InvalidInput(f"{name} may not be read by this user; give it the right, or run the command as another.")
    if path.stat().st_size == 0:
        raise InvalidInput(f"{name} is empty. It needs a header and at least one row.")
    delimiter = _delimiter(path, name) if kind in ("csv", "tsv") else ""
    if kind == "jsonl":
        columns = _json_header(path, name)
    elif kind == "parquet":
        columns = _parquet_header(path, name)
    else:
        columns = _csv_header(path, name, delimiter)
    # a spreadsheet writes columns that were emptied without a name; nobody means those
    doubles = [column for column, count in Counter(columns).items() if count > 1 and column]
    if doubles:
        raise InvalidInput(f"{name} has two columns named {doubles[0]!r}, so it is not clear which one is meant.")
    if not columns or not any(columns):
        raise InvalidInput(f"{name} has no header that names its columns.")
    return Table(path, name, kind, columns, delimiter)


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
    if isinstance(value, Decimal):
        text = "" if value.is_nan() else format(value, "f")  # never through a float: it may be an id
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise ValueError(f"expected a text or a number, not {_short(value)}")


def trimmed(column: pa.StringArray) -> pa.StringArray:
    """A column as `as_text` gives its cells: without white space around them."""
    return pc.utf8_trim(column, characters=WHITE_SPACE)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- CSV ---


def _delimiter(path: Path, name: str) -> str:
    """Tabs in a .tsv; in a .csv what stands in its first line: spreadsheets of many countries write semicolons."""
    if name.lower().endswith(".tsv"):
        return "\t"
    with path.open("rb") as file:
        first = file.readline(BYTES_AT_ONCE)
    return next((sign for sign in (",", ";", "\t") if sign.encode() in first), ",")


def _csv_header(path: Path, name: str, delimiter: str) -> list[str]:
    try:
        # files are decoded some kB at a time: bytes further down must not be blamed on the header
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
        ",".join(header).encode()
    except (UnicodeEncodeError, csv.Error) as error:
        raise InvalidInput(f"{name}: the header cannot be read ({_why(error)}). Save it as CSV in UTF-8.") from error
    return [cell.strip() for cell in header]


def _csv_rows(table: Table, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
    width = len(table.columns)
    number = 1
    with table.path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, delimiter=table.delimiter, strict=True)
        try:
            next(rows)
            for number, row in enumerate(rows, start=2):
                if len(row) == width:
                    # a spreadsheet leaves rows that were emptied; in a single column an empty cell is meant to be one
                    if width == 1 or any(cell.strip() for cell in row):
                        yield number, row  # type: ignore[misc]  # list[str] is never written to
                elif len(row) > width and not any(cell.strip() for cell in row[width:]):
                    yield number, row[:width]  # type: ignore[misc]  # the line ends in delimiters
                elif row:
                    problems.add(number, "whole row", _wrong_width(len(row), width, SIGNS[table.delimiter]))
        except UnicodeDecodeError as error:
            problems.add(_first_bad_line(table.path), "whole row", f"{_why(error)}. Save the file as CSV in UTF-8.")
        except csv.Error as error:
            problems.add(number + 1, "whole row", f"from here on the file cannot be read ({_why(error)}).")


def _wrong_width(n: int, width: int, signs: str) -> str:
    found = f"it has {n} cell{'s' if n > 1 else ''}, the header {width}."
    if n > width:
        return f"{found} Put quotation marks around cells with {signs}."
    return f"{found} Some are missing: write all of them, with {signs} between, also where they are empty."


def _csv_batches(table: Table, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    if not _quotes_are_strict(table.path, table.delimiter):
        raise NotByColumn
    number = 2
    try:
        with arrow_csv.open_csv(
            table.path,
            # the header is read as a row and left out: its names were trimmed when the table was opened
            read_options=arrow_csv.ReadOptions(
                column_names=table.columns, skip_rows_after_names=1, block_size=BYTES_AT_ONCE
            ),
            # an empty line counts as a row here as there
            parse_options=arrow_csv.ParseOptions(
                delimiter=table.delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=columns, column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        ) as reader:
            for batch in reader:
                yield number, batch
                number += batch.num_rows
    except pa.ArrowException as error:
        raise NotByColumn from error


def _quotes_are_strict(path: Path, delimiter: str) -> bool:
    """Whether every cell with quotation marks is opened at its start and closed at its end, so that all readers agree.

    Every second quotation mark opens: it stands after a delimiter, at the beginning of a line, or right after the one
    that closed before (two together are one of the text). The others close: the same, seen from the right.
    """
    border = np.zeros(256, bool)
    border[[ord(delimiter), ord("\n"), ord("\r")]] = True
    n_before = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begin = 3 if content[:3] == b"\xef\xbb\xbf" else 0
        for start in range(begin, len(content), BYTES_AT_ONCE):
            # with one byte before and one after; the file's own ends count as borders
            piece = np.frombuffer(
                (content[start - 1 : start] if start > begin else b"\n")
                + (content[start : start + BYTES_AT_ONCE + 1] + b"\n")[: BYTES_AT_ONCE + 1],
                np.uint8,
            )
            places = np.flatnonzero(piece[1:-1] == ord('"')) + 1
            opens = (np.arange(len(places)) + n_before) % 2 == 0
            outside = np.where(opens, piece[places - 1], piece[places + 1])
            if not (border[outside] | (outside == ord('"'))).all():
                return False
            n_before += len(places)
    return n_before % 2 == 0


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
    if "expected after" in str(error):
        return "something follows the quotation mark that closes a cell; write a quotation mark of the text twice"
    return str(error)


# --- JSON Lines ---


def _json_header(path: Path, name: str) -> list[str]:
    """All keys of all lines, in the order of their first sight: lines need not have the same ones."""
    keys: dict[str, None] = {}
    problems = Problems(name)
    for _, row in _json_objects(path, problems):
        keys.update(dict.fromkeys(row))
    if not keys:
        first = f" Line {problems.rows[0]['row']}: {problems.rows[0]['message']}" if problems.n else ""
        raise InvalidInput(f"{name} holds no line with a JSON object.{first}")
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
            if HALF_CHARACTER.search(line) and not _is_whole(row):
                problems.add(number, "whole line", "it holds half of a character (a lone surrogate such as \\ud83d).")
                continue
            if isinstance(row, dict):
                yield number, row
            else:
                problems.add(number, "whole line", f"expected a JSON object, not {_short(row)}.")


def _is_whole(row: Any) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


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
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:  # the last two: dates beyond the year 9999
        raise InvalidInput(
            f"{table.name} cannot be read after row {number} ({error}). Nothing was imported."
        ) from error


def _parquet_batches(table: Table, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    number = 1
    try:
        with pq.ParquetFile(table.path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
                texts = [_as_texts(batch.column(column)) for column in columns]
                yield number, pa.RecordBatch.from_arrays(texts, names=columns)
                number += batch.num_rows
    except pa.ArrowException as error:
        raise NotByColumn from error


def _as_texts(column: pa.Array) -> pa.StringArray:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
    ):
        raise NotByColumn
    return pc.fill_null(column.cast(pa.string()), "")
