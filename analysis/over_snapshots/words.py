"""The language of a study's explanations: words, what marks an emotion, what is named, how alike texts are."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from analysis.language import counted, counted_words
from analysis.language.describe import VERSION, DescribedTexts, describe_all, joined
from analysis.language.errors import LexiconUnreadable
from analysis.language.lexicons import read_affect, read_concreteness
from analysis.language.similarity import Similarity, sample_of_images, similarity, tf_idf
from analysis.language.study_texts import StudyTexts
from analysis.over_snapshots.kept_descriptions import (
    from_bytes,
    keep_descriptions,
    read_descriptions,
    to_bytes,
)
from analysis.over_snapshots.parts import Parts
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.over_snapshots.text_columns import TextColumns, text_columns, texts_between
from analysis.statistics import DEFAULT_SEED
from analysis.statistics.in_order import in_order
from modelserve.errors import ModelServeError
from modelserve.sentences import sentence_vectors
from snapshots.presets import splits_of
from snapshots.reader import Snapshot

NAME = "words"
#: Describing so many takes some ten seconds; the counting that follows is done in one place.
TEXTS_PER_PART = 16_384


def words(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Everything the language page shows, of the accepted responses' first text step, by their first choice step.

    Raises SnapshotError if the study has no text step. A lexicon or encoder that cannot be read is left out, and said.
    """
    lexicons, concreteness, affect = _lexicons()
    read = text_columns(snapshot)
    path = _kept_at(snapshot, lexicons)
    known = read_descriptions(path)
    described, _ = describe_all(
        read.texts,
        read.languages,
        concreteness=concreteness,
        affect=affect,
        known=known,
        progress=lambda done, total: progress(done, total + total // 10 + 1, "reading the explanations"),
    )
    described = described.canonical()
    _keep(path, known, described)
    return _counted(read, described, lexicons, concreteness, options, progress)


def number_of_parts(snapshot: Snapshot, options: dict[str, Any]) -> int:
    return max(-(-snapshot.n_responses // TEXTS_PER_PART), 1)


def is_worth_sharing(snapshot: Snapshot, options: dict[str, Any]) -> bool:
    """Not where most texts were described here before: the rest is done sooner than parts could be handed around."""
    known = read_descriptions(_kept_at(snapshot, _lexicons()[0]))
    return known is None or snapshot.n_responses - len(known) >= TEXTS_PER_PART


def describe_part(snapshot: Snapshot, options: dict[str, Any], part: int) -> bytes:
    """A part of the texts described, after 32 characters that tell by which lexicons."""
    lexicons, concreteness, affect = _lexicons()
    texts, languages = texts_between(snapshot, part * TEXTS_PER_PART, (part + 1) * TEXTS_PER_PART)
    known = read_descriptions(_kept_at(snapshot, lexicons))
    described, _ = describe_all(texts, languages, concreteness=concreteness, affect=affect, known=known)
    return _described_by(snapshot, lexicons).encode() + to_bytes(described.canonical())


def join_parts(
    snapshot: Snapshot, options: dict[str, Any], parts: Sequence[bytes], progress: Progress
) -> dict[str, Any]:
    """What `words` gives. A part that another machine described by other lexicons is described again here."""
    lexicons, concreteness, _affect = _lexicons()
    ours = _described_by(snapshot, lexicons).encode()
    described = []
    for number, content in enumerate(parts):
        progress(number, len(parts) + 10, "putting the parts together")
        fits = content if content.startswith(ours) else describe_part(snapshot, options, number)
        described.append(from_bytes(fits[len(ours) :]))
    whole = joined(described).canonical()
    _keep(_kept_at(snapshot, lexicons), None, whole)
    return _counted(text_columns(snapshot), whole, lexicons, concreteness, options, progress)


def _counted(
    read: TextColumns,
    described: DescribedTexts,
    lexicons: Mapping[str, Any],
    concreteness: Any,
    options: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    study = read.study(described)
    ratings = concreteness.single_words if concreteness is not None else None
    counts: dict[str, Callable[[], Any]] = {
        "cells": lambda: counted.cells(study),
        "things": lambda: counted_words.things(study, ratings, read.descriptions),
        "different_words_per_image": lambda: counted.different_words_per_image(study),
        "marking": lambda: counted_words.marking(study),
        "pairs": lambda: counted_words.pairs(study),
        "presets": lambda: counted.presets(study, splits_of(read.image_keys)),
        "spread": lambda: counted.spread(study),
        "similes": lambda: counted.similes(study),
        "something_else": lambda: counted.something_else(study),
        "languages": lambda: counted.languages(study),
    }
    steps = len(counts) + 1
    parts: dict[str, Any] = {}
    found = in_order(lambda count: count(), list(counts.values()))
    for number, name in enumerate(counts):
        progress(10 * steps + number, 11 * steps, f"counting: {name.replace('_', ' ')}")
        parts[name] = next(found)
    progress(11 * steps - 1, 11 * steps, "counting: similarity")
    parts["similarity"] = _similarity(study, read, options, progress)
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


PARTS = Parts(number_of_parts, describe_part, join_parts, is_worth_sharing)
WORDS = SnapshotAnalysis(
    name=NAME,
    title="The language of explanations",
    definition="Words, parts of speech, concreteness, subjectivity, sentiment and similes of every accepted text; the "
    "words and adjective-noun pairs that mark an emotion; what of the images is named; how alike texts are.",
    source="Affection (arXiv 2210.01946), sec. 3; Monroe, Colaresi and Quinn 2008 for marking words",
    run=words,
    defaults={"seed": DEFAULT_SEED, "similarity_texts": 10_000, "embedded_texts": 2_000},
    parts=PARTS,
)


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


def _described_by(snapshot: Snapshot, lexicons: Mapping[str, Any]) -> str:
    """32 characters per study's title and label sets, and per lexicons: others' descriptions would differ."""
    about = [VERSION, [lexicons[name].get("sha256") for name in sorted(lexicons)], snapshot.study.get("title")]
    told = json.dumps([*about, snapshot.study["label_sets"]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _kept_at(snapshot: Snapshot, lexicons: Mapping[str, Any]) -> Path:
    return Path(settings.CACHE_DIR) / NAME / f"{_described_by(snapshot, lexicons)}.arrow"


def _keep(path: Path, known: DescribedTexts | None, described: DescribedTexts) -> None:
    """Keeps the descriptions where any came or went since."""
    if known is None or not np.array_equal(known.keys, described.keys):
        keep_descriptions(path, described)


def _similarity(study: StudyTexts, read: TextColumns, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
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
                read.texts_of(rows),
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
