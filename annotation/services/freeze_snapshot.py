"""Freezes a study into a snapshot: an immutable folder, named by the hash of its content."""

import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotation.models import ConsentText, Response, SnapshotRecord, Study
from annotation.steps import Step
from snapshots.canonical import canonical_json
from snapshots.local_copy import snapshot_folder
from snapshots.manifest import Manifest
from snapshots.schema import MANIFEST_FILE, TABLE_FILES
from snapshots.writer import SnapshotWriter

ROWS_AT_ONCE = 5_000
Progress = Callable[[int, int], None]


def freeze_snapshot(*, study: Study, progress: Progress = lambda done, total: None) -> SnapshotRecord:
    """The same data give the same id, and freezing twice finds the first snapshot.

    Reads everything as of one moment (repeatable read), streaming. Withdrawn responses are absent; simulated ones
    carry their mark.
    """
    parent = Path(tempfile.mkdtemp(prefix="commonground-freeze-"))
    try:
        folder, manifest, facts = _write(study, parent, progress)
        _store(folder, manifest.id)
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    record, _ = SnapshotRecord.objects.get_or_create(study=study, snapshot_id=manifest.id, defaults=facts)
    return record


def _write(study: Study, parent: Path, progress: Progress) -> tuple[Path, Manifest, dict[str, int]]:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        study = Study.objects.get(pk=study.pk)
        steps = study.parsed_steps
        fields = [field for step in steps for field in step.columns()]
        n_responses = Response.objects.filter(study=study).exclude(status=Response.WITHDRAWN).count()
        simulated = Response.objects.filter(study=study, is_simulated=True).exclude(status=Response.WITHDRAWN).count()
        with SnapshotWriter(parent=parent, study=describe(study), step_fields=fields) as writer:
            for rows in _stimuli(study):
                writer.write_stimuli(rows)
            for rows in _participations(study):
                writer.write_participations(rows)
            done = 0
            for batch in _responses(study, steps, writer.schema("responses")):
                writer.write_responses(batch)
                done += batch.num_rows
                progress(done, n_responses)
            writer.write_revisions(_revisions(study, steps))
            manifest = writer.close()
        rows_of = {name: table.rows for name, table in manifest.tables.items()}
        return (
            writer.folder,
            manifest,
            {
                "n_responses": rows_of["responses"],
                "n_stimuli": rows_of["stimuli"],
                "n_annotators": rows_of["participations"],
                "n_simulated": simulated,
            },
        )


def _store(folder: Path, snapshot_id: str) -> None:
    """The manifest goes last: a folder in the storage with a manifest is whole."""
    for name in (*TABLE_FILES, MANIFEST_FILE):
        place = f"{snapshot_folder(snapshot_id)}/{name}"
        if not default_storage.exists(place):
            with (folder / name).open("rb") as file:
                default_storage.save(place, File(file))


def describe(study: Study) -> dict[str, Any]:
    """What the manifest says about the study: nothing about accounts, addresses or database ids."""
    steps = study.parsed_steps
    return {
        "title": study.title,
        "description": study.description,
        "template": study.template,
        "steps": study.steps,
        "label_sets": {step.name: list(step.labels) for step in steps if step.labels is not None},
        "wanted_responses": study.wanted_responses,
        "instructions": study.instructions,
        "consent": study.consent,
        "consents": list(ConsentText.objects.filter(study=study).order_by("hash").values("hash", "markdown")),
        "n_withdrawn": study.n_withdrawn_before
        + Response.objects.filter(study=study, status=Response.WITHDRAWN).count(),
    }


def response_key(stimulus_key: str, pseudonym: str) -> str:
    """A response's name outside the database: one person answers one stimulus once, so the two make it."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stimulus_key}/{pseudonym}"))


def _rows(query: str, study: Study, name: str) -> Iterator[list[tuple[Any, ...]]]:
    """A query's rows in pieces, from a cursor on the server, so that memory does not follow the table."""
    connection.ensure_connection()
    with connection.connection.cursor(name=f"freeze_{name}") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(query, {"study": study.pk})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows


def _stimuli(study: Study) -> Iterator[list[dict[str, Any]]]:
    query = """
        select key, source_dataset, name, description, metadata::text, image_sha256, width, height, bytes
        from annotation_stimulus where study_id = %(study)s order by key collate "C" """
    for rows in _rows(query, study, "stimuli"):
        yield [
            {
                "stimulus_key": key,
                "source_dataset": source,
                "name": name,
                "description": description,
                "metadata": canonical_json(json.loads(metadata)),
                "image_sha256": sha256 or None,
                "width": width,
                "height": height,
                "bytes": size,
            }
            for key, source, name, description, metadata, sha256, width, height, size in rows
        ]


def _participations(study: Study) -> Iterator[list[dict[str, Any]]]:
    query = """
        select a.pseudonym, c.hash, p.language, p.cohort, p.started_at, p.finished_at, a.is_simulated
        from annotation_participation p join annotation_annotator a on a.id = p.annotator_id
        join annotation_consenttext c on c.id = p.consent_id
        where p.study_id = %(study)s and p.withdrawn_at is null order by a.pseudonym collate "C" """
    for rows in _rows(query, study, "participations"):
        yield [
            {
                "annotator": pseudonym,
                "consent_hash": consent,
                "language": language,
                "cohort": cohort,
                "started_at": _utc(started),
                "finished_at": _utc(finished),
                "is_simulated": simulated,
            }
            for pseudonym, consent, language, cohort, started, finished, simulated in rows
        ]


def _responses(study: Study, steps: list[Step], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    query = """
        select s.key, a.pseudonym, r.status, r.created_at, r.revision, r.sequence, r.options_shown::text,
          r.duration_ms, r.language, r.device, r.theme, r.consent_hash, r.is_simulated, r.signals::text, r.answers::text
        from annotation_response r join annotation_stimulus s on s.id = r.stimulus_id
        join annotation_participation p on p.id = r.participation_id
        join annotation_annotator a on a.id = p.annotator_id
        where r.study_id = %(study)s and r.status <> 'withdrawn'
        order by s.key collate "C", a.pseudonym collate "C" """
    canonical: dict[str, str] = {}  # the orders shown repeat by the thousand
    for rows in _rows(query, study, "responses"):
        stimuli, annotators, *columns = (list(column) for column in zip(*rows, strict=True))
        answers, signals, shown = columns.pop(), columns.pop(), columns[4]
        for text in {*shown, *signals}:
            if text not in canonical:
                if len(canonical) > 100_000:
                    canonical.clear()
                canonical[text] = canonical_json(json.loads(text))
        keys = [response_key(*pair) for pair in zip(stimuli, annotators, strict=True)]
        columns[1] = [_utc(moment) for moment in columns[1]]
        columns[4] = [canonical[text] for text in shown]
        cells = [_cells(steps, json.loads(answer)) for answer in answers]
        arrays = [stimuli, annotators, keys, *columns, [canonical[text] for text in signals], *zip(*cells, strict=True)]
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, field.type) for column, field in zip(arrays, schema, strict=True)], schema=schema
        )


def _revisions(study: Study, steps: list[Step]) -> list[dict[str, Any]]:
    """Earlier versions. Few people revise, so they are sorted here, by a key the database does not have."""
    query = """
        select s.key, a.pseudonym, v.number, v.created_at, v.answers::text
        from annotation_responserevision v join annotation_response r on r.id = v.response_id
        join annotation_stimulus s on s.id = r.stimulus_id
        join annotation_participation p on p.id = r.participation_id
        join annotation_annotator a on a.id = p.annotator_id
        where r.study_id = %(study)s and r.status <> 'withdrawn'"""
    names = [field.name for step in steps for field in step.columns()]
    found = [
        {
            "response_key": response_key(stimulus, pseudonym),
            "number": number,
            "created_at": _utc(written),
            **dict(zip(names, _cells(steps, json.loads(answers)), strict=True)),
        }
        for rows in _rows(query, study, "revisions")
        for stimulus, pseudonym, number, written, answers in rows
    ]
    return sorted(found, key=lambda row: (row["response_key"], row["number"]))


def _cells(steps: list[Step], answers: dict[str, Any]) -> list[Any]:
    return [cell for step in steps for cell in step.cells(answers)]


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
