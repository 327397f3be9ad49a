"""What a snapshot says about its texts, as columns."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts
from analysis.language.study_texts import StudyTexts, largest_sources
from analysis.language.text_keys import Texts
from snapshots.errors import SnapshotError
from snapshots.reader import Snapshot


@dataclass(frozen=True)
class TextColumns:
    """One row per accepted response, in the snapshot's order: the first text step, by the first choice step.

    texts, languages: (n,) the texts, "" where there is none, and the pages' languages. emotion: (n,) place in labels,
    or their number. image: (n,) place in image_keys. person: (n,) a number each. descriptions: {image: its own words}.
    """

    texts: Texts
    languages: Texts
    emotion: NDArray[np.int64]
    image: NDArray[np.int64]
    person: NDArray[np.int64]
    n_simulated: int
    labels: list[dict[str, str]]
    image_keys: list[str]
    source_of_image: NDArray[np.int64]
    sources: list[str]
    descriptions: dict[int, str]

    def study(self, described: DescribedTexts) -> StudyTexts:
        return StudyTexts(
            described, self.emotion, self.image, self.person, self.source_of_image, self.labels, self.sources
        )

    def texts_of(self, rows: NDArray[np.int64]) -> list[str]:
        found: list[str] = self.texts.take(pa.array(rows)).to_pylist()
        return found


def text_step(snapshot: Snapshot) -> str:
    """The first text step. Raises SnapshotError if there is none."""
    step = snapshot.step_named_by_kind("text")
    if step not in snapshot.schema("responses").names:
        raise SnapshotError(f"The text step {step!r} has no column of its name in this snapshot.")
    return step


def texts_between(snapshot: Snapshot, first: int, stop: int) -> tuple[Texts, Texts]:
    """The texts and languages of the accepted ones among these rows of the snapshot's responses."""
    step = text_step(snapshot)
    batches = list(snapshot.responses([step, "language"], accepted_only=True, between=(first, stop)))
    texts = pa.chunked_array([pc.fill_null(batch.column(step), "") for batch in batches], pa.string())
    return texts, pa.chunked_array([batch.column("language") for batch in batches], pa.string())


def text_columns(snapshot: Snapshot) -> TextColumns:
    """Raises SnapshotError if the study has no text step."""
    step = text_step(snapshot)
    choice = next((each["name"] for each in snapshot.study["steps"] if each["kind"] == "choice"), None)
    if choice not in snapshot.study["label_sets"] or choice not in snapshot.schema("responses").names:
        choice = None
    labels = [
        {"id": str(label["id"]), "name": str(label.get("name") or label["id"]),
         "polarity": str(label.get("polarity") or "")}
        for label in (snapshot.label_set(choice) if choice is not None else [])
    ]  # fmt: skip
    stimuli = snapshot.stimuli()
    keys = stimuli["stimulus_key"].combine_chunks()
    columns = ["stimulus_key", "annotator", "language", "is_simulated", step, *([choice] if choice else [])]
    ids = pa.array([label["id"] for label in labels], pa.string())
    batches = list(snapshot.responses(columns, accepted_only=True))
    table = pa.Table.from_batches(batches, schema=pa.schema([snapshot.schema("responses").field(c) for c in columns]))
    emotion = pc.index_in(table[choice], ids) if choice else pa.nulls(len(table), pa.int32())
    image = pc.index_in(table["stimulus_key"], keys).to_numpy().astype(np.int64)
    people = pc.unique(table["annotator"])
    source_of_image, sources = largest_sources(
        stimuli["source_dataset"].combine_chunks(), np.bincount(image, minlength=len(keys))
    )
    return TextColumns(
        texts=pc.fill_null(table[step], ""),
        languages=table["language"],
        emotion=emotion.fill_null(len(labels)).to_numpy().astype(np.int64),
        image=image,
        person=pc.index_in(table["annotator"], people).to_numpy().astype(np.int64),
        n_simulated=int(pc.sum(table["is_simulated"]).as_py() or 0),
        labels=labels,
        image_keys=keys.to_pylist(),
        source_of_image=source_of_image,
        sources=sources,
        descriptions=_descriptions(stimuli),
    )


def _descriptions(stimuli: pa.Table) -> dict[int, str]:
    """Of the stimuli that have one: the description, and whatever the source called tags, keywords or a caption."""
    says = pc.or_(
        pc.not_equal(pc.fill_null(stimuli["description"], ""), ""),
        pc.invert(pc.is_in(pc.fill_null(stimuli["metadata"], ""), pa.array(["", "{}"]))),
    )
    # most say nothing, and there may be a hundred thousand of them
    rows = np.flatnonzero(says.to_numpy())
    chosen = stimuli.take(pa.array(rows))
    told = zip(rows.tolist(), chosen["description"].to_pylist(), chosen["metadata"].to_pylist(), strict=True)
    return {row: text for row, words, metadata in told if (text := _description(words, metadata))}


def _description(description: str, metadata: str) -> str:
    found = [description or ""]
    further = json.loads(metadata) if metadata else {}
    if isinstance(further, dict):
        for name in ("tags", "keywords", "caption", "objects"):
            value = further.get(name)
            found.append(" ".join(map(str, value)) if isinstance(value, list) else str(value or ""))
    return " ".join(text for text in found if text).strip()
