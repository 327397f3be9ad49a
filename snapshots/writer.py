"""Writes a snapshot: rows stream in, a folder appears all at once when everything is checked and hashed."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from snapshots.canonical import CHUNK_ROWS
from snapshots.errors import RowsRefused, SnapshotError
from snapshots.manifest import Manifest, TableFacts, snapshot_id
from snapshots.schema import (
    IMAGES_FOLDER,
    MANIFEST_FILE,
    TABLES,
    TableShape,
    check_step_fields,
    check_study,
)
from snapshots.table_stream import (
    ChunkCutter,
    Rows,
    TableStream,
    check_references,
    record_batches,
)

_NOT_REPEATED = (
    "response_key",
    "image_sha256",
)  # a dictionary of values that never repeat is only in the way


def written_with() -> dict[str, str]:
    """The library on which the Parquet bytes depend, for the manifest."""
    return {"pyarrow": pa.__version__}


def parquet_writer(target: BinaryIO | RawIOBase, schema: pa.Schema) -> pq.ParquetWriter:
    """Parquet as every snapshot has it. Settings are part of the format: the same rows give the same bytes."""
    texts = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in _NOT_REPEATED]
    return pq.ParquetWriter(
        target,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=1,
        use_dictionary=texts,
        write_statistics=True,
        data_page_version="1.0",
        store_schema=False,
    )


def label_columns(study: Mapping[str, Any]) -> dict[str, list[str]]:
    """{column: label ids} for the choice steps that take one answer: their column holds nothing else."""
    single = {
        step["name"]
        for step in study["steps"]
        if step["kind"] == "choice" and not (isinstance(step["options"], Mapping) and step["options"].get("multiple"))
    }
    return {
        step: [str(label["id"]) for label in labels] for step, labels in study["label_sets"].items() if step in single
    }


class _TableWriter:
    """One table on its way to disk: cut, checked, hashed and written.

    beside: runs the hashing and the encoding of a chunk while the caller fetches the next one; both let other threads
    run. No more than one chunk is on its way, so that memory does not follow the table.
    """

    def __init__(
        self,
        shape: TableShape,
        schema: pa.Schema,
        path: Path,
        labels: Mapping[str, Sequence[str]],
        beside: ThreadPoolExecutor,
    ) -> None:
        self.schema, self.shape, self._path, self._beside = schema, shape, path, beside
        self.stream = TableStream(shape, schema, labels, beside)
        self._encoding: Future[None] | None = None
        self._cutter = ChunkCutter()
        self._file = path.open("wb")
        self._parquet = parquet_writer(self._file, schema)

    def add(self, rows: Rows) -> None:
        for batch in record_batches(rows, self.schema, self.shape.name):
            for chunk in self._cutter.add(batch):
                self._write(chunk)

    def _write(self, chunk: pa.RecordBatch) -> None:
        self.stream.add(chunk)
        self._wait()
        self._encoding = self._beside.submit(self._parquet.write_batch, chunk, row_group_size=CHUNK_ROWS)

    def _wait(self) -> None:
        encoding, self._encoding = self._encoding, None
        if encoding is not None:
            encoding.result()

    def close(self) -> TableFacts:
        for chunk in self._cutter.rest():
            self._write(chunk)
        self._wait()
        self._parquet.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        rows, columns, content = self.stream.close()
        with self._path.open("rb") as file:
            file_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return TableFacts(rows, columns, content, file_sha256, self._path.stat().st_size)

    def abandon(self) -> None:
        try:
            with suppress(Exception):  # what went wrong first is what is told
                self._wait()
            self._parquet.close()
        finally:
            self._file.close()


class SnapshotWriter:
    """Freezes a study into a folder. Nothing is visible under its name before `close` has returned.

    folder: where the snapshot will stand; must not exist yet.
    parent: give this instead of `folder` to name the folder by the snapshot's id inside `parent`; if that
        very snapshot stands there already, it is kept and nothing is written twice.
    study: what the manifest says about the study, see `schema.STUDY_KEYS`; plain JSON, no personal data.
    step_fields: the columns that the steps add to responses and revisions, in order; always nullable.

    Tables may be written in any order and in any number of pieces, but the rows of one table must come in
    the order of its key (texts by their UTF-8 bytes; in PostgreSQL: `collate "C"`). The pieces may have any
    size: id and bytes do not depend on it.

    Raises StudyRefused, RowsRefused, or SnapshotError if the folder exists; leave the `with` block by an
    exception and every trace is removed.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        study: Mapping[str, Any],
        step_fields: Sequence[pa.Field] = (),
        parent: Path | str | None = None,
    ) -> None:
        if (folder is None) == (parent is None):
            raise TypeError("Give either the folder of the snapshot or the parent to put it in.")
        self.study = check_study(study)
        self.step_fields = check_step_fields(step_fields)
        self._target = Path(folder) if folder is not None else None
        if self._target is not None and self._target.exists():
            raise SnapshotError(f"{self._target} exists already; a snapshot is never overwritten. Nothing was written.")
        self._parent = self._target.parent if self._target is not None else Path(parent or ".")
        self._parent.mkdir(parents=True, exist_ok=True)
        self._partial = self._parent / f".{secrets.token_hex(8)}.partial"
        self._partial.mkdir()
        self._beside = ThreadPoolExecutor(2)
        self._images: set[str] = set()
        self._closed = False
        labels = label_columns(self.study)
        self._tables = {
            name: _TableWriter(
                shape,
                shape.schema(self.step_fields),
                self._partial / shape.file_name,
                labels,
                self._beside,
            )
            for name, shape in TABLES.items()
        }

    @property
    def folder(self) -> Path:
        """Where the snapshot stands; known from the start only if `folder` was given."""
        if self._target is None:
            raise SnapshotError("The folder is named by the id, which is known only after close().")
        return self._target

    def schema(self, table: str) -> pa.Schema:
        """The Arrow schema that rows of this table must have."""
        return self._tables[table].schema

    def write_responses(self, rows: Rows) -> None:
        """Add responses, ascending by (stimulus_key, annotator): a RecordBatch, a Table, or dicts."""
        self._tables["responses"].add(rows)

    def write_revisions(self, rows: Rows) -> None:
        """Add earlier versions of answers, ascending by (response_key, number)."""
        self._tables["revisions"].add(rows)

    def write_stimuli(self, rows: Rows) -> None:
        """Add stimuli, ascending by stimulus_key."""
        self._tables["stimuli"].add(rows)

    def write_participations(self, rows: Rows) -> None:
        """Add participations, ascending by annotator."""
        self._tables["participations"].add(rows)

    def add_image(self, sha256: str, content: bytes) -> None:
        """Carry the file of an image along: either of all images that the stimuli name, or of none."""
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise RowsRefused(f"Image {sha256}: the bytes given have the hash {found}; the file has changed.")
        folder = self._partial / IMAGES_FOLDER
        folder.mkdir(exist_ok=True)
        (folder / f"{sha256}.jpg").write_bytes(content)
        self._images.add(sha256)

    def close(self) -> Manifest:
        """Check what only the whole can tell, write the manifest, and let the folder appear."""
        if self._closed:
            raise SnapshotError("This writer is closed already.")
        try:
            tables = {name: table.close() for name, table in self._tables.items()}
            check_references({name: table.stream for name, table in self._tables.items()})
            self._check_images()
            hashes = {name: facts.content_hash for name, facts in tables.items()}
            manifest = Manifest(snapshot_id(self.study, hashes), self.study, tables, written_with())
            path = self._partial / MANIFEST_FILE
            with path.open("wb") as file:
                file.write(manifest.as_text().encode())
                file.flush()
                os.fsync(file.fileno())
            self._publish(manifest)
        except BaseException:
            self.discard()
            raise
        self._closed = True
        self._beside.shutdown()
        return manifest

    def _check_images(self) -> None:
        if not self._images:
            return
        named = set(pq.read_table(self._partial / "stimuli.parquet", columns=["image_sha256"])[0].to_pylist()) - {None}
        if missing := sorted(named - self._images):
            raise RowsRefused(f"{len(missing)} of {len(named)} images were not given, such as {missing[0]}; give all.")
        if unknown := sorted(self._images - named):
            raise RowsRefused(f"Image {unknown[0]} belongs to no stimulus of this snapshot; do not add it.")

    def _publish(self, manifest: Manifest) -> None:
        if self._target is None:
            self._target = self._parent / manifest.id
            if (self._target / MANIFEST_FILE).exists():
                shutil.rmtree(self._partial)
                return
        try:
            self._partial.rename(self._target)
        except OSError as problem:
            raise SnapshotError(f"{self._target} could not be put in place ({problem}). Nothing was written.") from None

    def discard(self) -> None:
        """Give up: remove everything written so far."""
        if self._closed:
            return
        self._closed = True
        for table in self._tables.values():
            table.abandon()
        self._beside.shutdown()
        shutil.rmtree(self._partial, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was written if the block was left before `close`."""
        self.discard()
