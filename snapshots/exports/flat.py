"""The table that CSV, JSON Lines and Parquet exports share: each response beside the name of its picture."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from snapshots.reader import Snapshot
from snapshots.schema import RESPONSES, STIMULI, STIMULUS_COLUMNS_IN_EXPORTS

Progress: TypeAlias = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """For callers who do not want to know."""


def flat_schema(step_fields: Sequence[pa.Field]) -> pa.Schema:
    """The columns of an export: those of `responses`, with the stimulus's source and name after its key."""
    fields = list(RESPONSES.schema(step_fields))
    return pa.schema([fields[0], *(column.field for column in STIMULUS_COLUMNS_IN_EXPORTS), *fields[1:]])


class StimulusNames:
    """Finds source and name of a stimulus by its key; holds three short texts per stimulus in memory."""

    def __init__(self, snapshot: Snapshot) -> None:
        columns = ["stimulus_key", "source_dataset", "name"]
        table = pq.read_table(snapshot.folder / STIMULI.file_name, columns=columns).combine_chunks()
        self._keys, self._sources, self._names = (table[name].combine_chunks() for name in columns)

    def of(self, keys: pa.Array) -> tuple[pa.Array, pa.Array]:
        """(source, name) for every key."""
        place = pc.index_in(keys, self._keys)
        return self._sources.take(place), self._names.take(place)


def flat_batches(
    snapshot: Snapshot, progress: Progress, columns: Sequence[str] | None = None, *, accepted_only: bool = False
) -> Iterator[pa.RecordBatch]:
    """The rows of an export, in the order of the snapshot. progress: (responses done, responses in all)."""
    schema = flat_schema(snapshot.step_fields)
    names = StimulusNames(snapshot)
    done, total = 0, snapshot.n_responses
    progress(done, total)
    for batch in snapshot.responses(accepted_only=accepted_only):
        source, name = names.of(batch.column("stimulus_key"))
        whole = pa.RecordBatch.from_arrays([batch.column(0), source, name, *batch.columns[1:]], schema=schema)
        yield whole.select(list(columns)) if columns is not None else whole
        done += batch.num_rows
        progress(done, total)
    progress(total, total)


def ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; the next one is made by another thread while the caller writes this one, never more."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as other:
        coming = other.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = other.submit(next, batches, None)
            yield batch
            del batch
