"""Write many rows at once by COPY: row by row, or by the column."""

from collections.abc import Callable, Iterable
from io import StringIO
from itertools import islice
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

ROWS_AT_ONCE = 20_000
# COPY's text format: these four characters are written in two
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_rows(
    cursor: Any,
    table: str,
    columns: list[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    on_chunk: Callable[[int], None] | None = None,
) -> int:
    """COPY rows of text, numbers and None into a table, some thousands at a time. Returns how many."""
    rows, total = iter(rows), 0
    statement = f"copy {table} ({', '.join(columns)}) from stdin"
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        cursor.copy_expert(statement, StringIO("".join(_line(row) for row in chunk)))
        total += len(chunk)
        if on_chunk:
            on_chunk(total)
    return total


def copy_batch(cursor: Any, table: str, batch: pa.RecordBatch) -> int:
    """COPY a record batch into the columns of its names. Returns how many rows."""
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(batch, sink, arrow_csv.WriteOptions(include_header=False))
    # texts stand in quotation marks, so what stands between two commas without them is null, here as there
    statement = f"copy {table} ({', '.join(batch.schema.names)}) from stdin with (format csv)"
    cursor.copy_expert(statement, pa.BufferReader(sink.getvalue()))
    return int(batch.num_rows)


def next_ids(cursor: Any, table: str, n: int) -> list[int]:
    cursor.execute("select nextval(%s::regclass) from generate_series(1, %s)", [sequence_of(cursor, table), n])
    return [int(row[0]) for row in cursor.fetchall()]


def sequence_of(cursor: Any, table: str) -> str:
    """Where a table's ids come from; asked once, since looking it up per row costs more than the number itself."""
    cursor.execute("select pg_get_serial_sequence(%s, 'id')", [table])
    return str(cursor.fetchone()[0])


def _line(row: tuple[Any, ...]) -> str:
    cells = [
        "\\N" if cell is None else cell.translate(_ESCAPES) if isinstance(cell, str) else str(cell) for cell in row
    ]
    return "\t".join(cells) + "\n"
