"""The accepted answers of a frozen study's choice step as arrays, with what groups, sources and periods need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from snapshots.errors import SnapshotDamaged
from snapshots.reader import Snapshot

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class LabelAnswers:
    """One entry per accepted response that answers the step: stimulus, person, label (indexes), created (microseconds
    since 1970, UTC), is_simulated.

    keys, sources: of the stimuli. pseudonyms, cohorts, languages: of the people, ascending by pseudonym. labels: the
    label set.
    """

    step: str
    labels: list[dict[str, Any]]
    stimulus: Integers
    person: Integers
    label: Integers
    created: Integers
    is_simulated: NDArray[np.bool_]
    keys: list[str]
    sources: list[str]
    pseudonyms: list[str]
    cohorts: list[str]
    languages: list[str]

    def only(self, rows: NDArray[np.bool_]) -> "LabelAnswers":
        """The same stimuli and people, with these answers only."""
        columns = {
            name: getattr(self, name)[rows] for name in ("stimulus", "person", "label", "created", "is_simulated")
        }
        return LabelAnswers(**{**self.__dict__, **columns})


def choice_steps(snapshot: Snapshot) -> list[str]:
    """The names of the steps that have a label set, in their order."""
    return [str(step["name"]) for step in snapshot.study["steps"] if step["name"] in snapshot.study["label_sets"]]


def placed_batches(
    snapshot: Snapshot, step: str, columns: Sequence[str]
) -> Iterator[tuple[pa.RecordBatch, dict[str, Integers]]]:
    """The accepted responses that answer the step: some rows of `columns`, and for each row the place of its stimulus
    and person in the snapshot's tables, and of its label in the step's label set.

    Raises SnapshotDamaged where one of them is not there.
    """
    tables = {
        "stimulus_key": snapshot.stimuli()["stimulus_key"].combine_chunks(),
        "annotator": snapshot.participations()["annotator"].combine_chunks(),
        step: pa.array([str(label["id"]) for label in snapshot.label_set(step)], pa.string()),
    }
    for batch in snapshot.responses([*tables, *columns], accepted_only=True):
        batch = batch.filter(batch.column(step).is_valid())
        found = [pc.index_in(batch.column(name), table) for name, table in tables.items()]
        if any(places.null_count for places in found):
            raise SnapshotDamaged(f"responses.parquet: a {step}, an annotator or a stimulus is not in its table.")
        integers = (places.to_numpy().astype(np.int64) for places in found)
        yield batch, dict(zip(("stimulus", "person", "label"), integers, strict=True))


def label_answers(snapshot: Snapshot, step: str | None = None) -> LabelAnswers:
    """step: by default the first choice step. Raises SnapshotError where there is none, or the files are damaged."""
    name = step or snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(name)
    stimuli, people = snapshot.stimuli(), snapshot.participations()
    columns: dict[str, list[Any]] = {each: [] for each in ("stimulus", "person", "label", "created", "is_simulated")}
    for batch, places in placed_batches(snapshot, name, ["created_at", "is_simulated"]):
        for each, column in places.items():
            columns[each].append(column)
        columns["created"].append(batch.column("created_at").cast(pa.int64()).to_numpy())
        columns["is_simulated"].append(batch.column("is_simulated").to_numpy(zero_copy_only=False))
    nothing = np.zeros(0, dtype=np.int64)
    joined = {each: np.concatenate([nothing, *parts]) for each, parts in columns.items()}
    return LabelAnswers(
        step=name,
        labels=[{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels],
        stimulus=joined["stimulus"],
        person=joined["person"],
        label=joined["label"],
        created=joined["created"],
        is_simulated=joined["is_simulated"].astype(bool),
        keys=stimuli["stimulus_key"].to_pylist(),
        sources=stimuli["source_dataset"].to_pylist(),
        pseudonyms=people["annotator"].to_pylist(),
        cohorts=people["cohort"].to_pylist(),
        languages=people["language"].to_pylist(),
    )


def as_groups(values: Sequence[str]) -> tuple[list[str], Integers]:
    """The different values, ascending, and each one's place among them."""
    names, place = np.unique(np.asarray(values, dtype=object).astype(str), return_inverse=True)
    return names.tolist(), place.reshape(-1).astype(np.int64)
