"""The language of a study's explanations: what the language page shows, of one snapshot."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from numpy.typing import NDArray

from analysis.language import counted, counted_words
from analysis.language.describe import VERSION, DescribedTexts, describe_all
from analysis.language.errors import LexiconUnreadable
from analysis.language.lexicons import read_affect, read_concreteness
from analysis.language.similarity import Similarity, sample_of_images, similarity, tf_idf
from analysis.language.study_texts import StudyTexts, largest_sources
from analysis.over_snapshots.kept_descriptions import keep_descriptions, read_descriptions
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import DEFAULT_SEED
from modelserve.errors import ModelServeError
from modelserve.sentences import sentence_vectors
from snapshots.errors import SnapshotError
from snapshots.presets import splits_of
from snapshots.reader import Snapshot

NAME = "words"


def words(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Everything the language page shows, of the accepted responses' first text step, by their first choice step.

    Raises SnapshotError if the study has no text step. A lexicon or encoder that cannot be read is left out, and said.
    """
    lexicons, concreteness, affect = _lexicons()
    read = _read(snapshot)
    path = Path(settings.CACHE_DIR) / NAME / f"{_kept_under(snapshot, lexicons)}.npz"
    described, n_new = describe_all(
        read.texts,
        read.languages,
        concreteness=concreteness,
        affect=affect,
        known=read_descriptions(path),
        progress=lambda done, total: progress(done, total + total // 10 + 1, "reading the explanations"),
    )
    described = described.canonical()
    if n_new:
        keep_descriptions(path, described)
    steps = 8
    study = read.study(described)
    parts: dict[str, Any] = {}

    def part(number: int, name: str, make: Callable[[], Any]) -> None:
        progress(10 * steps + number, 11 * steps, f"counting: {name.replace('_', ' ')}")
        parts[name] = make()

    part(0, "cells", lambda: counted.cells(study))
    part(1, "marking", lambda: counted_words.marking(study))
    part(2, "pairs", lambda: counted_words.pairs(study))
    ratings = concreteness.single_words if concreteness is not None else None
    part(3, "things", lambda: counted_words.things(study, ratings, read.descriptions))
    part(4, "different_words_per_image", lambda: counted.different_words_per_image(study))
    part(5, "similes", lambda: counted.similes(study))
    part(5, "something_else", lambda: counted.something_else(study))
    part(5, "languages", lambda: counted.languages(study))
    part(6, "presets", lambda: counted.presets(study, splits_of(read.image_keys)))
    part(7, "similarity", lambda: _similarity(study, read, options, progress))
    parts["images"] = {str(row): read.image_keys[row] for row in counted.image_rows([parts])}
    progress(11 * steps, 11 * steps, "")
    return {
        "n_texts": int((described.n_words > 0).sum()),
        "n_empty": int((described.n_words == 0).sum()),
        "n_images": len(np.unique(study.image)),
        "n_people": len(np.unique(study.person)),
        "n_simulated": read.n_simulated,
        "labels": read.labels,
        "sources": list(read.sources),
        "lexicons": lexicons,
        **parts,
    }


WORDS = SnapshotAnalysis(
    name=NAME,
    title="The language of explanations",
    definition="Words, parts of speech, concreteness, subjectivity, sentiment and similes of every accepted text; the "
    "words and adjective-noun pairs that mark an emotion; what of the images is named; how alike texts are.",
    source="Affection (arXiv 2210.01946), sec. 3; Monroe, Colaresi and Quinn 2008 for marking words",
    run=words,
    defaults={"seed": DEFAULT_SEED, "similarity_texts": 10_000, "embedded_texts": 2_000},
)


class _Read:
    """What a snapshot says about its texts, as columns; rows in the snapshot's order."""

    def __init__(self, snapshot: Snapshot) -> None:
        step = snapshot.step_named_by_kind("text")
        if step not in snapshot.schema("responses").names:
            raise SnapshotError(f"The text step {step!r} has no column of its name in this snapshot.")
        choice = next((each["name"] for each in snapshot.study["steps"] if each["kind"] == "choice"), None)
        if choice not in snapshot.study["label_sets"] or choice not in snapshot.schema("responses").names:
            choice = None
        label_set = snapshot.label_set(choice) if choice is not None else []
        self.labels = [
            {"id": str(label["id"]), "name": str(label.get("name") or label["id"]),
             "polarity": str(label.get("polarity") or "")}
            for label in label_set
        ]  # fmt: skip
        stimuli = snapshot.stimuli()
        keys = stimuli["stimulus_key"].combine_chunks()
        columns = ["stimulus_key", "annotator", "language", "is_simulated", step, *([choice] if choice else [])]
        batches = list(snapshot.responses(columns, accepted_only=True))
        schema = pa.schema([snapshot.schema("responses").field(name) for name in columns])
        table = pa.Table.from_batches(batches, schema=schema)
        ids = pa.array([label["id"] for label in self.labels], pa.string())
        emotion = pc.index_in(table[choice], ids) if choice else pa.nulls(len(table), pa.int32())
        self.emotion = emotion.fill_null(len(self.labels)).to_numpy().astype(np.int64)
        self.image = pc.index_in(table["stimulus_key"], keys).to_numpy().astype(np.int64)
        people = table["annotator"].combine_chunks().dictionary_encode()
        self.person = people.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.n_simulated = int(pc.sum(table["is_simulated"]).as_py() or 0)
        self.texts: list[str] = pc.fill_null(table[step], "").to_pylist()
        self.languages: list[str] = table["language"].to_pylist()
        self.image_keys: list[str] = keys.to_pylist()
        n_texts = np.bincount(self.image, minlength=len(keys))
        self.source_of_image, self.sources = largest_sources(stimuli["source_dataset"].to_pylist(), n_texts)
        described = zip(stimuli["description"].to_pylist(), stimuli["metadata"].to_pylist(), strict=True)
        self.descriptions = {
            row: text for row, (words, metadata) in enumerate(described) if (text := _description(words, metadata))
        }

    def study(self, described: DescribedTexts) -> StudyTexts:
        return StudyTexts(
            described, self.emotion, self.image, self.person, self.source_of_image, self.labels, self.sources
        )


def _read(snapshot: Snapshot) -> _Read:
    return _Read(snapshot)


def _description(description: str, metadata: str) -> str:
    """The stimulus's description and whatever its source called tags, keywords or a caption."""
    found = [description or ""]
    # most say nothing, and there may be a hundred thousand of them
    further = json.loads(metadata) if metadata and metadata != "{}" else {}
    if isinstance(further, dict):
        for name in ("tags", "keywords", "caption", "objects"):
            value = further.get(name)
            found.append(" ".join(map(str, value)) if isinstance(value, list) else str(value or ""))
    return " ".join(text for text in found if text).strip()


def _lexicons() -> tuple[dict[str, Any], Any, Any]:
    """What there is of the operator's lexicons, for the page; and the lexicons, None for those that are not there."""
    told: dict[str, Any] = {}
    found: list[Any] = []
    readers: Mapping[str, tuple[str, Callable[[Path], Any]]] = {
        "concreteness": (settings.CONCRETENESS_FILE, read_concreteness),
        "affect": (settings.AFFECT_NORMS_FILE, read_affect),
    }
    for name, (file, reader) in readers.items():
        lexicon = None
        if not file:
            told[name] = {"state": "absent"}
        else:
            try:
                lexicon = _read_once(reader, Path(file), _changed_at(Path(file)))
                told[name] = {
                    "state": "used", "file": lexicon.file_name, "sha256": lexicon.sha256, "n": len(lexicon.ratings)
                }  # fmt: skip
            except LexiconUnreadable as problem:
                told[name] = {"state": "unreadable", "problem": str(problem)}
        found.append(lexicon)
    return told, found[0], found[1]


@cache
def _read_once(reader: Callable[[Path], Any], path: Path, changed_at: tuple[int, int]) -> Any:
    """A worker reads a lexicon once, and again when its file has changed."""
    return reader(path)


def _changed_at(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (0, 0)
    return (facts.st_mtime_ns, facts.st_size)


def _kept_under(snapshot: Snapshot, lexicons: Mapping[str, Any]) -> str:
    """One file per study's title and label sets, and per lexicons: others' descriptions would differ."""
    about = [VERSION, [lexicons[name].get("sha256") for name in sorted(lexicons)], snapshot.study.get("title")]
    told = json.dumps([*about, snapshot.study["label_sets"]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _similarity(study: StudyTexts, read: _Read, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """How alike texts are, by TF-IDF always and by sentence embeddings where the operator has an encoder."""
    usable = (study.texts.n_words > 0) & (study.emotion < max(study.n_labels, 1))
    n_texts = np.bincount(study.image[usable], minlength=study.n_images)
    seed = options["seed"]
    # by a hash of the key, so that a study that grows keeps its sample
    drawn = [hashlib.blake2b(f"{seed}\n{key}".encode(), digest_size=8).digest() for key in read.image_keys]
    order = np.argsort(np.frombuffer(b"".join(drawn), "<u8"), kind="stable") if drawn else np.zeros(0, np.int64)

    def sampled(most: int) -> NDArray[np.int64]:
        images = np.zeros(study.n_images, bool)
        images[sample_of_images(n_texts.tolist(), order, most)] = True
        return np.flatnonzero(usable & images[study.image])

    def alike(rows: NDArray[np.int64], vectors: Any) -> dict[str, Any]:
        n_labels = max(study.n_labels, 1)
        emotion = study.emotion[rows] if study.n_labels else np.zeros(len(rows), np.int64)
        return _as_json(similarity(vectors, emotion, study.image[rows], study.person[rows], n_labels, seed=seed))

    rows = sampled(options["similarity_texts"])
    texts = study.texts.take(rows)
    found = {"tf_idf": alike(rows, tf_idf(texts.ids, texts.offsets, len(texts.words)))}
    encoder = settings.SENTENCE_ENCODER
    if encoder:
        rows = sampled(options["embedded_texts"])
        try:
            vectors = sentence_vectors(
                encoder,
                [read.texts[row] for row in rows],
                lambda done, total: progress(95, 100, f"reading sentences: {done} of {total}"),
            )
            found["embeddings"] = {**alike(rows, vectors), "encoder": Path(encoder).name}
        except ModelServeError as problem:
            found["embeddings"] = {"problem": str(problem)}
    return found


def _as_json(found: Similarity) -> dict[str, Any]:
    rounded = [[None if np.isnan(cell) else round(float(cell), 5) for cell in row] for row in found.table]
    figures = {
        name: [*(None if number is None else round(number, 5) for number in numbers), n_pairs]
        for name, (*numbers, n_pairs) in found.figures.items()
    }
    return {"table": rounded, "figures": figures, "n_texts": found.n_texts, "n_groups": found.n_groups}
