"""Bring responses in that were given elsewhere: Affection's public files, or plain worker, item, label, explanation.

Rows are checked while they flow into a staging table, by the column where the file allows it (response_columns.py);
everything after that is done by the database in a few statements over all rows, in one transaction. So half a million
rows take seconds, memory does not grow with them, and one bad row leaves nothing behind.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import ConsentText, Identity, Membership, Study
from annotation.models.annotator import random_code, random_place, random_pseudonym, random_seed
from annotation.models.study import consent_hash
from annotation.services import import_statements as statements
from annotation.services.copy_in import copy_batch, copy_rows, next_ids, sequence_of
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from annotation.services.read_table import NotByColumn, Table, open_table
from annotation.services.response_columns import checked_batches
from annotation.services.response_rows import (
    NewStudyRules,
    ResponseRows,
    Rules,
    StudyRules,
    columns_of,
)

CONSENT = "imported"
STAGING = (
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
MOST_WANTED = 1000  # as Study.wanted_responses
LANGUAGE = re.compile(r"(?=.{2,12}\Z)[A-Za-z]{2,3}(-[A-Za-z0-9]+)*")  # as long as Participation.language
Progress = Callable[[int, str], None]


@dataclass
class ImportedResponses:
    """What an import did. n_rows: rows read; n_unchanged: rows that said what was known already."""

    study: str
    made_study: bool
    n_rows: int = 0
    n_responses: int = 0
    n_revisions: int = 0
    n_unchanged: int = 0
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
    _check_words(new_slug if study is None else "", title, language)
    table = open_table(path, name=file_name)
    names, is_affection = columns_of(table, columns or {})
    new = NewStudyRules(names, is_affection=is_affection, text_optional=text_optional)
    rules: Rules = StudyRules(study, names) if study else new
    rows = ResponseRows(table, names, rules, is_affection=is_affection)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # an import in the same transaction, one after another, leaves them behind
            cursor.execute(f"drop table if exists {', '.join(f'pg_temp.{table}' for table in STAGING)}")
            # sorts of some hundred MB that go through the disk would take longer than all the rest
            cursor.execute("set local work_mem = '64MB'")
            n_rows = _stage(cursor, rows, progress)
            made_study = study is None
            if study is None:
                wanted = _most_on_one_item(cursor, table)
                study = _make_study(new_slug, title or new_slug, new.steps(), wanted, is_affection, user)
            result = ImportedResponses(study.slug, made_study, n_rows, labels=[label["id"] for label in study.labels])
            progress(n_rows, "Writing responses")
            _one_import_at_a_time(cursor, study)
            result.n_stimuli = _write_items(cursor, study, rows)
            result.n_annotators = _write_workers(cursor, study, rows, language)
            _pair_up(cursor, study, table)
            _refuse_what_does_not_fit(cursor, table)
            _write_responses(cursor, study, rules, result, language)
    except IntegrityError as error:
        # somebody answered, or made the same study, in the same moment
        raise InvalidInput(
            f"{table.name} could not be imported since the study changed meanwhile; nothing was imported. Try again."
        ) from error
    return result


def _check_words(slug: str, title: str, language: str) -> None:
    """What the database could not keep is said before half a million rows are read."""
    for what, given, most in (("address of a study", slug, 80), ("title", title, 200)):
        if len(given) > most:
            raise InvalidInput(f"The {what} has at most {most} characters; {given[:40]!r}... has {len(given)}.")
        if "\x00" in given:
            raise InvalidInput(f"The {what} holds a NUL character.")
    if language and not LANGUAGE.fullmatch(language):
        raise InvalidInput(f"{language[:40]!r} is no code of a language; write it as en, pt or zh-hans.")


def _stage(cursor: Any, rows: ResponseRows, progress: Progress) -> int:
    """All rows, checked, in a table of the transaction. Returns how many."""
    cursor.execute(statements.ROWS)
    n_rows = 0
    try:
        for batch in checked_batches(rows):
            n_rows += copy_batch(cursor, "import_row", batch)
            progress(n_rows, "Reading rows")
    except NotByColumn:
        # something that needs a closer look: row by row, which accepts it or says which row is wrong and why
        cursor.execute("truncate import_row")
        rows.forget()
        columns = ["number", "worker", "item", "label", "words"]
        n_rows = copy_rows(cursor, "import_row", columns, rows, on_chunk=lambda done: progress(done, "Reading rows"))
    rows.problems.raise_if_any()
    if not n_rows:
        raise InvalidInput(f"{rows.table.name} has a header but no rows, so there is nothing to import.")
    cursor.execute("analyze import_row")
    cursor.execute(statements.KEYS)
    cursor.execute("analyze import_key")
    return n_rows


def _most_on_one_item(cursor: Any, table: Table) -> int:
    """The largest number of responses on one item: what a new study must have wanted."""
    cursor.execute("select max(n) from (select count(*) as n from import_key group by item) as counts")
    most = int(cursor.fetchone()[0])
    if most > MOST_WANTED:
        raise InvalidInput(
            f"One item of {table.name} has {most} responses; at most {MOST_WANTED} are possible. Is this the right "
            "column of items?"
        )
    return most


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
    if not rows.columns.source:
        cursor.execute(statements.AMBIGUOUS_ITEM, values)
        if found := cursor.fetchone():
            raise InvalidInput(
                f"Item {found[0]!r}: the study has {found[1]} images of this name. Add a column with their source "
                "and name it with --source-column. Nothing was imported."
            )
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


def _pair_up(cursor: Any, study: Study, table: Table) -> None:
    values = {"study": study.pk}
    cursor.execute("select exists (select from import_worker where not is_new)")
    if cursor.fetchone()[0]:
        cursor.execute(statements.LOCK_PEOPLE, values)
    cursor.execute(statements.PERSONS, values)
    cursor.execute("analyze import_person")
    cursor.execute(statements.WITHDRAWN_PERSON)
    if row := cursor.fetchone()[0]:
        raise InvalidInput(
            f"Row {row}: this person withdrew from the study, so nothing more of theirs comes in. Take their rows out. "
            f"Nothing of {table.name} was imported."
        )
    cursor.execute(statements.KNOWN)
    cursor.execute("analyze import_known")
    sequences = {"assignments": "annotation_assignment", "responses": "annotation_response"}
    names = {part: sequence_of(cursor, table) for part, table in sequences.items()}
    cursor.execute(statements.NEW, names)
    cursor.execute("analyze import_new")
    cursor.execute(statements.VERSIONS)
    cursor.execute("analyze import_version")


def _refuse_what_does_not_fit(cursor: Any, table: Table) -> None:
    """An existing study may want fewer responses than the file brings, or a person may have withdrawn hers."""
    cursor.execute(statements.TOO_MANY)
    too_many = cursor.fetchall()
    if too_many:
        sentences = [
            f"Row {row}: item {name!r} wants {wanted} responses, has {held} and would get {n} more."
            for name, wanted, held, n, row in too_many
        ]
        raise InvalidInput(
            f"{' '.join(sentences)} Nothing of {table.name} was imported. Raise the study's wanted responses, or "
            "import into a study of its own."
        )
    cursor.execute(statements.GONE)
    gone = cursor.fetchone()
    if gone:
        raise InvalidInput(
            f"Row {gone[0]}: this person's answer to this item was {gone[1]} here, so the file cannot bring one back. "
            f"Take the row out. Nothing of {table.name} was imported."
        )


def _write_responses(cursor: Any, study: Study, rules: Rules, result: ImportedResponses, language: str) -> None:
    values = {"study": study.pk, "now": timezone.now(), "language": language}
    values |= {"label_step": rules.label_step, "text_step": rules.text_step, "others": json.dumps(rules.others)}
    answers = _answers(rules)
    cursor.execute(statements.ASSIGNMENTS, values)
    cursor.execute(statements.RESPONSES.format(answers=answers, key=statements.RESPONSE_KEY), values)
    result.n_responses = cursor.rowcount
    cursor.execute(statements.EARLIER_VERSIONS.format(answers=answers), values)
    result.n_revisions = cursor.rowcount
    cursor.execute(statements.CHANGED.format(answers=answers), values)
    cursor.execute(statements.UNCHANGED)
    cursor.execute(statements.KEEP_OLD, values)
    result.n_revisions += cursor.rowcount
    cursor.execute(statements.REVISE, values)
    cursor.execute(statements.COUNTERS)
    result.n_unchanged = result.n_rows - result.n_responses - result.n_revisions


def _answers(rules: Rules) -> str:
    """How the database makes the answers of a row `r` as they are stored."""
    parts = "%(label_step)s::text, r.label" + (", %(text_step)s::text, r.words" if rules.text_step else "")
    made = f"jsonb_build_object({parts})"
    return f"%(others)s::jsonb || {made}" if rules.others else made
