"""Reads every byte of a snapshot and says what is wrong with it."""

import hashlib
import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from snapshots.canonical import CHUNK_ROWS
from snapshots.errors import RowsRefused, SnapshotDamaged, SnapshotError
from snapshots.foreign_parquet import foreign_batches
from snapshots.manifest import Manifest, TableFacts, read_manifest, snapshot_id
from snapshots.schema import IMAGES_FOLDER, MANIFEST_FILE, TABLE_FILES, TABLES, TableShape, check_study
from snapshots.table_stream import ChunkCutter, TableStream, check_references
from snapshots.writer import label_columns, parquet_writer, written_with

_IMAGE_FILE = re.compile(r"([0-9a-f]{64})\.jpg\Z")
_MAX_ROW_GROUP_BYTES = 2**31


def verify(folder: Path | str) -> list[str]:
    """Everything that is wrong with a snapshot, one sentence each, naming the file; empty = sound.

    Sound means: every file is there and has the bytes the manifest says; the rows are in order and refer to
    rows that exist; the content gives the content hashes and these give the id; every image has its hash.
    If the installed pyarrow is the one that wrote the files, they are also written anew and compared, so that
    the same id promises the same bytes.
    """
    path = Path(folder)
    try:
        manifest = read_manifest(path)
    except SnapshotDamaged as damage:
        return [str(damage)]
    problems = _check_manifest(path, manifest)
    streams: dict[str, TableStream] = {}
    with ThreadPoolExecutor(1) as hasher:
        for name, shape in TABLES.items():
            facts = manifest.tables[name]
            if not (path / shape.file_name).is_file():
                problems.append(f"{shape.file_name}: missing.")
                continue
            problems += _check_file(path / shape.file_name, facts)
            try:
                stream = TableStream(shape, shape.schema(manifest.step_fields), label_columns(manifest.study), hasher)
                found = _check_content(path / shape.file_name, shape, facts, stream, manifest)
            except RowsRefused as refused:
                problems.append(f"{shape.file_name}: {refused}")
            except (pa.ArrowException, OSError, SnapshotError, OverflowError) as problem:
                problems.append(f"{shape.file_name}: cannot be read ({problem}).")
            else:
                problems += found
                streams[name] = stream
        if len(streams) == len(TABLES):
            try:
                check_references(streams)
            except RowsRefused as refused:
                problems.append(f"A table refers to rows that are not there: {refused}")
    return problems + _check_folder(path) + _check_images(path)


def _check_manifest(path: Path, manifest: Manifest) -> list[str]:
    problems = []
    hashes = {name: facts.content_hash for name, facts in manifest.tables.items()}
    right_id = snapshot_id(manifest.study, hashes, manifest.format_version)
    if manifest.id != right_id:
        problems.append(f"{MANIFEST_FILE}: the id is {manifest.id}, but study and content hashes give {right_id}.")
    if (path / MANIFEST_FILE).read_bytes() != manifest.as_text().encode():
        problems.append(f"{MANIFEST_FILE}: says more or is written differently than a snapshot's manifest.")
    try:
        check_study(manifest.study)
    except SnapshotError as refused:
        problems.append(f"{MANIFEST_FILE}: {refused}")
    own = [
        [(column.name, column.type) for column in manifest.tables[name].columns[len(TABLES[name].columns) :]]
        for name in ("responses", "revisions")
    ]
    if own[0] != own[1]:
        problems.append(f"{MANIFEST_FILE}: responses and revisions do not have the same step columns.")
    return problems


def _check_file(path: Path, facts: TableFacts) -> list[str]:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == facts.file_sha256 and path.stat().st_size == facts.file_bytes:
        return []
    return [
        f"{path.name}: the bytes have changed (sha256 {found}, {path.stat().st_size} bytes; "
        f"the manifest says {facts.file_sha256}, {facts.file_bytes} bytes)."
    ]


class _HashingSink(io.RawIOBase):
    """A file that keeps only the hash of what is written to it."""

    def __init__(self) -> None:
        self.digest, self._place = hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def writable(self) -> bool:
        return True


def _check_content(
    path: Path, shape: TableShape, facts: TableFacts, stream: TableStream, manifest: Manifest
) -> list[str]:
    problems = []
    sink = _HashingSink()
    same_engine = manifest.written_with == written_with()
    with pq.ParquetFile(path) as file, parquet_writer(sink, stream.schema) as again:
        if not file.schema_arrow.equals(stream.schema):
            return [f"{path.name}: the columns or types are not those of the manifest: {file.schema_arrow.names}."]
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            if group.num_rows > CHUNK_ROWS or group.total_byte_size > _MAX_ROW_GROUP_BYTES:
                return [f"{path.name}: row group {number} is larger than this format allows ({group.num_rows} rows)."]
        cutter = ChunkCutter()
        for batch in foreign_batches(path):
            batch.validate(full=True)
            for chunk in cutter.add(batch):
                stream.add(chunk)
                again.write_batch(chunk, row_group_size=CHUNK_ROWS)
                stream.wait()
        for chunk in cutter.rest():
            stream.add(chunk)
            again.write_batch(chunk, row_group_size=CHUNK_ROWS)
    rows, columns, content = stream.close()
    if rows != facts.rows:
        problems.append(f"{path.name}: {rows} rows; the manifest says {facts.rows}.")
    for found, expected in zip(columns, facts.columns, strict=True):
        if found != expected:
            problems.append(f"{path.name}: column {found.name} has the hash {found.sha256}, not {expected.sha256}.")
    if content != facts.content_hash:
        problems.append(f"{path.name}: the content hash is {content}; the manifest says {facts.content_hash}.")
    if same_engine and not problems and sink.digest.hexdigest() != facts.file_sha256:
        problems.append(f"{path.name}: the content is right, but written differently than pyarrow writes a snapshot.")
    return problems


def _check_folder(path: Path) -> list[str]:
    known = {MANIFEST_FILE, IMAGES_FOLDER, *TABLE_FILES}
    return [
        f"{entry.name}: does not belong into a snapshot." for entry in sorted(path.iterdir()) if entry.name not in known
    ]


def _check_images(path: Path) -> list[str]:
    folder = path / IMAGES_FOLDER
    if not folder.is_dir():
        return []
    try:
        named = set(pq.read_table(path / "stimuli.parquet", columns=["image_sha256"])[0].to_pylist()) - {None}
    except (pa.ArrowException, OSError):
        return []  # said already: the table cannot be read
    problems = []
    found = set()
    for entry in sorted(folder.iterdir()):
        match = _IMAGE_FILE.match(entry.name)
        if match is None or match[1] not in named or not entry.is_file():
            problems.append(f"{IMAGES_FOLDER}/{entry.name}: belongs to no stimulus of this snapshot.")
            continue
        found.add(match[1])
        with entry.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != match[1]:
            problems.append(f"{IMAGES_FOLDER}/{entry.name}: the bytes have changed; their sha256 is {digest}.")
    problems += [f"{IMAGES_FOLDER}/{sha256}.jpg: missing." for sha256 in sorted(named - found)]
    return problems
