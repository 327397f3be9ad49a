"""JSON Lines: one object per response, keys in the order of the columns, times as ISO 8601 texts in UTC."""

import json
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from snapshots.exports.flat import Progress, flat_batches, no_progress
from snapshots.reader import Snapshot

_ROWS_AT_ONCE = 4_096


def write_jsonl(snapshot: Snapshot, out: BinaryIO, progress: Progress = no_progress) -> None:
    """All responses, accepted and surplus, one line each; see `schema.RESPONSES` for the keys."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    for batch in flat_batches(snapshot, progress):
        for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
            rows = _plain(batch.slice(start, _ROWS_AT_ONCE)).to_pylist()
            out.write("".join(encode(row) + "\n" for row in rows).encode())


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns: list[Any] = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            column = pc.binary_replace_slice(column.cast(pa.string()), start=10, stop=11, replacement="T")
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
