"""Check the rows of a file of responses, one by one: who, about what, which label, which words.

Half a million rows are checked by the column instead (response_columns.py); this way is for what that one does not
take, and it says what is wrong with which row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from annotation.emotions import AFFECTION
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services.read_table import Problems, Table, as_text
from annotation.services.table_columns import PARTS, Columns
from annotation.steps import clean_answers, clean_steps
from annotation.steps.base import AnswerRefused
from annotation.steps.choice.kind import LABEL_ID, MOST_LABELS
from annotation.steps.text.kind import MOST_CHARACTERS, Text
from snapshots.exports.affection_raw import SIMULATED_PREFIX

LONGEST = {"worker": 120, "item": 300, "source": 120}  # characters the database keeps


class Rules(Protocol):
    """What a row must hold. Takes label and words as they stand in the file.

    label_step, text_step: the steps that label and words answer; '' = words have no place.
    text_options: what the words must be like. others: the answers of all other steps, the same in every row.
    """

    label_step: str
    text_step: str
    text_options: dict[str, Any]
    others: dict[str, Any]

    def label_id(self, label: str) -> str:
        """The id of a label as the file spells it. Raises InvalidInput with errors by column."""

    def check(self, label: str, text: str) -> tuple[str, str | None]:
        """The label's id and the words as they are stored. Raises InvalidInput with errors by column."""


class StudyRules:
    """The rules of a study that exists: exactly what its annotators have to keep."""

    def __init__(self, study: Study, columns: Columns) -> None:
        self.steps = study.parsed_steps
        choice = next((step for step in self.steps if step.labels is not None), None)
        if choice is None or choice.kind.name != "choice":
            raise InvalidInput(f"The study {study.slug} asks for no label, so this file does not fit it.")
        text = next((step for step in self.steps if step.kind.name == "text"), None)
        if columns.text and text is None:
            raise InvalidInput(
                f"The study {study.slug} has no text step, so the column {columns.text!r} has no place in it."
            )
        self.choice = choice
        self.label_step, self.text_step = choice.name, text.name if text else ""
        self.text_options = text.options if text else {}
        self.column_of = {choice.name: columns.label, **({text.name: columns.text or "text"} if text else {})}
        self.ids = {label["name"].lower(): label["id"] for label in choice.labels or []}
        self.ids |= {label["id"]: label["id"] for label in choice.labels or []}
        self.others = self._other_answers(study)

    def _other_answers(self, study: Study) -> dict[str, Any]:
        """What the file says nothing about: every such step must be one that may be left out."""
        others = [step for step in self.steps if step.name not in (self.label_step, self.text_step)]
        try:
            return clean_answers(others, {})
        except InvalidInput as refusal:
            names = ", ".join(refusal.errors)
            raise InvalidInput(
                f"The study {study.slug} needs an answer to {names} as well, which a file of labels does not hold."
            ) from refusal

    def label_id(self, label: str) -> str:
        found = self.ids.get(label) or self.ids.get(label.lower(), label)
        try:
            return str(self.choice.kind.clean_answer(self.choice.options, found))
        except AnswerRefused as refusal:
            raise InvalidInput(str(refusal), {self.column_of[self.label_step]: [str(refusal)]}) from refusal

    def check(self, label: str, text: str) -> tuple[str, str | None]:
        errors: dict[str, list[str]] = {}
        label_id, words = "", None
        try:
            label_id = self.label_id(label)
        except InvalidInput as refusal:
            errors |= refusal.errors
        if self.text_step:
            try:
                words = Text().clean_answer(self.text_options, text)
            except AnswerRefused as refusal:
                errors[self.column_of[self.text_step]] = [str(refusal)]
        if errors:
            raise InvalidInput(" ".join(sentence for found in errors.values() for sentence in found), errors)
        return label_id, words


class NewStudyRules:
    """The rules of a study that the import makes: Affection's labels, or whatever labels the file holds."""

    def __init__(self, columns: Columns, *, is_affection: bool, text_optional: bool) -> None:
        self.columns, self.is_affection = columns, is_affection
        self.label_step = "emotion" if is_affection else "label"
        self.text_step = "explanation" if columns.text else ""
        self.others: dict[str, Any] = {}
        self.text_kind = Text()
        self.text_options = self.text_kind.clean_options(
            {
                "question": "Why do you feel this way?" if is_affection else "Why?",
                "max_characters": MOST_CHARACTERS,
                "optional": text_optional,
            }
        )
        self.ids: dict[str, str] = {}
        if is_affection:
            self.ids = {label["name"].lower(): label["id"] for label in AFFECTION}
            self.ids |= {label["id"]: label["id"] for label in AFFECTION}
        for label_id in columns.labels if not is_affection else ():
            self.label_id(label_id)

    def label_id(self, label: str) -> str:
        return self.ids.get(label) or self._new_label(label)

    def check(self, label: str, text: str) -> tuple[str, str | None]:
        label_id = self.label_id(label)
        if not self.text_step:
            return label_id, None
        try:
            return label_id, self.text_kind.clean_answer(self.text_options, text)
        except AnswerRefused as refusal:
            problem = str(refusal) if text else "it is empty; --text-optional takes rows without words as well."
            raise InvalidInput(problem, {self.columns.text: [problem]}) from refusal

    def _new_label(self, label: str) -> str:
        problem = ""
        if self.is_affection:
            known = ", ".join(row["name"].lower() for row in AFFECTION)
            if label.lower() in self.ids:
                return self.ids[label.lower()]
            problem = f"{label!r} is not an emotion of Affection ({known})." if label else f"it is empty; give {known}."
        elif not LABEL_ID.fullmatch(label):
            problem = f"a label has 1 to 64 characters, not {label[:40]!r}." if label else "it is empty."
        elif len(self.ids) >= MOST_LABELS:
            problem = f"there are more than {MOST_LABELS} different labels; is this the column of labels?"
        if problem:
            raise InvalidInput(problem, {self.columns.label: [problem]})
        self.ids[label] = label
        return label

    def steps(self) -> list[dict[str, Any]]:
        """The steps of the study to be made; call it after all rows are read."""
        if self.is_affection:
            question = "Which emotion does this image stir in you most?"
            options: dict[str, Any] = {"question": question, "label_set": "affection"}
        else:
            options = {"question": "Which label fits?", "labels": sorted(self.ids, key=_label_order(self.ids))}
        steps = [{"name": self.label_step, "kind": "choice", "options": options}]
        if self.columns.text:
            steps.append({"name": "explanation", "kind": "text", "options": self.text_options})
        return clean_steps(steps)


def _label_order(labels: dict[str, str]) -> Any:
    """Numbers by their value, if all labels are numbers; else by the alphabet."""
    try:
        values = {label: float(label) for label in labels}
    except ValueError:
        return lambda label: (label.lower(), label)
    return lambda label: (values[label], label)


@dataclass(frozen=True)
class CheckedRow:
    """One row as it is understood. label_id, words: as they are stored; words is None where there are none."""

    worker: str
    source: str
    item: str
    label_id: str
    words: str | None
    is_simulated: bool


class ResponseRows:
    """Goes through a file once; afterwards knows its workers and items by number, and what was wrong."""

    def __init__(self, table: Table, columns: Columns, rules: Rules, *, is_affection: bool) -> None:
        self.table, self.columns, self.rules, self.is_affection = table, columns, rules, is_affection
        self.problems = Problems(table.name)
        self.workers: dict[str, int] = {}
        self.items: dict[tuple[str, str], int] = {}  # (source, name)
        self.simulated: set[str] = set()  # workers whom a column of the file marks
        self.n_surplus = 0  # rows of our own exports that came too late to count, and stay out
        named = ((part, getattr(columns, part)) for part in PARTS)
        self._places = {part: table.place(name) for part, name in named if name}

    def forget(self) -> None:
        """Begin anew, as if no row had been seen."""
        self.workers.clear()
        self.items.clear()
        self.simulated.clear()
        self.n_surplus = 0

    def worker_number(self, worker: str) -> int:
        return self.workers.setdefault(worker, len(self.workers))

    def item_number(self, source: str, name: str) -> int:
        return self.items.setdefault((source, name), len(self.items))

    def __iter__(self) -> Iterator[tuple[int, int, int, str, str | None]]:
        """(row, worker, item, label, words) of every good row. Once a row is bad, nothing comes any more."""
        status_at = self._place("status")
        for number, row in self.table.rows(self.problems):
            if status_at is not None and row[status_at] == "surplus":
                self.n_surplus += 1
                continue
            try:
                checked = self.check(row)
            except InvalidInput as refusal:
                for column, sentences in refusal.errors.items():
                    self.problems.add(number, column, " ".join(sentences))
                continue
            if checked.is_simulated:
                self.simulated.add(checked.worker)
            if not self.problems.n:
                yield (
                    number,
                    self.worker_number(checked.worker),
                    self.item_number(checked.source, checked.item),
                    checked.label_id,
                    checked.words,
                )

    def check(self, row: list[Any]) -> CheckedRow:
        """What a row says. Raises InvalidInput with errors by column."""
        columns = self.columns
        source_at, text_at, simulated_at = self._place("source"), self._place("text"), self._place("simulated")
        worker = self._name("worker", columns.worker, row[self._places["worker"]])
        item = self._name("item", columns.item, row[self._places["item"]])
        source = self._name("source", columns.source, row[source_at]) if source_at is not None else ""
        label = self._text(columns.label, row[self._places["label"]])
        text = self._text(columns.text, row[text_at]) if text_at is not None else ""
        label_id, words = self.rules.check(label, text)
        marked = simulated_at is not None and as_text(row[simulated_at]).lower() == "true"
        return CheckedRow(worker, source, item, label_id, words, marked)

    def _place(self, part: str) -> int | None:
        return self._places.get(part)

    @property
    def is_guarded(self) -> bool:
        """Whether cells that a spreadsheet would run have a ' in front: so our own files (snapshots/exports/csv.py)."""
        return self.table.kind == "csv" and bool(self.is_affection or self.columns.status)

    def _text(self, column: str, value: Any) -> str:
        try:
            text = as_text(value)
        except ValueError as error:
            raise InvalidInput(str(error), {column: [f"{error}."]}) from error
        if self.is_guarded and text.startswith("'") and text.lstrip("'")[:1] in ("=", "+", "-", "@"):
            return text[1:]
        return text

    def _name(self, part: str, column: str, value: Any) -> str:
        name = self._text(column, value)
        problem = ""
        if not name and part != "source":
            problem = "it is empty."
        elif len(name) > LONGEST[part]:
            problem = f"it has {len(name)} characters; at most {LONGEST[part]} are possible."
        elif "\x00" in name:
            problem = "it holds a NUL character."
        if problem:
            raise InvalidInput(problem, {column: [problem]})
        return name

    def is_simulated(self, worker: str) -> bool:
        """Whether our own export marked this person as the simulator's; Affection's columns have a prefix for it."""
        return worker in self.simulated or (self.is_affection and worker.startswith(SIMULATED_PREFIX))
