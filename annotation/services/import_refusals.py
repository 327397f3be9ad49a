"""What an import of responses cannot bring in, each with its sentence: nothing of the file is imported then."""

import re
from typing import Any

from annotation.errors import InvalidInput
from annotation.models import Participation, Study
from annotation.services import import_statements as statements
from annotation.services.read_table import Table
from annotation.services.response_pairs import Pairs
from annotation.services.response_rows import ResponseRows

MOST_WANTED = 1000  # as Study.wanted_responses
LANGUAGE = re.compile(r"(?=.{2,12}\Z)[A-Za-z]{2,3}(-[A-Za-z0-9]+)*")  # as long as Participation.language


def check_words(slug: str, title: str, language: str) -> None:
    """What the database could not keep is said before half a million rows are read."""
    for what, given, most in (("address of a study", slug, 80), ("title", title, 200)):
        if len(given) > most:
            raise InvalidInput(f"The {what} has at most {most} characters; {given[:40]!r}... has {len(given)}.")
        if "\x00" in given:
            raise InvalidInput(f"The {what} holds a NUL character.")
    if language and not LANGUAGE.fullmatch(language):
        raise InvalidInput(f"{language[:40]!r} is no code of a language; write it as en, pt or zh-hans.")


def check_most_on_one_item(pairs: Pairs, table: Table) -> None:
    """The largest number of responses on one item is what a new study must have wanted."""
    if pairs.most_on_one_item > MOST_WANTED:
        raise InvalidInput(
            f"One item of {table.name} has {pairs.most_on_one_item} responses; at most {MOST_WANTED} are possible. Is "
            "this the right column of items?"
        )


def refuse_what_came_from_here(study: Study, rows: ResponseRows) -> None:
    """The study's own export would count everybody twice: once as herself, once as somebody called by her pseudonym."""
    here = Participation.objects.filter(study=study, annotator__is_simulated=False)
    if n := here.filter(annotator__pseudonym__in=list(rows.workers)).count():
        raise InvalidInput(
            f"{n:,} of the people of {rows.table.name} take part in this study under the same pseudonyms: the file was "
            "exported from here, and its answers are here already. Nothing was imported. Name a study that does not "
            "exist yet, to have the file as one of its own."
        )


def ambiguous_item(name: str, source: str, n: int, *, has_source: bool) -> str:
    if not has_source:
        advice = "Add a column with their source and name it with --source-column."
        return f"Item {name!r}: the study has {n} images of this name. {advice} Nothing was imported."
    where = f" from {source!r}" if source else " without a source"
    return f"Item {name!r}: the study has {n} images of this name{where}, so none can be told. Nothing was imported."


def refuse_what_does_not_fit(cursor: Any, table: Table) -> None:
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
