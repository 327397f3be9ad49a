"""Bring responses in that were given elsewhere: Affection's public files, or plain worker, item, label, explanation.

Rows are checked while they are put aside (rows_aside.py), by the column where the file allows it (response_columns.py).
Then all is known about who answered what (response_pairs.py: a few numbers per row are kept in memory, no texts), the
rows go to the database with their ids, and the rest is done there in a few statements over all of them, in one
transaction. So half a million rows take seconds, and one bad row leaves nothing behind.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import ConsentText, Identity, Membership, Study
from annotation.models.annotator import random_code, random_place, random_pseudonym, random_seed
from annotation.models.study import consent_hash
from annotation.services import import_statements as statements
from annotation.services.bring_rows import bring_rows
from annotation.services.copy_in import ROWS_AT_ONCE, copy_rows, next_ids
from annotation.services.import_refusals import (
    ambiguous_item,
    check_most_on_one_item,
    check_words,
    refuse_what_came_from_here,
    refuse_what_does_not_fit,
)
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from annotation.services.read_table import NotByColumn, open_table
from annotation.services.response_columns import checked_batches
from annotation.services.response_pairs import Pairs, pairs_of
from annotation.services.response_rows import NewStudyRules, ResponseRows, Rules, StudyRules
from annotation.services.rows_aside import SCHEMA, RowsAside
from annotation.services.table_columns import columns_of

CONSENT = "imported"
STAGING = (
    "import_ready",
    "import_row",
    "import_key",
    "import_item",
    "import_worker",
    "import_person",
    "import_known",
    "import_new",
    "import_version",
    "import_change",
)
RESERVED = ("new", "import")  # pages beside those of studies, annotation/urls.py
Progress = Callable[[int, str], None]


@dataclass
class ImportedResponses:
    """What an import did. n_rows: rows taken; n_unchanged: those of them that said what was known already; n_surplus:
    further rows, of our own exports, that were surplus there and stay out.
    """

    study: str
    made_study: bool
    n_rows: int = 0
    n_responses: int = 0
    n_revisions: int = 0
    n_unchanged: int = 0
    n_surplus: int = 0
    n_stimuli: int = 0
    n_annotators: int = 0
    labels: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def import_responses(
    *,
    path: Path,
    study: Study | None = None,
    new_slug: str = "",
    title: str = "",
    columns: dict[str, str] | None = None,
    text_optional: bool = False,
    language: str = "",
    user: Any = None,
    file_name: str = "",
    progress: Progress = lambda done, message: None,
) -> ImportedResponses:
    """Imports a file into `study`, or into a new closed study with the address `new_slug`. All of it, or nothing.

    columns: names other than the usual, by part (worker, item, label, text, source). Nothing said and the header of
        Affection's files, or of our own exports, found: theirs; else worker, item, label and, where there are such,
        explanation and source_dataset.
    text_optional: a new study accepts rows without words although the file has a column for them.
    A repeated worker and item is a revision: the last row counts. The same file again changes nothing.
    Raises InvalidRows (which rows, which field, why), InvalidInput.
    """
    check_words(new_slug if study is None else "", title, language)
    table = open_table(path, name=file_name)
    names, is_affection = columns_of(table, columns or {}, study)
    new = NewStudyRules(names, is_affection=is_affection, text_optional=text_optional)
    rules: Rules = StudyRules(study, names) if study else new
    rows = ResponseRows(table, names, rules, is_affection=is_affection)
    try:
        with RowsAside() as aside:
            pairs = _put_aside(rows, aside, progress)
            n_rows = len(pairs.numbers)
            check_most_on_one_item(pairs, table)
            with transaction.atomic(), connection.cursor() as cursor:
                _clear(cursor)
                made_study = study is None
                if study is not None:
                    refuse_what_came_from_here(study, rows)
                else:
                    wanted = pairs.most_on_one_item
                    study = _make_study(new_slug, title or new_slug, new.steps(), wanted, is_affection, user)
                labels = [label["id"] for label in study.labels]
                result = ImportedResponses(study.slug, made_study, n_rows, n_surplus=rows.n_surplus, labels=labels)
                progress(n_rows, "Writing responses")
                _one_import_at_a_time(cursor, study)
                result.n_stimuli = _write_items(cursor, study, rows)
                result.n_annotators = _write_workers(cursor, study, rows, language)
                bring_rows(cursor, study, aside, pairs, table)
                refuse_what_does_not_fit(cursor, table)
                _write_responses(cursor, study, rules, result, language)
    except IntegrityError as error:
        # somebody answered, or made the same study, in the same moment
        raise InvalidInput(
            f"{table.name} could not be imported since the study changed meanwhile; nothing was imported. Try again."
        ) from error
    return result


def _put_aside(rows: ResponseRows, aside: RowsAside, progress: Progress) -> Pairs:
    """All rows, checked, put aside. Returns who answered what."""
    seen: list[list[np.ndarray]] = []

    def take(batch: pa.RecordBatch) -> int:
        seen.append([batch.column(name).to_numpy() for name in ("number", "worker", "item")])
        aside.add(batch)
        return int(batch.num_rows)

    n_rows = 0
    try:
        for batch in checked_batches(rows):
            n_rows += take(batch)
            progress(n_rows, "Reading rows")
    except NotByColumn:
        # something that needs a closer look: row by row, which accepts it or says which row is wrong and why
        n_rows = 0
        seen.clear()
        rows.forget()
        aside.forget()
        rest = iter(rows)
        while some := list(islice(rest, ROWS_AT_ONCE)):
            columns = zip(SCHEMA, zip(*some, strict=True), strict=True)
            arrays = [pa.array(column, each.type) for each, column in columns]
            n_rows += take(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
            progress(n_rows, "Reading rows")
    rows.problems.raise_if_any()
    if not n_rows:
        no_rows = "nothing but surplus rows" if rows.n_surplus else "a header but no rows"
        raise InvalidInput(f"{rows.table.name} has {no_rows}, so there is nothing to import.")
    return pairs_of(*(np.concatenate(each) for each in zip(*seen, strict=True)))


def _clear(cursor: Any) -> None:
    # an import in the same transaction, one after another, leaves them behind
    cursor.execute(f"drop table if exists {', '.join(f'pg_temp.{table}' for table in STAGING)}")
    # sorts of some hundred MB that go through the disk would take longer than all the rest
    cursor.execute("set local work_mem = '64MB'")


def _make_study(
    slug: str, title: str, steps: list[dict[str, Any]], wanted: int, is_affection: bool, user: Any
) -> Study:
    if slug in RESERVED:
        raise InvalidInput(f"A study cannot be called {slug!r}, since that is the address of a page.")
    if Study.objects.filter(slug=slug).exists():
        raise InvalidInput(f"There is a study {slug!r} already.")
    study = Study.objects.create(
        slug=slug,
        title=title,
        template="affective_explanation" if is_affection else "imported",
        steps=steps,
        wanted_responses=wanted,
        consent=CONSENT,
        completion_code=random_code(),
        state=Study.CLOSED,
        created_by=user,
    )
    if user is not None:
        Membership.objects.create(study=study, user=user, role=Membership.MANAGER)
    return study


def _one_import_at_a_time(cursor: Any, study: Study) -> None:
    """Two imports into one study would make the same stimuli and the same people: the second one waits, then finds
    them. Not a lock on the study's row, which whoever pauses the study would have to wait for.
    """
    cursor.execute("select pg_advisory_xact_lock(hashtext('import_responses'), %s)", [study.pk])


def _write_items(cursor: Any, study: Study, rows: ResponseRows) -> int:
    """Makes stimuli for items the study does not have, and the table from item numbers to stimuli."""
    values = {"study": study.pk, "has_source": bool(rows.columns.source)}
    cursor.execute(statements.ITEMS)
    numbered = ((number, source, name) for (source, name), number in rows.items.items())
    copy_rows(cursor, "import_item", ["item", "source", "name"], numbered)
    cursor.execute("analyze import_item")
    cursor.execute(statements.AMBIGUOUS_ITEM, values)
    if found := cursor.fetchone():
        raise InvalidInput(ambiguous_item(*found, has_source=bool(rows.columns.source)))
    cursor.execute(statements.MATCH_ITEMS, values)
    cursor.execute("select source, name from import_item where stimulus_id is null order by item")
    new = cursor.fetchall()
    n_new = insert_stimuli(study=study, stimuli=(NewStimulus(name, source) for source, name in new))
    if new:
        cursor.execute(statements.MATCH_ITEMS, values)
    return n_new


def _write_workers(cursor: Any, study: Study, rows: ResponseRows, language: str) -> int:
    """Annotators with random pseudonyms; which worker id is whom stands in Identity alone. Returns how many are new."""
    # by the study's number, which never changes: the same id in another file is another person
    panel = f"import:{study.pk}"
    known = dict(Identity.objects.filter(panel=panel).values_list("panel_id", "annotator_id"))
    new = [worker for worker in rows.workers if worker not in known]
    now = timezone.now()
    ids = next_ids(cursor, "annotation_annotator", len(new))
    known |= dict(zip(new, ids, strict=True))
    simulated = (rows.is_simulated(worker) for worker in new)
    copy_rows(
        cursor,
        "annotation_annotator",
        ["id", "pseudonym", "is_simulated", "created_at"],
        ((pk, random_pseudonym(), mark, now) for pk, mark in zip(ids, simulated, strict=True)),
    )
    copy_rows(
        cursor,
        "annotation_identity",
        ["annotator_id", "email", "panel", "panel_id"],
        ((pk, "", panel, worker) for pk, worker in zip(ids, new, strict=True)),
    )
    consent, _ = ConsentText.objects.get_or_create(
        study=study, hash=consent_hash(CONSENT), defaults={"markdown": CONSENT}
    )
    cursor.execute(statements.WORKERS)
    unknown = set(new)
    copy_rows(
        cursor,
        "import_worker",
        ["worker", "annotator_id", "is_new", "option_seed", "ring_place", "code"],
        (
            (number, known[worker], worker in unknown, random_seed(), random_place(), random_code())
            for worker, number in rows.workers.items()
        ),
    )
    cursor.execute("analyze import_worker")
    values = {"study": study.pk, "consent": consent.pk, "language": language, "now": now}
    cursor.execute(statements.PARTICIPATIONS, values)
    return len(new)


def _write_responses(cursor: Any, study: Study, rules: Rules, result: ImportedResponses, language: str) -> None:
    values = {"study": study.pk, "now": timezone.now(), "language": language}
    values |= {"label_step": rules.label_step, "text_step": rules.text_step, "others": json.dumps(rules.others)}
    cursor.execute(statements.ASSIGNMENTS, values)
    keyed = {"key": statements.RESPONSE_KEY}
    cursor.execute(statements.READY_RESPONSES.format(answers=_answers(rules, "p"), label="p.label", **keyed), values)
    result.n_responses = cursor.rowcount
    answers = _answers(rules, "r")
    cursor.execute(statements.RESPONSES.format(answers=answers, label="r.label", **keyed), values)
    result.n_responses += cursor.rowcount
    cursor.execute(statements.EARLIER_VERSIONS.format(answers=answers), values)
    result.n_revisions = cursor.rowcount
    cursor.execute(statements.CHANGED.format(answers=answers), values)
    cursor.execute(statements.UNCHANGED)
    cursor.execute(statements.KEEP_OLD, values)
    result.n_revisions += cursor.rowcount
    cursor.execute(statements.REVISE, values)
    cursor.execute(statements.COUNTERS)
    result.n_unchanged = result.n_rows - result.n_responses - result.n_revisions


def _answers(rules: Rules, row: str) -> str:
    """How the database makes the answers of a row as they are stored."""
    parts = f"%(label_step)s::text, {row}.label" + (f", %(text_step)s::text, {row}.words" if rules.text_step else "")
    made = f"jsonb_build_object({parts})"
    return f"%(others)s::jsonb || {made}" if rules.others else made
