"""The columns of Affection's public raw file: who wrote what about which picture.

Source: Affection's release, `workerid, utterance, emotion, dataset, image_name`.
"""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from snapshots.errors import ExportImpossible, SnapshotError
from snapshots.exports.csv import write_cells
from snapshots.exports.flat import Progress, flat_batches, no_progress
from snapshots.label_sets import AFFECTION
from snapshots.reader import Snapshot

RAW_SCHEMA = pa.schema([(name, pa.string()) for name in ("workerid", "utterance", "emotion", "dataset", "image_name")])
SIMULATED_PREFIX = "simulated_"
AFFECTIONS_NAMES = {label["id"]: label["name"] for label in AFFECTION}
"""Affection's columns have no place for the mark of simulated responses, so it stands before the pseudonym."""


def write_affection_raw(snapshot: Snapshot, out: BinaryIO, progress: Progress = no_progress) -> None:
    """All accepted responses. Emotions are written by their names in lower case ("something else"); Affection's by
    its own names, whatever the study calls them.

    Raises ExportImpossible if the study has no choice step with a label set, or no text step.
    """
    write_cells(raw_batches(snapshot, progress), RAW_SCHEMA, out)


def emotion_and_text_steps(snapshot: Snapshot) -> tuple[str, str]:
    """The names of the first choice step and the first text step. Raises ExportImpossible if one is absent."""
    try:
        emotion, text = snapshot.step_named_by_kind("choice"), snapshot.step_named_by_kind("text")
        snapshot.label_set(emotion)
    except SnapshotError as problem:
        raise ExportImpossible(
            f"Affection's schema needs an emotion and a text. {problem} Export CSV or JSON Lines instead."
        ) from None
    for step in (emotion, text):
        if step not in snapshot.schema("responses").names:
            raise ExportImpossible(f"Step {step!r} has no column of its name in this snapshot; export CSV instead.")
    return emotion, text


def raw_batches(snapshot: Snapshot, progress: Progress, further: tuple[str, ...] = ()) -> Iterator[pa.RecordBatch]:
    """Affection's raw columns, followed by the further columns of the flat table that are asked for."""
    emotion, text = emotion_and_text_steps(snapshot)
    labels = snapshot.label_set(emotion)
    ids = pa.array([str(label["id"]) for label in labels])
    names = pa.array([AFFECTIONS_NAMES.get(str(label["id"]), str(label.get("name", label["id"]))) for label in labels])
    names = pc.utf8_lower(names)
    columns = ["annotator", "is_simulated", text, emotion, "stimulus_source", "stimulus_name", *further]
    for batch in flat_batches(snapshot, progress, columns, accepted_only=True):
        marks = pc.if_else(batch.column("is_simulated"), SIMULATED_PREFIX, "")
        yield pa.RecordBatch.from_arrays(
            [
                pc.binary_join_element_wise(marks, batch.column("annotator"), ""),
                batch.column(text),
                names.take(pc.index_in(batch.column(emotion), ids)),
                batch.column("stimulus_source"),
                batch.column("stimulus_name"),
                *(batch.column(name) for name in further),
            ],
            schema=pa.schema([*RAW_SCHEMA, *(batch.schema.field(name) for name in further)]),
        )
