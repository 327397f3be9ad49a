"""Freezes a study into a snapshot: an immutable folder, named by the hash of its content."""

import hashlib
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotation.care.frozen import METADATA
from annotation.models import ConsentText, Response, SnapshotRecord, Study
from annotation.services.copy_out import Batches, begun, copy_out, second_session
from annotation.services.mark_snapshots import lock_marks, withdrawals_of
from annotation.steps import Step, StepKind
from snapshots.canonical import canonical_json
from snapshots.local_copy import snapshot_folder
from snapshots.manifest import Manifest
from snapshots.schema import MANIFEST_FILE, TABLE_FILES, TABLES
from snapshots.writer import SnapshotWriter

ROWS_AT_ONCE = 5_000
# right after an import the server does not know yet how large the tables are, and would compare every response with
# every person
_NO_LOOPS = "set local enable_nestloop = off"
Progress = Callable[[int, int], None]


def freeze_snapshot(*, study: Study, progress: Progress = lambda done, total: None) -> SnapshotRecord:
    """The same data give the same id, and freezing twice finds the first snapshot.

    Reads everything as of one moment (repeatable read), streaming. Withdrawn responses are absent; simulated ones
    carry their mark.
    """
    parent = Path(tempfile.mkdtemp(prefix="commonground-freeze-"))
    try:
        folder, manifest, facts, withdrawals = _write(study, parent, progress)
        _store(folder, manifest.id)
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    with transaction.atomic():
        lock_marks(study)
        # somebody may have taken an answer back since the moment that was frozen
        late = withdrawals_of(study) != withdrawals
        record, _ = SnapshotRecord.objects.get_or_create(study=study, snapshot_id=manifest.id, defaults=facts)
        if late and not record.contains_withdrawn:
            record.contains_withdrawn = True
            record.save(update_fields=["contains_withdrawn"])
    return record


def _write(study: Study, parent: Path, progress: Progress) -> tuple[Path, Manifest, dict[str, int], tuple[int, int]]:
    outermost = not connection.in_atomic_block
    with transaction.atomic(), ExitStack() as open_to_the_end:
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor() as cursor:
            cursor.execute(_NO_LOOPS)
        study = Study.objects.get(pk=study.pk)
        steps = study.parsed_steps
        fields = [field for step in steps for field in step.columns()]
        rows: Iterable[pa.RecordBatch]
        if outermost:
            # the server sorts the answers while the tables before them are written
            session = open_to_the_end.enter_context(second_session())
            with session.cursor() as cursor:
                cursor.execute(_NO_LOOPS)
            rows = open_to_the_end.enter_context(begun(_response_rows(study, steps, session)))
        else:
            rows = _response_rows(study, steps)
        withdrawals = withdrawals_of(study)
        n_responses = Response.objects.filter(study=study).count() - withdrawals[0]
        with SnapshotWriter(parent=parent, study=describe(study, withdrawals[0]), step_fields=fields) as writer:
            keys, pseudonyms = [], []
            for batch in _stimuli(study, writer.schema("stimuli")):
                writer.write_stimuli(batch)
                keys.append(batch.column("stimulus_key"))
            for batch in _participations(study, writer.schema("participations")):
                writer.write_participations(batch)
                pseudonyms.append(batch.column("annotator"))
            done = n_simulated = 0
            names = (_one_array(keys), _one_array(pseudonyms))
            for batch in _responses(rows, steps, writer.schema("responses"), *names):
                writer.write_responses(batch)
                done += batch.num_rows
                n_simulated += batch.column("is_simulated").true_count
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
                "n_simulated": n_simulated,
            },
            withdrawals,
        )


def _store(folder: Path, snapshot_id: str) -> None:
    """The manifest goes last: a folder in the storage with a manifest is whole."""
    for name in (*TABLE_FILES, MANIFEST_FILE):
        place = f"{snapshot_folder(snapshot_id)}/{name}"
        if not default_storage.exists(place):
            with (folder / name).open("rb") as file:
                default_storage.save(place, File(file))


def describe(study: Study, n_withdrawn: int) -> dict[str, Any]:
    """What the manifest says about the study: nothing about accounts, addresses or database ids.

    n_withdrawn: responses that were withdrawn here.
    """
    steps = study.parsed_steps
    # without care nothing is said of it, so that such a study has the id that it always had
    care = {"care": study.care} if study.care else {}
    return care | {
        "title": study.title,
        "description": study.description,
        "template": study.template,
        "steps": study.steps,
        "label_sets": {step.name: list(step.labels) for step in steps if step.labels is not None},
        "wanted_responses": study.wanted_responses,
        "instructions": study.instructions,
        "consent": study.consent,
        "consents": list(ConsentText.objects.filter(study=study).order_by("hash").values("hash", "markdown")),
        "n_withdrawn": study.n_withdrawn_before + n_withdrawn,
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


def response_keys(stimulus_keys: pa.StringArray, pseudonyms: pa.StringArray) -> pa.StringArray:
    """`response_key` of every pair: (n,) texts of 36 characters."""
    names = pc.binary_join_element_wise(stimulus_keys, pseudonyms, "/").cast(pa.binary()).to_pylist()
    sha1, space = hashlib.sha1, uuid.NAMESPACE_OID.bytes
    digests = b"".join([sha1(space + name, usedforsecurity=False).digest()[:16] for name in names])
    numbers = np.frombuffer(digests, np.uint8).reshape(-1, 16).copy()  # (n, 16) bytes
    numbers[:, 6] = numbers[:, 6] & 0x0F | 0x50  # version 5
    numbers[:, 8] = numbers[:, 8] & 0x3F | 0x80  # the variant of RFC 9562
    hex_digits = np.frombuffer(b"".join(b"%02x" % number for number in range(256)), np.uint8).reshape(256, 2)
    digits = hex_digits[numbers].reshape(-1, 32)  # (n, 32) characters
    texts = np.full((len(names), 36), ord("-"), np.uint8)
    for start, end, begin in ((0, 8, 0), (9, 13, 8), (14, 18, 12), (19, 23, 16), (24, 36, 20)):
        texts[:, start:end] = digits[:, begin : begin + end - start]
    offsets = np.arange(0, 36 * len(names) + 1, 36, dtype=np.int32)
    return pa.StringArray.from_buffers(len(names), pa.py_buffer(offsets), pa.py_buffer(texts))


def _one_array(pieces: list[pa.StringArray]) -> pa.StringArray:
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())


class _CanonicalJson:
    """Turns the database's spelling of JSON into ours. Most texts repeat by the thousand, and are turned once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, column: pa.StringArray) -> pa.StringArray:
        codes = column.dictionary_encode()
        if len(self._known) > 100_000:
            self._known.clear()
        for text in codes.dictionary.to_pylist():
            if text not in self._known:
                self._known[text] = canonical_json(json.loads(text))
        spelled = pa.array([self._known[text] for text in codes.dictionary.to_pylist()], pa.string())
        return spelled.take(codes.indices)


def _stimuli(study: Study, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    query = f"""
        select s.key, s.source_dataset, s.name, s.description, ({METADATA})::text, nullif(s.image_sha256, ''), s.width,
          s.height, s.bytes
        from annotation_stimulus s where s.study_id = %(study)s order by s.key collate "C" """  # noqa: S608  # ours
    canonical = _CanonicalJson()
    for batch in copy_out(query, {"study": study.pk}, _types(schema)):
        yield _with(batch, schema, metadata=canonical(batch.column("metadata")))


def _participations(study: Study, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    query = """
        select a.pseudonym, c.hash, p.language, p.cohort, p.started_at, p.finished_at, a.is_simulated
        from annotation_participation p join annotation_annotator a on a.id = p.annotator_id
        join annotation_consenttext c on c.id = p.consent_id
        where p.study_id = %(study)s and p.withdrawn_at is null order by a.pseudonym collate "C" """
    yield from copy_out(query, {"study": study.pk}, _types(schema))


# Stimuli and people come as their places in the two tables written before: numbers sort faster than keys, and are less
# to carry.
_RESPONSES = """
    with stimulus as materialized (
      select id, row_number() over (order by key collate "C") - 1 as place
      from annotation_stimulus where study_id = %(study)s
    ), person as materialized (
      select p.id, row_number() over (order by a.pseudonym collate "C") - 1 as place
      from annotation_participation p join annotation_annotator a on a.id = p.annotator_id
      where p.study_id = %(study)s and p.withdrawn_at is null
    )
    select stimulus.place, person.place, r.status, r.created_at, r.revision, r.sequence, r.options_shown::text,
      r.duration_ms, r.language, r.device, r.theme, r.consent_hash, r.is_simulated, r.signals::text {answers}
    from annotation_response r
    join stimulus on stimulus.id = r.stimulus_id
    join person on person.id = r.participation_id
    where r.study_id = %(study)s and r.status <> 'withdrawn'
    order by stimulus.place, person.place
"""


_MADE_HERE = ("stimulus_key", "annotator", "response_key")


def _answer_columns(steps: list[Step]) -> list[str]:
    return [f"answers_{number}" for number in range(len(steps))]


def _response_rows(study: Study, steps: list[Step], session: Any = None) -> Batches:
    answers = _answer_columns(steps)
    # an answer of one cell is that cell; of any other kind the step itself says what the cells are
    picked = "".join(
        f", r.answers {'->>' if _is_one_text(step) else '->'} %({name})s"
        for name, step in zip(answers, steps, strict=True)
    )
    values = {"study": study.pk, **{name: step.name for name, step in zip(answers, steps, strict=True)}}
    types = {"stimulus_key": pa.int64(), "annotator": pa.int64()}
    types |= {field.name: field.type for field in TABLES["responses"].schema(()) if field.name not in _MADE_HERE}
    types |= dict.fromkeys(answers, pa.string())
    return copy_out(_RESPONSES.format(answers=picked), values, types, session=session)


def _responses(
    rows: Iterable[pa.RecordBatch],
    steps: list[Step],
    schema: pa.Schema,
    stimulus_keys: pa.StringArray,
    pseudonyms: pa.StringArray,
) -> Iterator[pa.RecordBatch]:
    answers = _answer_columns(steps)
    options_shown, signals = _CanonicalJson(), _CanonicalJson()
    for batch in rows:
        keys = stimulus_keys.take(batch.column("stimulus_key"))
        people = pseudonyms.take(batch.column("annotator"))
        cells: dict[str, pa.Array] = {}
        for name, step in zip(answers, steps, strict=True):
            cells |= _step_cells(step, batch.column(name))
        yield _with(
            batch,
            schema,
            stimulus_key=keys,
            annotator=people,
            response_key=response_keys(keys, people),
            options_shown=options_shown(batch.column("options_shown")),
            signals=signals(batch.column("signals")),
            **cells,
        )


def _is_one_text(step: Step) -> bool:
    return type(step.kind).cells is StepKind.cells and [field.type for field in step.columns()] == [pa.string()]


def _step_cells(step: Step, answers: pa.StringArray) -> dict[str, pa.Array]:
    """The step's columns out of its answers: texts, or JSON where the kind has cells of its own."""
    fields = step.columns()
    if _is_one_text(step):
        return {fields[0].name: answers}
    rows = [
        step.kind.cells(step.options, None if answer is None else json.loads(answer)) for answer in answers.to_pylist()
    ]
    columns = zip(*rows, strict=True) if rows else [[] for _ in fields]
    return {field.name: pa.array(column, field.type) for field, column in zip(fields, columns, strict=True)}


def _types(schema: pa.Schema) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in schema}


def _with(batch: pa.RecordBatch, schema: pa.Schema, **columns: pa.Array) -> pa.RecordBatch:
    """The batch with some columns replaced or added, in the order of the schema."""
    arrays = [columns[name] if name in columns else batch.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


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
