"""Checked rows of an import on this machine's disk, until the database is ready for them.

They come back in the order of their stimuli, as far as memory allows: the indexes on stimuli are then filled from one
end to the other and not here and there, which takes a quarter less time. Memory does not follow the file.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

STIMULI_TOGETHER = 10_000
ROWS_TOGETHER = 65_536

SCHEMA = pa.schema(
    {"number": pa.int32(), "worker": pa.int32(), "item": pa.int32(), "label": pa.string(), "words": pa.string()}
)


class RowsAside:
    """A context: the files go away at its end. Rows are (number, worker, item, label, words), see SCHEMA."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="commonground-rows-")
        self._files: dict[str, tuple[pa.OSFile, pa.RecordBatchStreamWriter]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()
        self._folder.cleanup()

    def add(self, batch: pa.RecordBatch) -> None:
        """Puts rows aside."""
        self._write("all", batch)

    def forget(self) -> None:
        """Begin anew, as if no row had come."""
        for name in list(self._files):
            self._remove(name)

    def in_order(self, place: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        """All rows, ascending by the place of their item, as far as ROWS_TOGETHER reach. Call it once, at the end.

        place: of every item, by its number (items,), from 0.
        """
        for batch in self._read("all"):
            part = place[batch.column("item").to_numpy()] // STIMULI_TOGETHER
            for number in np.unique(part).tolist():
                self._write(f"{number:09}", batch.filter(pa.array(part == number)))
        self._remove("all")
        for name in sorted(self._files):
            waiting: list[pa.RecordBatch] = []
            for batch in self._read(name):
                waiting.append(batch)
                if sum(each.num_rows for each in waiting) >= ROWS_TOGETHER:
                    yield _sorted(waiting, place)
                    waiting = []
            if waiting:
                yield _sorted(waiting, place)
            self._remove(name)

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def _write(self, name: str, batch: pa.RecordBatch) -> None:
        if name not in self._files:
            file = pa.OSFile(str(self._path(name)), "wb")
            self._files[name] = (file, pa.ipc.new_stream(file, SCHEMA))
        self._files[name][1].write_batch(batch)

    def _read(self, name: str) -> Iterator[pa.RecordBatch]:
        self._close(name)
        with pa.OSFile(str(self._path(name))) as file, pa.ipc.open_stream(file) as rows:
            yield from rows

    def _close(self, name: str) -> None:
        file, writer = self._files[name]
        if not file.closed:
            writer.close()
            file.close()

    def _remove(self, name: str) -> None:
        self._close(name)
        self._path(name).unlink()
        del self._files[name]


def _sorted(batches: list[pa.RecordBatch], place: NDArray[np.int64]) -> pa.RecordBatch:
    together = pa.concat_batches(batches)
    keys = pa.table({"place": place[together.column("item").to_numpy()], "number": together.column("number")})
    return together.take(pc.sort_indices(keys, sort_keys=[("place", "ascending"), ("number", "ascending")]))
