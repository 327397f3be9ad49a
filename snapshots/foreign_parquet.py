"""Reads Parquet files that somebody else made, without letting a small file fill the memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from snapshots.canonical import CHUNK_ROWS
from snapshots.errors import FileUnreadable

_MAX_TEXT_BYTES = 2**30


def foreign_schema(source: Path | BinaryIO) -> pa.Schema:
    """The columns and types of the file, as Arrow sees them."""
    with pq.ParquetFile(source) as file:
        return file.schema_arrow


def foreign_batches(source: Path | BinaryIO) -> Iterator[pa.RecordBatch]:
    """The rows in batches of at most 65,536, all columns.

    A long text that Parquet stores once and repeats by number for every row would unpack to thousands of
    times the file's size; so texts are read as numbers into a dictionary first, and unpacked only if the batch
    then holds at most 1 GiB of text.
    Raises FileUnreadable naming the column if it would hold more.
    """
    schema = foreign_schema(source)
    if not isinstance(source, Path):
        source.seek(0)
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetFile(source, read_dictionary=texts) as file:
        row = 0
        for batch in file.iter_batches(batch_size=CHUNK_ROWS):
            columns = [_unpacked(column, field, row) for field, column in zip(schema, batch.columns, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
            row += batch.num_rows


def _unpacked(column: pa.Array, field: pa.Field, first_row: int) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column
    lengths = pc.binary_length(column.dictionary).cast(pa.int64())
    n_bytes = pc.sum(lengths.take(column.indices)).as_py() or 0
    if n_bytes > _MAX_TEXT_BYTES:
        raise FileUnreadable(
            f"Column {field.name}, from row {first_row}: {len(column)} rows would unpack to {n_bytes} bytes of text; "
            f"at most {_MAX_TEXT_BYTES} are read at once."
        )
    return column.cast(field.type)
