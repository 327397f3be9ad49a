"""A seeded study small enough for a test: pictures whose colour decides the emotion, and texts that name it."""

import hashlib
import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from snapshots.reader import Snapshot, open_snapshot
from snapshots.writer import SnapshotWriter

LABEL_SET = [
    {"id": "contentment", "name": "Contentment", "polarity": "positive"},
    {"id": "awe", "name": "Awe", "polarity": "positive"},
    {"id": "anger", "name": "Anger", "polarity": "negative"},
    {"id": "something_else", "name": "Something else", "polarity": "else"},
]
COLOURS = {
    "contentment": (40, 190, 60),
    "awe": (40, 80, 220),
    "anger": (220, 40, 40),
    "something_else": (128, 128, 128),
}
WORDS = {
    "contentment": "the calm green meadow feels peaceful",
    "awe": "the vast blue sky leaves me speechless",
    "anger": "the burning red colour makes me furious",
    "something_else": "a dull grey wall says nothing",
}
CALM = {"contentment": 4, "awe": 3, "anger": 2, "something_else": 3}  # of 1 to 5
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class TinyWorld:
    """What to freeze; `freeze` writes it and opens it."""

    n_stimuli: int = 80
    n_responses: int = 6  # per stimulus
    seed: int = 0
    emotions: list[str] = field(default_factory=lambda: ["contentment", "awe", "anger"])
    label_set: list[dict[str, Any]] = field(default_factory=lambda: LABEL_SET)
    faithful_share: float = 0.85  # how often a person answers with the picture's own emotion
    has_images: bool = True
    carries_images: bool = True
    has_text_step: bool = True
    title: str = "Tiny world"
    facts: Callable[[int, str], dict[str, Any]] = lambda number, emotion: {}  # number, emotion -> metadata
    sources: tuple[str, ...] = ("tiny",)  # in turns
    is_rated: bool = False  # two further steps: calm, 1 to 5, and tags
    regions: Callable[[str, str], str] | None = None  # stimulus key, emotion -> what the step 'region' holds

    def freeze(self, folder: Path) -> Snapshot:
        random = np.random.default_rng(self.seed)
        stimuli, images = [], {}
        emotion_of = {}
        for number in range(self.n_stimuli):
            emotion = self.emotions[number % len(self.emotions)]
            picture = _picture(COLOURS[emotion], random)
            sha256 = hashlib.sha256(picture).hexdigest()
            images[sha256] = picture
            key = sha256 if self.has_images else hashlib.sha256(f"tiny\n{number}".encode()).hexdigest()
            emotion_of[key] = emotion
            stimulus = _stimulus(key, number, sha256 if self.has_images else None, len(picture))
            stimulus["metadata"] = json.dumps(self.facts(number, emotion))
            stimulus["source_dataset"] = self.sources[number // len(self.emotions) % len(self.sources)]
            stimuli.append(stimulus)
        stimuli.sort(key=lambda row: row["stimulus_key"])
        responses = [
            self._response(row["stimulus_key"], person, emotion_of[row["stimulus_key"]], random)
            for row in stimuli
            for person in range(self.n_responses)
        ]
        fields = [pa.field("emotion", pa.string())]
        if self.has_text_step:
            fields.append(pa.field("explanation", pa.string()))
        if self.is_rated:
            fields += [pa.field("calm", pa.int32()), pa.field("tags", pa.string())]
        if self.regions:
            fields.append(pa.field("region", pa.string()))
        with SnapshotWriter(parent=folder, study=self._study(), step_fields=fields) as writer:
            writer.write_stimuli(stimuli)
            writer.write_responses(responses)
            writer.write_participations([_participation(person) for person in range(self.n_responses)])
            if self.has_images and self.carries_images:
                for sha256, picture in images.items():
                    writer.add_image(sha256, picture)
            writer.close()
            return open_snapshot(writer.folder)

    def _study(self) -> dict[str, Any]:
        steps = [{"name": "emotion", "kind": "choice", "options": {}}]
        if self.has_text_step:
            steps.append({"name": "explanation", "kind": "text", "options": {}})
        if self.is_rated:
            steps += [{"name": name, "kind": name, "options": {}} for name in ("calm", "tags")]
        if self.regions:
            steps.append({"name": "region", "kind": "region", "options": {}})
        return {
            "title": self.title,
            "description": "",
            "template": "",
            "steps": steps,
            "label_sets": {"emotion": self.label_set},
            "wanted_responses": self.n_responses,
            "instructions": "",
            "consents": [],
            "n_withdrawn": 0,
        }

    def _response(self, key: str, person: int, emotion: str, random: np.random.Generator) -> dict[str, Any]:
        answer = emotion if random.random() < self.faithful_share else str(random.choice(self.emotions))
        row = {
            "stimulus_key": key,
            "annotator": f"person-{person:03d}",
            "response_key": str(uuid.UUID(bytes=random.bytes(16))),
            "status": "accepted",
            "created_at": MOMENT,
            "revision": 0,
            "sequence": 1,
            "options_shown": "{}",
            "duration_ms": None,
            "language": "en",
            "device": "",
            "theme": "",
            "consent_hash": "",
            "is_simulated": True,
            "signals": "{}",
            "emotion": answer,
        }
        if self.is_rated:
            calm = CALM[emotion] + int(random.integers(-1, 2))
            row |= {"calm": calm, "tags": json.dumps(["coloured", emotion] if person else [])}
        if self.regions:
            row["region"] = self.regions(key, answer)
        return row | ({"explanation": WORDS[answer]} if self.has_text_step else {})


def _picture(colour: tuple[int, int, int], random: np.random.Generator) -> bytes:
    pixels = np.clip(np.array(colour) + random.normal(0, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def _stimulus(key: str, number: int, sha256: str | None, n_bytes: int) -> dict[str, Any]:
    return {
        "stimulus_key": key,
        "source_dataset": "tiny",
        "name": f"{number}.jpg",
        "description": "",
        "metadata": "{}",
        "image_sha256": sha256,
        "width": 64 if sha256 else None,
        "height": 48 if sha256 else None,
        "bytes": n_bytes if sha256 else None,
    }


def _participation(person: int) -> dict[str, Any]:
    return {
        "annotator": f"person-{person:03d}",
        "consent_hash": "",
        "language": "en",
        "cohort": "",
        "started_at": MOMENT,
        "finished_at": None,
        "is_simulated": True,
    }
