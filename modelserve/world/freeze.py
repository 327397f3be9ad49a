"""The generated world as a snapshot like any other, every response marked as simulated; and the way back."""

import hashlib
import io
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from modelserve.world.world import World, WorldOptions
from snapshots.canonical import canonical_json
from snapshots.errors import SnapshotError
from snapshots.reader import Snapshot, open_snapshot
from snapshots.writer import SnapshotWriter

SOURCE_DATASET = "generated_world"
TITLE = "Generated world"
DESCRIPTION = (
    "Made by a program from a seed, with known answers, to test networks and pages. No person saw these images, felt "
    "anything about them or wrote these texts: nothing here is human data."
)
CONSENT = "Nobody was asked, since nobody took part: a program made these answers."
CONSENT_HASH = hashlib.sha256(CONSENT.encode()).hexdigest()
EMOTION_STEP, EXPLANATION_STEP = "emotion", "explanation"
JPEG_QUALITY = 95
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)  # the same for every world: a seed, not a clock, decides what it holds
ROWS_AT_ONCE = 20_000
_METADATA = {field.name: f"world_{field.name}" for field in fields(WorldOptions)}


def freeze_world(
    world: World,
    n_images: int,
    n_responses: int,
    *,
    folder: Path | None = None,
    parent: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Snapshot:
    """Images 0 to n_images - 1 with n_responses answers each, as a snapshot that carries its images.

    folder or parent: as SnapshotWriter takes them. progress: told (images done, of how many).
    The same world and numbers give the same snapshot id with the same release of Pillow, which makes the JPEG bytes.
    Raises ValueError for fewer than one image or response, or more responses than the pool has annotators;
    SnapshotError where the folder exists.
    """
    if n_images < 1 or not 1 <= n_responses <= len(world.people):
        raise ValueError(
            f"A world is frozen with at least 1 image and 1 to {len(world.people)} responses per image (its "
            f"annotators); got {n_images} images and {n_responses} responses. Nothing was written."
        )
    step_fields = [pa.field(EMOTION_STEP, pa.string()), pa.field(EXPLANATION_STEP, pa.string())]
    with SnapshotWriter(folder, parent=parent, study=_study(world, n_responses), step_fields=step_fields) as writer:
        stimuli: list[tuple[str, int, int]] = []  # key, index, bytes
        for index in range(n_images):
            content = jpeg(world.image(index))
            key = hashlib.sha256(content).hexdigest()
            writer.add_image(key, content)
            stimuli.append((key, index, len(content)))
            progress(index + 1, 2 * n_images)
        stimuli.sort()
        seen: dict[int, int] = {}  # answers of each annotator so far
        rows: list[dict[str, Any]] = []
        for done, (key, index, _) in enumerate(stimuli):
            rows.extend(_responses(world, key, index, n_responses, seen))
            if len(rows) >= ROWS_AT_ONCE:
                writer.write_responses(rows)
                rows = []
            progress(n_images + done + 1, 2 * n_images)
        writer.write_responses(rows)
        for start in range(0, n_images, ROWS_AT_ONCE):
            writer.write_stimuli([_stimulus(world, *row) for row in stimuli[start : start + ROWS_AT_ONCE]])
        writer.write_participations([_participation(annotator) for annotator in sorted(seen)])
        writer.close()
        return open_snapshot(writer.folder)


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) as a JPEG that keeps colours at full resolution."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return file.getvalue()


def world_of(snapshot: Snapshot) -> tuple[World, dict[str, int]]:
    """The world that a snapshot was frozen from, and {stimulus key: index of its image}.

    Works on a study that such a snapshot was imported into, too: the stimuli's metadata says it.
    Raises SnapshotError where the snapshot holds anything else than images of one world.
    """
    stimuli = snapshot.stimuli()
    found: set[tuple[tuple[str, Any], ...]] = set()
    index_of = {}
    for key, source, text in zip(
        *(stimuli[name].to_pylist() for name in ("stimulus_key", "source_dataset", "metadata")), strict=True
    ):
        metadata = json.loads(text or "{}")
        if source != SOURCE_DATASET or "world_index" not in metadata:
            raise SnapshotError(
                f"Stimulus {key} comes from {source!r} and not from a generated world, so no answers are known. Make "
                "one with `manage.py make_world`."
            )
        found.add(tuple((name, metadata[stored]) for name, stored in _METADATA.items()))
        index_of[key] = int(metadata["world_index"])
    if len(found) != 1:
        raise SnapshotError(f"The stimuli of this snapshot come from {len(found)} generated worlds; one is needed.")
    return World(WorldOptions(**dict(found.pop()))), index_of


def _study(world: World, n_responses: int) -> dict[str, Any]:
    labels = [dict(label) for label in world.label_set]
    return {
        "title": f"{TITLE} (seed {world.options.seed})",
        "description": DESCRIPTION,
        "template": "affective_explanation",
        # In the full form in which a study keeps its steps, so that it can be imported as one.
        "steps": [
            {
                "name": EMOTION_STEP,
                "kind": "choice",
                "options": {
                    "question": "Which emotion does this image stir in you most?",
                    "hint": "",
                    "labels": labels,
                },
            },
            {
                "name": EXPLANATION_STEP,
                "kind": "text",
                "options": {
                    "question": "Why do you feel this way?",
                    "hint": "",
                    "min_characters": 1,
                    "max_characters": 2000,
                    "optional": False,
                },
            },
        ],
        "label_sets": {EMOTION_STEP: labels},
        "wanted_responses": n_responses,
        "instructions": "",
        "consent": CONSENT,
        "consents": [{"hash": CONSENT_HASH, "markdown": CONSENT}],
        "n_withdrawn": 0,
    }


def _stimulus(world: World, key: str, index: int, n_bytes: int) -> dict[str, Any]:
    valence, arousal = world.valence_arousal(index)
    facts = {stored: getattr(world.options, name) for name, stored in _METADATA.items()}
    # The ratings let the simulated crowd (annotation/simulator) react to these images sensibly.
    facts |= {"world_index": index, "valence_mean": round(valence, 3), "arousal_mean": round(arousal, 3)}
    return {
        "stimulus_key": key,
        "source_dataset": SOURCE_DATASET,
        "name": f"{index:06d}.jpg",
        "description": world.scene(index).description,
        "metadata": canonical_json(facts),
        "image_sha256": key,
        "width": world.options.side,
        "height": world.options.side,
        "bytes": n_bytes,
    }


def _responses(world: World, key: str, index: int, n_responses: int, seen: dict[int, int]) -> Iterator[dict[str, Any]]:
    answers = sorted(world.responses(index, n_responses), key=lambda response: response.annotator)
    for response in answers:
        place = seen[response.annotator] = seen.get(response.annotator, 0) + 1
        yield {
            "stimulus_key": key,
            "annotator": pseudonym(response.annotator),
            # the name that the product gives a response outside its database
            "response_key": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{key}/{pseudonym(response.annotator)}")),
            "status": "accepted",
            "created_at": MOMENT + timedelta(minutes=place),
            "revision": 0,
            "sequence": place,
            "options_shown": "{}",
            "duration_ms": None,
            "language": "en",
            "device": "",
            "theme": "",
            "consent_hash": CONSENT_HASH,
            "is_simulated": True,
            "signals": "{}",
            EMOTION_STEP: response.label,
            EXPLANATION_STEP: response.text,
        }


def pseudonym(annotator: int) -> str:
    """The name in snapshots of an annotator of the pool; ascends with the number."""
    return f"generated-{annotator:05d}"


def _participation(annotator: int) -> dict[str, Any]:
    return {
        "annotator": pseudonym(annotator),
        "consent_hash": CONSENT_HASH,
        "language": "en",
        "cohort": SOURCE_DATASET,
        "started_at": MOMENT,
        "finished_at": None,
        "is_simulated": True,
    }
