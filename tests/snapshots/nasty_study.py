"""A small study with every difficulty a text can have, and how to freeze it."""

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from snapshots.reader import Snapshot, open_snapshot
from snapshots.schema import TABLES
from snapshots.writer import SnapshotWriter

EMOTIONS = ("amusement", "awe", "anger", "something_else")
STEP_FIELDS = [
    pa.field("emotion", pa.string()),
    pa.field("explanation", pa.string()),
    pa.field("arousal", pa.float64()),
    pa.field("certain", pa.bool_()),
    pa.field("clicks", pa.int64()),
]
NASTY = (
    "", "=1+1", "'=1+1", "''@x", "+", "-", "\t=x", "\rx", "'", '"', '""', '","', "a,b;c", "line\nline\r\nline",
    "\n", " leading and trailing ", "null", "NULL", "NaN", "true", "1.0", "1e5", "00012", "2026-01-01",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301", "\u05e9\u05dc\u05d5\u05dd", "\ufeffbom",
    "\u2028", "\x01\x1f\x7f", "\\", "\\n", "\\u0000", "\U0010ffff", "x" * 5_000, "{\"a\": [1]}", "<script>", "%s{}",
)  # fmt: skip

Tables = dict[str, list[dict[str, Any]]]


def a_study() -> dict[str, Any]:
    """The description of the study; no label set for anything but the emotion."""
    return {
        "title": "Feelings about \U0001f4f7",
        "description": "What do you feel?",
        "template": "affective_explanation",
        "steps": [
            {"name": "emotion", "kind": "choice", "options": {}},
            {"name": "explanation", "kind": "text", "options": {"max_words": 100}},
        ],
        "label_sets": {
            "emotion": [{"id": name, "name": name.replace("_", " ").capitalize(), "polarity": 0} for name in EMOTIONS]
        },
        "wanted_responses": 6,
        "instructions": "Look.",
        "consents": [{"hash": "c" * 64, "markdown": "I agree."}],
        "n_withdrawn": 2,
    }


def image_of(key: str) -> bytes:
    """Bytes that stand for a JPEG; the format never looks inside."""
    return b"\xff\xd8" + key.encode()


def some_rows(seed: int = 0, *, n_stimuli: int = 40, n_annotators: int = 12, n_each: int = 6) -> Tables:
    """Seeded rows of all four tables in their order, with nasty texts wherever a text may stand."""
    random_ = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    keys = sorted(hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(n_stimuli))
    people = sorted({f"p{random_.getrandbits(40):010x}" for _ in range(n_annotators - 2)} | {"\U0001f600", "=cmd"})
    steps = lambda: {  # noqa: E731
        "emotion": random_.choice([*EMOTIONS, None]),
        "explanation": random_.choice([*NASTY, None, "I see a dog, it's happy"]),
        "arousal": random_.choice([None, -0.0, 0.1, -1e300, random_.random()]),
        "certain": random_.choice([None, True, False]),
        "clicks": random_.choice([None, -1, 2**62]),
    }
    stimuli, responses, revisions = [], [], []
    for key in keys:
        has_image = random_.random() < 0.8
        stimuli.append(
            {
                "stimulus_key": key,
                "source_dataset": random_.choice(["coco", *NASTY]),
                "name": random_.choice(NASTY) + ".jpg",
                "description": random_.choice(NASTY),
                "metadata": json.dumps({"a": random_.choice(NASTY)}),
                "image_sha256": hashlib.sha256(image_of(key)).hexdigest() if has_image else None,
                "width": 640 if has_image else None,
                "height": 480 if has_image else None,
                "bytes": len(image_of(key)) if has_image else None,
            }
        )
        for person in sorted(random_.sample(people, random_.randint(0, n_each))):
            responses.append(
                {
                    "stimulus_key": key,
                    "annotator": person,
                    "response_key": str(uuid.UUID(int=random_.getrandbits(128))),
                    "status": random_.choice(["accepted", "accepted", "surplus"]),
                    "created_at": start + timedelta(microseconds=random_.randrange(10**13)),
                    "revision": random_.randrange(3),
                    "sequence": random_.randrange(100),
                    "options_shown": json.dumps({"emotion": random_.sample(EMOTIONS, 4)}),
                    "duration_ms": random_.choice([None, random_.randrange(10**6)]),
                    "language": random_.choice(["en", "de", ""]),
                    "device": random_.choice(["phone", ""]),
                    "theme": "dark",
                    "consent_hash": "c" * 64,
                    "is_simulated": random_.random() < 0.3,
                    "signals": json.dumps({"keys": random_.randrange(9)}),
                    **steps(),
                }
            )
    for response in sorted(responses, key=lambda row: row["response_key"]):
        for number in range(response["revision"]):
            revisions.append(
                {
                    "response_key": response["response_key"],
                    "number": number,
                    "created_at": response["created_at"] + timedelta(seconds=number),
                    **steps(),
                }
            )
    participations = [
        {
            "annotator": person,
            "consent_hash": "c" * 64,
            "language": "en",
            "cohort": random_.choice(NASTY),
            "started_at": start,
            "finished_at": random_.choice([None, start + timedelta(hours=1)]),
            "is_simulated": False,
        }
        for person in people
    ]
    return {"responses": responses, "revisions": revisions, "stimuli": stimuli, "participations": participations}


def as_table(rows: list[dict[str, Any]], name: str, step_fields: list[pa.Field] | None = None) -> pa.Table:
    """The rows as an Arrow table."""
    schema = TABLES[name].schema(STEP_FIELDS if step_fields is None else step_fields)
    return pa.Table.from_pylist(rows, schema=schema)


Freeze = Callable[..., Snapshot]


@pytest.fixture
def freeze(tmp_path: Path) -> Freeze:
    """freeze(rows, name=..., study=..., images=...): write the rows with the product's writer and open the result."""

    def write(
        rows: Tables, *, name: str = "frozen", study: dict[str, Any] | None = None, images: bool = False
    ) -> Snapshot:
        with SnapshotWriter(tmp_path / name, study=study or a_study(), step_fields=STEP_FIELDS) as writer:
            for table in ("stimuli", "participations", "responses", "revisions"):
                getattr(writer, f"write_{table}")(rows[table])
            if images:
                for row in rows["stimuli"]:
                    if row["image_sha256"]:
                        writer.add_image(row["image_sha256"], image_of(row["stimulus_key"]))
            writer.close()
        return open_snapshot(tmp_path / name)

    return write
