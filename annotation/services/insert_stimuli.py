"""Write many stimuli at once: by COPY, since a manifest may hold 85,007."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection
from django.utils import timezone

from annotation.care.options import CareOptions
from annotation.models import Study
from annotation.services.copy_in import ROWS_AT_ONCE, copy_batch

MOST_RANK = (1 << 63) - 1


@dataclass(frozen=True)
class NewStimulus:
    """A stimulus that is about to be written. image_sha256 is '' where there is no image, only a name."""

    name: str
    source_dataset: str = ""
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    image_sha256: str = ""
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    content_note: str = ""
    themes: tuple[str, ...] = ()
    strength: float | None = None
    #: what makes it another stimulus than the image alone, such as the texts shown beside it
    besides: str = ""

    @cached_property
    def key(self) -> str:
        """The same on every machine: the image's hash, or that of source and name where there is no image.

        Where one image is several stimuli, the hash of both and of what is besides.
        """
        if self.besides:
            return name_key(self.image_sha256 or self.source_dataset, f"{self.name}\n{self.besides}")
        return self.image_sha256 or name_key(self.source_dataset, self.name)


def name_key(source_dataset: str, name: str) -> str:
    return hashlib.sha256(f"{source_dataset}\n{name}".encode()).hexdigest()


def insert_stimuli(*, study: Study, stimuli: Iterable[NewStimulus]) -> int:
    """Writes the stimuli the study does not have yet; those it has, by key, are left as they are. Returns how many.

    Call it inside a transaction.
    """
    care = CareOptions.of(study.care)
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table new_stimulus (key text, source_dataset text, name text, description text, "
            "metadata jsonb, image_sha256 text, width int, height int, bytes bigint, rank bigint, "
            "content_note text, themes text[], strength_rated float) on commit drop"
        )
        for batch in _batches(stimuli):
            copy_batch(cursor, "new_stimulus", batch)
        columns = ", ".join(_COLUMNS)
        cursor.execute(
            f"""
            insert into annotation_stimulus (study_id, {columns}, wanted, open_slots, created_at, is_strong)
            select %(study)s, {columns}, %(wanted)s, %(wanted)s, %(now)s,
              case when %(separates)s then coalesce(strength_rated, 0) >= %(strong_from)s end
            from new_stimulus
            on conflict (study_id, key) do nothing
            """,  # noqa: S608  # the columns are those above
            {
                "study": study.pk,
                "wanted": study.wanted_responses,
                "now": timezone.now(),
                # no answer has said anything about them yet
                "separates": care.separates_strong,
                "strong_from": care.strong_from,
            },
        )
        inserted = int(cursor.rowcount)
        cursor.execute("drop table new_stimulus")
    return inserted


_COLUMNS = {
    "key": pa.string(),
    "source_dataset": pa.string(),
    "name": pa.string(),
    "description": pa.string(),
    "metadata": pa.string(),
    "image_sha256": pa.string(),
    "width": pa.int32(),
    "height": pa.int32(),
    "bytes": pa.int64(),
    "content_note": pa.string(),
    "themes": pa.string(),
    "strength_rated": pa.float64(),
    "rank": pa.int64(),
}


def _batches(stimuli: Iterable[NewStimulus]) -> Iterator[pa.RecordBatch]:
    """The rows by the column, which takes half the time of going row by row."""
    rest = iter(stimuli)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        cells: dict[str, list[Any]] = {
            "key": [stimulus.key for stimulus in chunk],
            "source_dataset": [stimulus.source_dataset for stimulus in chunk],
            "name": [stimulus.name for stimulus in chunk],
            "description": [stimulus.description for stimulus in chunk],
            "metadata": [_json(stimulus.metadata) if stimulus.metadata else "{}" for stimulus in chunk],
            "image_sha256": [stimulus.image_sha256 for stimulus in chunk],
            "width": [stimulus.width for stimulus in chunk],
            "height": [stimulus.height for stimulus in chunk],
            "bytes": [stimulus.bytes for stimulus in chunk],
            "content_note": [stimulus.content_note for stimulus in chunk],
            "themes": [_text_array(stimulus.themes) if stimulus.themes else "{}" for stimulus in chunk],
            "strength_rated": [stimulus.strength for stimulus in chunk],
        }
        arrays = {name: pa.array(column, _COLUMNS[name]) for name, column in cells.items()}
        arrays["rank"] = pa.array(np.frombuffer(secrets.token_bytes(8 * len(chunk)), np.int64) & MOST_RANK)
        yield pa.RecordBatch.from_arrays([arrays[name] for name in _COLUMNS], names=list(_COLUMNS))


def _json(metadata: dict[str, Any]) -> str:
    return json.dumps(metadata, ensure_ascii=False, allow_nan=False)


def _text_array(themes: tuple[str, ...]) -> str:
    """As PostgreSQL writes an array of texts."""
    return "{" + ",".join(json.dumps(theme, ensure_ascii=False) for theme in themes) + "}"
