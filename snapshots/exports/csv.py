"""CSV that a spreadsheet opens without running anything, and that reads back cell by cell.

A spreadsheet takes a cell that starts with = + - @, a tab or a carriage return for a formula. Such a cell gets
one ' in front; so does one that already starts with 's before such a character, so that taking one ' away
again gives back every cell. Texts stand in quotation marks; nothing between two commas is null.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from snapshots.csv_cells import DANGEROUS
from snapshots.exports.flat import Progress, ahead, flat_batches, flat_schema, no_progress
from snapshots.reader import Snapshot

ROWS_AT_ONCE = 16_384  # so many are turned into cells and written together: a cell takes more memory than its value


def guard_cells(column: pa.StringArray) -> pa.StringArray:
    """Put one ' in front of every cell that a spreadsheet might run."""
    return pc.replace_substring_regex(column, pattern=rf"\A('*{DANGEROUS})", replacement=r"'\1", max_replacements=1)


def unguard_cells(column: pa.StringArray) -> pa.StringArray:
    """Take away what `guard_cells` put there."""
    return pc.replace_substring_regex(column, pattern=rf"\A'('*{DANGEROUS})", replacement=r"\1", max_replacements=1)


def _as_cells(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            text = column.cast(pa.string())  # 2026-11-21 10:00:00.000000Z
            columns.append(pc.binary_replace_slice(text, start=10, stop=11, replacement="T"))
        else:
            columns.append(guard_cells(column) if pa.types.is_string(column.type) else column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _cells(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            yield _as_cells(batch.slice(start, ROWS_AT_ONCE))


def write_cells(batches: Iterable[pa.RecordBatch], schema: pa.Schema, out: BinaryIO) -> None:
    """Write batches of one schema as safe CSV with a header: UTF-8, comma, newline."""
    fields = [pa.field(f.name, pa.string() if pa.types.is_timestamp(f.type) else f.type) for f in schema]
    with arrow_csv.CSVWriter(out, pa.schema(fields)) as writer:
        for batch in ahead(_cells(batches)):
            writer.write_batch(batch)


def write_csv(snapshot: Snapshot, out: BinaryIO, progress: Progress = no_progress) -> None:
    """All responses, accepted and surplus, one row each; see `schema.RESPONSES` for the columns."""
    write_cells(flat_batches(snapshot, progress), flat_schema(snapshot.step_fields), out)
