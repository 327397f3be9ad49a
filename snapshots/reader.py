"""Reads a snapshot: small tables whole, responses as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from snapshots.canonical import CHUNK_ROWS
from snapshots.errors import ImageNotThere, SnapshotDamaged, SnapshotError
from snapshots.manifest import Manifest, read_manifest
from snapshots.schema import IMAGES_FOLDER, TABLES


def open_snapshot(folder: Path | str) -> "Snapshot":
    """Open a snapshot folder. Cheap: reads the manifest and compares its id; `verify` reads everything.

    Raises SnapshotDamaged if there is no manifest or its id is not that of what it lists.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    if manifest.id != manifest.id_of_content:
        raise SnapshotDamaged(
            f"manifest.json: the id is {manifest.id}, but its content gives {manifest.id_of_content}."
        )
    return Snapshot(path, manifest)


@dataclass(frozen=True)
class Snapshot:
    """A frozen study. Every method reads from the folder; nothing is kept in memory."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """64 hex digits: the hash of the content."""
        return self.manifest.id

    @property
    def study(self) -> dict[str, Any]:
        """What the snapshot says about the study, see `schema.STUDY_KEYS`."""
        return self.manifest.study

    @property
    def step_fields(self) -> list[pa.Field]:
        """The columns that the steps added to responses and revisions."""
        return self.manifest.step_fields

    @property
    def n_responses(self) -> int:
        """Rows in `responses`, accepted and surplus."""
        return self.manifest.tables["responses"].rows

    def label_set(self, step: str) -> list[dict[str, Any]]:
        """The labels of a choice step in their order: id, name, polarity and whatever the study says."""
        label_sets = self.study["label_sets"]
        if step not in label_sets:
            raise SnapshotError(f"Step {step!r} has no label set in this snapshot; there are: {sorted(label_sets)}.")
        labels: list[dict[str, Any]] = label_sets[step]
        return labels

    def step_named_by_kind(self, kind: str) -> str:
        """The name of the first step of a kind ("choice", "text"). Raises SnapshotError if there is none."""
        for step in self.study["steps"]:
            if step["kind"] == kind:
                return str(step["name"])
        kinds = [step["kind"] for step in self.study["steps"]]
        raise SnapshotError(f"This study has no step of kind {kind!r}; its steps are of the kinds {kinds}.")

    def stimuli(self) -> pa.Table:
        """All stimuli, ascending by stimulus_key."""
        return self._whole("stimuli")

    def participations(self) -> pa.Table:
        """All participations, ascending by annotator."""
        return self._whole("participations")

    def revisions(self) -> pa.Table:
        """Earlier versions of revised answers, ascending by (response_key, number)."""
        return self._whole("revisions")

    def responses(
        self,
        columns: Sequence[str] | None = None,
        *,
        accepted_only: bool = False,
        between: tuple[int, int] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The responses in batches of at most 65,536 rows, ascending by (stimulus_key, annotator).

        columns: which ones, in which order; None = all. accepted_only: leave out surplus responses. between: only the
        rows from the first number on and before the second, surplus responses counted; the rest is not read.
        """
        wanted = list(columns) if columns is not None else self.schema("responses").names
        if unknown := [name for name in wanted if name not in self.schema("responses").names]:
            raise SnapshotError(f"responses has no column {unknown[0]!r}; it has {self.schema('responses').names}.")
        to_read = wanted if not accepted_only or "status" in wanted else [*wanted, "status"]
        first, stop = between if between is not None else (0, self.n_responses)
        with pq.ParquetFile(self._path("responses"), pre_buffer=False) as file:
            groups, at = _row_groups(file, first, stop)
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, row_groups=groups, columns=to_read):
                inside = batch.slice(max(first - at, 0), max(stop - max(first, at), 0))
                at += batch.num_rows
                kept = inside.filter(pc.equal(inside.column("status"), "accepted")) if accepted_only else inside
                yield kept.select(wanted)

    def label_counts(self, step: str) -> tuple[list[str], list[str], np.ndarray]:
        """How often each label was given to each stimulus, by accepted responses.

        Returns the stimulus keys (S, ascending, unanswered ones included), the label ids (K, in the order of
        the label set), and the counts, (S, K) int64. Responses without an answer to this step count nowhere.
        """
        labels = [str(label["id"]) for label in self.label_set(step)]
        keys = pq.read_table(self._path("stimuli"), columns=["stimulus_key"])["stimulus_key"].combine_chunks()
        counts = np.zeros(len(keys) * len(labels), np.int64)
        label_ids = pa.array(labels, pa.string())
        for batch in self.responses(["stimulus_key", step], accepted_only=True):
            batch = batch.filter(batch.column(step).is_valid())
            row = pc.index_in(batch.column("stimulus_key"), keys)
            column = pc.index_in(batch.column(step), label_ids)
            if row.null_count or column.null_count:
                raise SnapshotDamaged(f"responses.parquet: a {step} is not in the label set {labels}, or no stimulus.")
            place = row.to_numpy().astype(np.int64) * len(labels) + column.to_numpy()
            counts += np.bincount(place, minlength=len(counts))
        return keys.to_pylist(), labels, counts.reshape(len(keys), len(labels))

    @property
    def has_images(self) -> bool:
        """Whether the image files are carried along."""
        return (self.folder / IMAGES_FOLDER).is_dir()

    def image_bytes(self, sha256: str) -> bytes:
        """The stored JPEG. Raises ImageNotThere if the snapshot does not carry it."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ImageNotThere(f"{sha256!r} is not a sha256 in lower-case hex digits.")
        try:
            return (self.folder / IMAGES_FOLDER / f"{sha256}.jpg").read_bytes()
        except FileNotFoundError:
            raise ImageNotThere(f"Snapshot {self.id[:12]} does not carry the image {sha256}.") from None

    def schema(self, table: str) -> pa.Schema:
        """The Arrow schema of a table."""
        return TABLES[table].schema(self.step_fields)

    def _path(self, table: str) -> Path:
        return self.folder / TABLES[table].file_name

    def _whole(self, table: str) -> pa.Table:
        return pq.read_table(self._path(table)).cast(self.schema(table))


def _row_groups(file: pq.ParquetFile, first: int, stop: int) -> tuple[list[int], int]:
    """The row groups that hold any of these rows, and the number of the first row in them."""
    groups: list[int] = []
    at, begin = 0, 0
    for group in range(file.metadata.num_row_groups):
        n = file.metadata.row_group(group).num_rows
        if at < stop and at + n > first:
            begin = begin if groups else at
            groups.append(group)
        at += n
    return groups, begin
