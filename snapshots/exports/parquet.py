"""Parquet: the flat table of responses with its types, for tools that read columns."""

from typing import BinaryIO

from snapshots.canonical import CHUNK_ROWS
from snapshots.exports.flat import Progress, ahead, flat_batches, flat_schema, no_progress
from snapshots.reader import Snapshot
from snapshots.writer import parquet_writer


def write_parquet(snapshot: Snapshot, out: BinaryIO, progress: Progress = no_progress) -> None:
    """All responses, accepted and surplus, one row each; see `schema.RESPONSES` for the columns."""
    with parquet_writer(out, flat_schema(snapshot.step_fields)) as writer:
        for batch in ahead(flat_batches(snapshot, progress)):
            writer.write_batch(batch, row_group_size=CHUNK_ROWS)
