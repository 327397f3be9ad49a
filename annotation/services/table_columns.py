"""Which column of a table of responses holds what: as its header says, or as the person said.

Known by their header are Affection's public files and the CSV, JSON Lines and Parquet tables that we export.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from annotation.emotions import AFFECTION
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services.read_table import NotByColumn, Problems, Table, as_text
from snapshots.exports.flat import flat_schema

AFFECTION_COLUMNS = {
    "worker": "workerid",
    "item": "image_name",
    "label": "emotion",
    "text": "utterance",
    "source": "dataset",
}
OWN_COLUMNS = tuple(flat_schema([]).names)  # of our CSV, JSON Lines and Parquet exports
OWN_PARTS = {"worker": "annotator", "item": "stimulus_name", "source": "stimulus_source"}
OPTIONAL_COLUMNS = {"text": "explanation", "source": "source_dataset"}
PARTS = ("worker", "item", "label", "text", "source", "status", "simulated")
NAMED_PARTS, NEEDED = PARTS[:5], PARTS[:3]


@dataclass(frozen=True)
class Columns:
    """Which column of the file holds what; '' = the file does not say.

    status, simulated: only our own exports have them: what is surplus stays out, what is simulated keeps its mark.
    labels: the ids of all labels there were to choose from, where the file tells.
    """

    worker: str = "worker"
    item: str = "item"
    label: str = "label"
    text: str = ""
    source: str = ""
    status: str = ""
    simulated: str = ""
    labels: tuple[str, ...] = ()


def columns_of(table: Table, named: dict[str, str], study: Study | None = None) -> tuple[Columns, bool]:
    """The columns to read, and whether the labels are Affection's. Raises InvalidInput if one is missing or unclear.

    named: what the person said, {"label": "emotion"}; '' = none. The rest takes the names of Affection's files, or of
        our own, where the header has all of those, else the plain ones.
    study: where the responses shall go, if that is known; our own tables are read by the names of its steps.
    """
    if set(table.columns) >= set(OWN_COLUMNS):
        columns, is_affection = _own_columns(table, named, study)
    elif set(table.columns) >= set(AFFECTION_COLUMNS.values()):
        columns = _named(AFFECTION_COLUMNS, named)
        is_affection = (columns.worker, columns.label) == ("workerid", "emotion")
    else:
        found = {part: name for part, name in OPTIONAL_COLUMNS.items() if name in table.columns}
        columns, is_affection = _named(found, named), False
    _check(table, columns)
    return columns, is_affection


def _named(usual: dict[str, str], named: dict[str, str]) -> Columns:
    names: dict[str, Any] = {**usual, **named}
    return Columns(**names)


def _check(table: Table, columns: Columns) -> None:
    """Every column is there, and holds one thing only."""
    taken: dict[str, str] = {}
    for part in NAMED_PARTS:
        name = getattr(columns, part)
        if not name and part in NEEDED:
            raise InvalidInput(f"Say which column of {table.name} holds the {part}. Nothing was imported.")
        if name:
            table.place(name, option=f"--{part}-column")
            if name in taken:
                sentence = f"The column {name!r} is taken for the {taken[name]} and for the {part}; each needs its own."
                raise InvalidInput(f"{sentence} Nothing was imported.", {name: [sentence]})
            taken[name] = part


# --- tables that we exported ---


def _own_columns(table: Table, named: dict[str, str], study: Study | None) -> tuple[Columns, bool]:
    """The columns of our own export: of the steps, which follow ours, one is read as the label, one as the words."""
    steps = [name for name in table.columns if name and name not in OWN_COLUMNS]
    if not steps and not named.get("label"):
        raise InvalidInput(f"{table.name} is an export of ours, but it holds no answers: no column of a step.")
    shown = _options_shown(table)
    label = named.get("label") or _label_step(table, steps, shown, study)
    text = named["text"] if "text" in named else _text_step(table, steps, label, shown, study)
    left = [name for name in steps if name not in (label, text)]
    if left and not named.get("label"):
        raise _unclear(table, steps)
    if named.get("item", OWN_PARTS["item"]) == OWN_PARTS["item"]:
        _check_names_are_different(table)
    columns = replace(
        _named(OWN_PARTS, {**named, "label": label, "text": text}),
        status="status",
        simulated="is_simulated",
        labels=tuple(sorted(shown.get(label, []))),
    )
    return columns, _are_affections(table, label, shown)


def _options_shown(table: Table) -> dict[str, list[str]]:
    """The options of each choice step, as the first row that says any lists them; {} where none does.

    Answers that were imported themselves were shown nothing here.
    """
    place = table.place("options_shown")
    for number, row in table.rows(Problems(table.name)):
        if as_cell(row[place]) in ("", "{}"):
            continue
        try:
            shown = json.loads(row[place])
        except (TypeError, ValueError, RecursionError):
            shown = None
        if not isinstance(shown, dict) or not all(
            isinstance(ids, list) and all(isinstance(label, str) for label in ids) for ids in shown.values()
        ):
            raise InvalidInput(
                f"Row {number}, options_shown: it must be a JSON object of lists of labels, as the export wrote it. "
                f"Nothing of {table.name} was imported."
            )
        found: dict[str, list[str]] = shown
        return found
    return {}


def _label_step(table: Table, steps: list[str], shown: dict[str, list[str]], study: Study | None) -> str:
    own = {step.name for step in study.parsed_steps if step.kind.name == "choice"} if study else set()
    candidates = [name for name in steps if name in own] or [name for name in steps if name in shown]
    if not candidates and not shown:
        return steps[0]  # an imported study has the label first
    if len(candidates) != 1:
        raise _unclear(table, steps)
    return candidates[0]


def _text_step(table: Table, steps: list[str], label: str, shown: dict[str, list[str]], study: Study | None) -> str:
    own = {step.name for step in study.parsed_steps if step.kind.name == "text"} if study else set()
    rest = [name for name in steps if name != label and name not in shown]
    candidates = [name for name in rest if name in own] or rest
    if len(candidates) > 1:
        raise _unclear(table, steps)
    return candidates[0] if candidates else ""


def _unclear(table: Table, steps: list[str]) -> InvalidInput:
    return InvalidInput(
        f"{table.name} holds the answers to {len(steps)} steps ({', '.join(steps[:12])}), but one label and its words "
        "are all that a table brings in. Say which with --label-column and --text-column, or bring the whole snapshot, "
        "which keeps every step. Nothing was imported."
    )


def _check_names_are_different(table: Table) -> None:
    """Two images of one name would become one, and whoever answered both would have revised her answer."""
    keys: dict[tuple[str, str], str] = {}
    for key, source, name in _different(table, ["stimulus_key", "stimulus_source", "stimulus_name"]):
        if keys.setdefault((source, name), key) != key:
            raise InvalidInput(
                f"Two images of {table.name} are called {name!r}"
                + (f" in {source!r}" if source else "")
                + ", so it is not clear which one an answer is about. Bring the whole snapshot, which tells them "
                "apart, or take another column for the items. Nothing was imported."
            )


def _are_affections(table: Table, label: str, shown: dict[str, list[str]]) -> bool:
    ids = {row["id"] for row in AFFECTION}
    if shown.get(label):
        return set(shown[label]) == ids
    # answers that came from Affection's files were shown nothing here, but their step has this name
    return label == "emotion" and "emotion" in table.columns and {row[0] for row in _different(table, [label])} <= ids


def _different(table: Table, columns: list[str]) -> Iterator[tuple[str, ...]]:
    """What stands in these columns together, as texts; perhaps more than once."""
    try:
        for _, batch in table.batches(columns):
            yield from set(zip(*(batch.column(name).to_pylist() for name in columns), strict=True))
    except NotByColumn:
        places = [table.place(name) for name in columns]
        for _, row in table.rows(Problems(table.name)):
            yield tuple(as_cell(row[place]) for place in places)


def as_cell(value: object) -> str:
    """A cell as text, whatever it is; what cannot be read is said where its row is checked."""
    try:
        return as_text(value)
    except ValueError:
        return str(value)
