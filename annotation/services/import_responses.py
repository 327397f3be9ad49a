"""Bring responses in that were given elsewhere: Affection's public files, or plain worker, item, label, explanation.

Rows are checked one by one while they flow into a staging table; everything after that is done by the database in a
few statements over all rows, in one transaction. So half a million rows take seconds, memory does not grow with them,
and one bad row leaves nothing behind.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import ConsentText, Identity, Membership, Stimulus, Study
from annotation.models.annotator import random_code, random_place, random_pseudonym, random_seed
from annotation.models.study import consent_hash
from annotation.services import import_statements as statements
from annotation.services.insert_stimuli import NewStimulus, copy_rows, insert_stimuli
from annotation.services.read_table import Table, open_table
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
    "import_item",
    "import_worker",
    "import_person",
    "import_version",
    "import_pair",
    "import_change",
)
RESERVED = ("new", "import")  # pages beside those of studies, annotation/urls.py
MOST_WANTED = 1000  # as Study.wanted_responses
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
            result.n_stimuli = _write_items(cursor, study, rows)
            result.n_annotators = _write_workers(cursor, study, rows, language)
            _pair_up(cursor, study)
            _refuse_what_does_not_fit(cursor, table)
            _write_responses(cursor, study, result, language)
    except IntegrityError as error:
        # somebody answered, or made the same study, in the same moment
        raise InvalidInput(
            f"{table.name} could not be imported since the study changed meanwhile; nothing was imported. Try again."
        ) from error
    return result


def _stage(cursor: Any, rows: ResponseRows, progress: Progress) -> int:
    """All rows, checked, in a table of the transaction. Returns how many."""
    cursor.execute(
        "create temp table import_row (number int, worker int, item int, label text, answers jsonb) on commit drop"
    )
    columns = ["number", "worker", "item", "label", "answers"]
    n_rows = copy_rows(cursor, "import_row", columns, rows, on_chunk=lambda done: progress(done, "Reading rows"))
    rows.problems.raise_if_any()
    if not n_rows:
        raise InvalidInput(f"{rows.table.name} has a header but no rows, so there is nothing to import.")
    cursor.execute("analyze import_row")
    return n_rows


def _most_on_one_item(cursor: Any, table: Table) -> int:
    """The largest number of responses on one item: what a new study must have wanted."""
    cursor.execute("select max(n) from (select count(distinct worker) as n from import_row group by item) as counts")
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


def _write_items(cursor: Any, study: Study, rows: ResponseRows) -> int:
    """Makes stimuli for items the study does not have, and the table from item numbers to stimuli."""
    known: dict[tuple[str, str], int] = {}
    by_name: dict[str, list[int]] = {}
    for pk, source, name in Stimulus.objects.filter(study=study).values_list("pk", "source_dataset", "name"):
        known[source, name] = pk
        by_name.setdefault(name, []).append(pk)
    if not rows.columns.source:
        # the file names no sources: a name that only one stimulus has is that stimulus
        for name, pks in by_name.items():
            known.setdefault(("", name), pks[0])
            if len(pks) > 1 and ("", name) in rows.items:
                raise InvalidInput(
                    f"Item {name!r}: the study has {len(pks)} images of this name. Add a column with their source "
                    "and name it with --source-column. Nothing was imported."
                )
    new = [item for item in rows.items if item not in known]
    n_new = insert_stimuli(study=study, stimuli=(NewStimulus(name, source) for source, name in new))
    if new:
        made = Stimulus.objects.filter(study=study).values_list("source_dataset", "name", "pk")
        known |= {(source, name): pk for source, name, pk in made if (source, name) in rows.items}
    cursor.execute("create temp table import_item (item int primary key, stimulus_id bigint) on commit drop")
    numbered = ((number, known[item]) for item, number in rows.items.items())
    copy_rows(cursor, "import_item", ["item", "stimulus_id"], numbered)
    cursor.execute("analyze import_item")
    return n_new


def _write_workers(cursor: Any, study: Study, rows: ResponseRows, language: str) -> int:
    """Annotators with random pseudonyms; which worker id is whom stands in Identity alone. Returns how many are new."""
    # by the study's number, which never changes: the same id in another file is another person
    panel = f"import:{study.pk}"
    known = dict(Identity.objects.filter(panel=panel).values_list("panel_id", "annotator_id"))
    new = [worker for worker in rows.workers if worker not in known]
    now = timezone.now()
    ids = _next_ids(cursor, "annotation_annotator", len(new))
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
    cursor.execute(
        "create temp table import_worker (worker int primary key, annotator_id bigint, option_seed int, "
        "ring_place bigint, code text) on commit drop"
    )
    copy_rows(
        cursor,
        "import_worker",
        ["worker", "annotator_id", "option_seed", "ring_place", "code"],
        (
            (number, known[worker], random_seed(), random_place(), random_code())
            for worker, number in rows.workers.items()
        ),
    )
    cursor.execute(
        """
        insert into annotation_participation (study_id, annotator_id, consent_id, language, cohort, option_seed,
          ring_place, next_sequence, n_answered, n_skipped, withdrawal_code, started_at)
        select %(study)s, annotator_id, %(consent)s, %(language)s, '', option_seed, ring_place, 1, 0, 0, code, %(now)s
        from import_worker
        on conflict (study_id, annotator_id) do nothing
        """,
        {"study": study.pk, "consent": consent.pk, "language": language, "now": now},
    )
    return len(new)


def _next_ids(cursor: Any, table: str, n: int) -> list[int]:
    cursor.execute("select nextval(%s::regclass) from generate_series(1, %s)", [_sequence(cursor, table), n])
    return [int(row[0]) for row in cursor.fetchall()]


def _sequence(cursor: Any, table: str) -> str:
    """Where a table's ids come from; asked once, since looking it up per row costs more than the number itself."""
    cursor.execute("select pg_get_serial_sequence(%s, 'id')", [table])
    return str(cursor.fetchone()[0])


def _pair_up(cursor: Any, study: Study) -> None:
    cursor.execute(statements.VERSIONS)
    cursor.execute("analyze import_version")
    cursor.execute(statements.PERSONS, {"study": study.pk})
    cursor.execute("analyze import_person")
    sequences = {"assignments": "annotation_assignment", "responses": "annotation_response"}
    names = {part: _sequence(cursor, table) for part, table in sequences.items()}
    cursor.execute(statements.PAIRS, {"study": study.pk, **names})
    cursor.execute("analyze import_pair")


def _refuse_what_does_not_fit(cursor: Any, table: Table) -> None:
    """An existing study may want fewer responses than the file brings, or a person may have withdrawn hers."""
    cursor.execute(
        """
        select s.name, s.wanted, s.wanted - s.open_slots, count(*), min(p.number)
        from import_pair p join annotation_stimulus s on s.id = p.stimulus_id
        where p.known_assignment_id is null group by s.id having count(*) > s.open_slots order by min(p.number) limit 5
        """
    )
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
    cursor.execute(
        "select number, known_state from import_pair "
        "where known_assignment_id is not null and known_response_id is null or known_state = 'withdrawn' "
        "order by number limit 1"
    )
    gone = cursor.fetchone()
    if gone:
        raise InvalidInput(
            f"Row {gone[0]}: this person's answer to this item was {gone[1]} here, so the file cannot bring one back. "
            f"Take the row out. Nothing of {table.name} was imported."
        )


def _write_responses(cursor: Any, study: Study, result: ImportedResponses, language: str) -> None:
    values = {"study": study.pk, "now": timezone.now(), "language": language}
    cursor.execute(statements.ASSIGNMENTS, values)
    cursor.execute(statements.RESPONSES, values)
    result.n_responses = cursor.rowcount
    cursor.execute(statements.EARLIER_VERSIONS, values)
    result.n_revisions = cursor.rowcount
    cursor.execute(statements.CHANGED)
    cursor.execute(statements.KEEP_OLD, values)
    result.n_revisions += cursor.rowcount
    cursor.execute(statements.REVISE, values)
    cursor.execute(statements.COUNTERS)
    result.n_unchanged = result.n_rows - result.n_responses - result.n_revisions
