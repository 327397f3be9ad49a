"""Write many rows at once, and stimuli among them: by COPY, since a manifest may hold 85,007."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from typing import Any

import pyarrow as pa
from django.db import connection
from django.utils import timezone
from pyarrow import csv as arrow_csv

from annotation.care.options import CareOptions
from annotation.models import Study

ROWS_AT_ONCE = 20_000
# COPY's text format: these four characters are written in two
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


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

    @property
    def key(self) -> str:
        """The same on every machine: the image's hash, or that of source and name where there is no image.

        Where one image is several stimuli, the hash of both and of what is besides.
        """
        if self.besides:
            return name_key(self.image_sha256 or self.source_dataset, f"{self.name}\n{self.besides}")
        return self.image_sha256 or name_key(self.source_dataset, self.name)


def name_key(source_dataset: str, name: str) -> str:
    return hashlib.sha256(f"{source_dataset}\n{name}".encode()).hexdigest()


def copy_rows(
    cursor: Any,
    table: str,
    columns: list[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    on_chunk: Callable[[int], None] | None = None,
) -> int:
    """COPY rows of text, numbers and None into a table, some thousands at a time. Returns how many."""
    rows, total = iter(rows), 0
    statement = f"copy {table} ({', '.join(columns)}) from stdin"
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        cursor.copy_expert(statement, StringIO("".join(_line(row) for row in chunk)))
        total += len(chunk)
        if on_chunk:
            on_chunk(total)
    return total


def copy_batch(cursor: Any, table: str, batch: pa.RecordBatch) -> int:
    """COPY a record batch into the columns of its names. Returns how many rows."""
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(batch, sink, arrow_csv.WriteOptions(include_header=False))
    # texts stand in quotation marks, so what stands between two commas without them is null, here as there
    statement = f"copy {table} ({', '.join(batch.schema.names)}) from stdin with (format csv)"
    cursor.copy_expert(statement, pa.BufferReader(sink.getvalue()))
    return int(batch.num_rows)


def next_ids(cursor: Any, table: str, n: int) -> list[int]:
    cursor.execute("select nextval(%s::regclass) from generate_series(1, %s)", [sequence_of(cursor, table), n])
    return [int(row[0]) for row in cursor.fetchall()]


def sequence_of(cursor: Any, table: str) -> str:
    """Where a table's ids come from; asked once, since looking it up per row costs more than the number itself."""
    cursor.execute("select pg_get_serial_sequence(%s, 'id')", [table])
    return str(cursor.fetchone()[0])


def _line(row: tuple[Any, ...]) -> str:
    cells = [
        "\\N" if cell is None else cell.translate(_ESCAPES) if isinstance(cell, str) else str(cell) for cell in row
    ]
    return "\t".join(cells) + "\n"


def insert_stimuli(*, study: Study, stimuli: Iterable[NewStimulus]) -> int:
    """Writes the stimuli the study does not have yet; those it has, by key, are left as they are. Returns how many.

    Call it inside a transaction.
    """
    columns = [
        "key", "source_dataset", "name", "description", "metadata", "image_sha256", "width", "height", "bytes", "rank",
        "content_note", "themes", "strength_rated",
    ]  # fmt: skip
    care = CareOptions.of(study.care)
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table new_stimulus (key text, source_dataset text, name text, description text, "
            "metadata jsonb, image_sha256 text, width int, height int, bytes bigint, rank bigint, "
            "content_note text, themes text[], strength_rated float) on commit drop"
        )
        copy_rows(cursor, "new_stimulus", columns, _as_rows(stimuli))
        cursor.execute(
            f"""
            insert into annotation_stimulus (study_id, {", ".join(columns)}, wanted, open_slots, created_at, is_strong)
            select %(study)s, {", ".join(columns)}, %(wanted)s, %(wanted)s, %(now)s,
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


def _as_rows(stimuli: Iterable[NewStimulus]) -> Iterator[tuple[Any, ...]]:
    for stimulus in stimuli:
        yield (
            stimulus.key,
            stimulus.source_dataset,
            stimulus.name,
            stimulus.description,
            json.dumps(stimulus.metadata, ensure_ascii=False, allow_nan=False),
            stimulus.image_sha256,
            stimulus.width,
            stimulus.height,
            stimulus.bytes,
            secrets.randbits(63),
            stimulus.content_note,
            "{" + ",".join(json.dumps(theme, ensure_ascii=False) for theme in stimulus.themes) + "}",
            stimulus.strength,
        )
