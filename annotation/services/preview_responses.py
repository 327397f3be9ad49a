"""What an import of responses would make of the first rows of a file, before anything is imported."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from annotation.errors import InvalidInput
from annotation.models import Stimulus, Study
from annotation.services.read_table import Problems, Table, as_text, open_table
from annotation.services.response_rows import ResponseRows, StudyRules
from annotation.services.table_columns import AFFECTION_COLUMNS, NAMED_PARTS, OWN_COLUMNS, columns_of

ROWS_SHOWN = 8
# how people call these columns; the first that a file has is proposed
USUAL_NAMES = {
    "worker": ("worker", "workerid", "worker_id", "annotator", "annotator_id", "user", "user_id", "participant"),
    "item": ("item", "image_name", "image", "stimulus_name", "stimulus", "image_id", "item_id", "file", "name"),
    "label": ("label", "emotion", "answer", "choice", "category"),
    "text": ("explanation", "utterance", "text", "words", "why", "comment"),
    "source": ("source_dataset", "dataset", "stimulus_source", "source"),
}


@dataclass(frozen=True)
class PreviewRow:
    """One row of the file. problems: {column: sentence}; the other fields are empty where there are any.

    is_known: the study has the item; else a stimulus without an image would be made for it.
    """

    number: int
    worker: str = ""
    item: str = ""
    source: str = ""
    label: str = ""
    words: str = ""
    is_known: bool = False
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ResponsePreview:
    """header: the file's columns. columns: which of them is read as what, '' = none; `recognised` says that the file's
    header alone told. rows: the first ones. problem: why nothing can be read, if so.
    """

    header: list[str]
    columns: dict[str, str]
    recognised: bool = False
    rows: list[PreviewRow] = field(default_factory=list)
    problem: str = ""

    @property
    def has_problems(self) -> bool:
        return bool(self.problem) or any(row.problems for row in self.rows)

    @property
    def columns_to_import(self) -> dict[str, str]:
        """What to tell the import: nothing where the header says all by itself; '' = the part is left out."""
        return {} if self.recognised else dict(self.columns)


def preview_responses(*, study: Study, path: Path, file_name: str, columns: dict[str, str]) -> ResponsePreview:
    """columns: what the person chose, by part; empty = nothing said yet. Raises InvalidInput if it is no table."""
    table = open_table(path, name=file_name)
    recognised = _recognised(table, study)
    chosen = columns or recognised or _proposed(table.columns)
    is_recognised = bool(recognised) and chosen == recognised
    missing = [part for part in ("worker", "item", "label") if not chosen.get(part)]
    if missing:
        return ResponsePreview(table.columns, chosen)
    try:
        names, is_affection = columns_of(table, {} if is_recognised else chosen, study)
        rows = ResponseRows(table, names, StudyRules(study, names), is_affection=is_affection)
    except InvalidInput as refusal:
        return ResponsePreview(table.columns, chosen, is_recognised, problem=refusal.message)
    problems = Problems(table.name)
    shown = [_row(rows, number, cells) for number, cells in islice(table.rows(problems), ROWS_SHOWN)]
    shown += [PreviewRow(problem["row"], problems={problem["field"]: problem["message"]}) for problem in problems.rows]
    if not shown:
        empty = f"{table.name} has a header but no rows, so there is nothing to import."
        return ResponsePreview(table.columns, chosen, is_recognised, problem=empty)
    known = set(
        Stimulus.objects.filter(study=study, name__in={row.item for row in shown}).values_list("source_dataset", "name")
    )
    known_names = {name for _, name in known}
    labels = {label["id"]: label["name"] for label in study.labels}
    return ResponsePreview(
        table.columns,
        chosen,
        is_recognised,
        [
            PreviewRow(
                row.number,
                row.worker,
                row.item,
                row.source,
                labels.get(row.label, row.label),
                row.words,
                (row.source, row.item) in known if names.source else row.item in known_names,
                row.problems,
            )
            for row in sorted(shown, key=lambda row: row.number)
        ],
    )


def _row(rows: ResponseRows, number: int, cells: list[Any]) -> PreviewRow:
    try:
        row = rows.check(cells)
    except InvalidInput as refusal:
        problems = {column: " ".join(sentences) for column, sentences in refusal.errors.items()}
        item = as_text(cells[rows.table.place(rows.columns.item)]) if rows.columns.item not in problems else ""
        return PreviewRow(number, item=item, problems=problems)
    return PreviewRow(number, row.worker, row.item, row.source, row.label_id, row.words or "")


def _recognised(table: Table, study: Study) -> dict[str, str]:
    """The columns of Affection's files and of our own exports, if they are clear; empty for others."""
    header = set(table.columns)
    if not (header >= set(OWN_COLUMNS) or header >= set(AFFECTION_COLUMNS.values())):
        return {}
    try:
        columns, _ = columns_of(table, {}, study)
    except InvalidInput:
        return {}
    return {part: getattr(columns, part) for part in NAMED_PARTS}


def _proposed(header: list[str]) -> dict[str, str]:
    by_lower = {name.lower(): name for name in reversed(header)}
    return {
        part: next((by_lower[name] for name in names if name in by_lower), "") for part, names in USUAL_NAMES.items()
    }
