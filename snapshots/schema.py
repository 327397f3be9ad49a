"""What a snapshot holds: its four tables, column by column, and what it says about the study.

The documentation, the writer's checks and the exports are all made from the tables on this page.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from snapshots.canonical import canonical_json
from snapshots.errors import StudyRefused

FORMAT_VERSION = 1

TEXT = pa.string()
MOMENT = pa.timestamp("us", tz="UTC")

STATUSES = ("accepted", "surplus")


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, Arrow type, whether a cell may be empty, and what it means."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False

    @property
    def field(self) -> pa.Field:
        return pa.field(self.name, self.type, nullable=self.nullable)


@dataclass(frozen=True)
class TableShape:
    """A table: its fixed columns, whether the columns of the steps follow them, and what orders its rows.

    key: rows ascend strictly by these columns (texts by their UTF-8 bytes), so no key appears twice.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    has_step_columns: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.name}.parquet"

    def schema(self, step_fields: Sequence[pa.Field] = ()) -> pa.Schema:
        """The Arrow schema; `step_fields` come last in the tables that have step columns."""
        fields = [column.field for column in self.columns]
        return pa.schema([*fields, *step_fields] if self.has_step_columns else fields)


RESPONSES = TableShape(
    "responses",
    "One row per response that counts (accepted) or that came too late to count (surplus). Withdrawn ones are absent.",
    key=("stimulus_key", "annotator"),
    has_step_columns=True,
    columns=(
        Column("stimulus_key", TEXT, "the stimulus that was answered"),
        Column("annotator", TEXT, "pseudonym of the person; never an account"),
        Column("response_key", TEXT, "unique key of this response (a UUID)"),
        Column(
            "status",
            TEXT,
            "`accepted` counts in statistics; `surplus` was one more than the study wanted",
        ),
        Column("created_at", MOMENT, "when the response was saved first"),
        Column("revision", pa.int32(), "how often the answer was revised; 0 = never"),
        Column("sequence", pa.int32(), "place in this person's sequence of stimuli"),
        Column(
            "options_shown",
            TEXT,
            "JSON: step name to the option ids in the order in which they were shown",
        ),
        Column(
            "duration_ms",
            pa.int64(),
            "milliseconds from seeing the stimulus to sending; null = unknown",
            True,
        ),
        Column("language", TEXT, "language of the page (BCP 47)"),
        Column("device", TEXT, "kind of device; empty = unknown"),
        Column("theme", TEXT, "colour theme of the page; empty = unknown"),
        Column(
            "consent_hash",
            TEXT,
            "sha256 of the consent text that was agreed to; empty = none recorded",
        ),
        Column("is_simulated", pa.bool_(), "true = made by the simulator, not by a person"),
        Column("signals", TEXT, "JSON: what the page measured while the person worked"),
    ),
)
REVISIONS = TableShape(
    "revisions",
    "Earlier versions of answers that were revised later; the last version stands in `responses`.",
    key=("response_key", "number"),
    has_step_columns=True,
    columns=(
        Column("response_key", TEXT, "the response that was revised"),
        Column("number", pa.int32(), "which version this was"),
        Column("created_at", MOMENT, "when this version was written"),
    ),
)
STIMULI = TableShape(
    "stimuli",
    "One row per stimulus of the study, answered or not.",
    key=("stimulus_key",),
    columns=(
        Column(
            "stimulus_key",
            TEXT,
            "sha256 of the stored image, or of source and name where there is no image",
        ),
        Column("source_dataset", TEXT, "the dataset it came from"),
        Column("name", TEXT, "its file name or id in that dataset"),
        Column("description", TEXT, "a description in words; may be empty"),
        Column("metadata", TEXT, "JSON: whatever else the source said"),
        Column("image_sha256", TEXT, "sha256 of the stored JPEG; null = no image", True),
        Column("width", pa.int64(), "pixels", True),
        Column("height", pa.int64(), "pixels", True),
        Column("bytes", pa.int64(), "size of the stored JPEG", True),
    ),
)
PARTICIPATIONS = TableShape(
    "participations",
    "One row per person who took part and did not withdraw.",
    key=("annotator",),
    columns=(
        Column("annotator", TEXT, "pseudonym of the person"),
        Column(
            "consent_hash",
            TEXT,
            "sha256 of the consent text that was agreed to; empty = none recorded",
        ),
        Column("language", TEXT, "language of the page (BCP 47)"),
        Column("cohort", TEXT, "group of annotators; may be empty"),
        Column("started_at", MOMENT, "when the person joined"),
        Column("finished_at", MOMENT, "when the person finished; null = not yet", True),
        Column("is_simulated", pa.bool_(), "true = made by the simulator, not a person"),
    ),
)

STIMULUS_COLUMNS_IN_EXPORTS = (
    Column("stimulus_source", TEXT, "`source_dataset` of the stimulus"),
    Column("stimulus_name", TEXT, "`name` of the stimulus in its source"),
)
"""Exported beside each response, after `stimulus_key`, so that one file is enough to find the picture."""

TABLES = {shape.name: shape for shape in (RESPONSES, REVISIONS, STIMULI, PARTICIPATIONS)}
TABLE_FILES = tuple(shape.file_name for shape in TABLES.values())
MANIFEST_FILE = "manifest.json"
IMAGES_FOLDER = "images"

STEP_COLUMN_TYPES: dict[str, pa.DataType] = {
    "string": TEXT,
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp[us, UTC]": MOMENT,
}
"""The types a step may choose for its columns. What is longer than one value is a JSON text."""

STUDY_KEYS: dict[str, str] = {
    "title": "the study's title",
    "description": "what it asks, in Markdown",
    "template": "the study template it was made from; may be empty",
    "steps": "ordered list of {name, kind, options}: what one annotator does with one stimulus",
    "label_sets": "{step name: list of {id, name, polarity, ...}} in the order of the label set",
    "wanted_responses": "accepted responses wanted per stimulus",
    "instructions": "instructions shown to annotators, in Markdown",
    "consents": "list of {hash, markdown}: every consent text that a row refers to",
    "n_withdrawn": "how many responses were withdrawn and are therefore absent",
}
"""What the manifest says about the study; more keys may follow. `steps` and `label_sets` must be there."""

FURTHER_STUDY_KEYS: dict[str, str] = {
    "consent": "the consent text of now, in Markdown",
    "care": "settings of care that differ from none: content note, strong images, themes, breaks, help lines",
}
"""What is there only where the study has it, and not in older snapshots."""

_PRIVATE_STUDY_KEYS = ("id", "pk", "slug", "created_by", "owner", "members")
_JSON_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


def type_name(data_type: pa.DataType) -> str:
    """The name by which a column's type stands in the manifest and in the content hash."""
    for name, known in STEP_COLUMN_TYPES.items():
        if data_type.equals(known):
            return name
    raise StudyRefused(f"A column cannot be of type {data_type}; use one of {', '.join(STEP_COLUMN_TYPES)}.")


def check_step_fields(step_fields: Sequence[pa.Field]) -> list[pa.Field]:
    """The step columns as the tables will have them: known types, names of their own, all nullable.

    Raises StudyRefused naming the column.
    """
    taken = {column.name for shape in (RESPONSES, REVISIONS) for column in shape.columns}
    taken |= {column.name for column in STIMULUS_COLUMNS_IN_EXPORTS}
    checked = []
    for field in step_fields:
        if not _COLUMN_NAME.match(field.name):
            raise StudyRefused(f"Step column {field.name!r}: a name is lower-case letters, digits and _.")
        if field.name in taken:
            raise StudyRefused(f"Step column {field.name!r}: the name is already taken; rename the step.")
        try:
            type_name(field.type)
        except StudyRefused as refused:
            raise StudyRefused(f"Step column {field.name!r}: {refused}") from None
        taken.add(field.name)
        checked.append(pa.field(field.name, field.type, nullable=True))
    return checked


def check_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description if it can be frozen: complete, plain JSON, and about nobody.

    Raises StudyRefused saying which key is wrong.
    """
    for key in _PRIVATE_STUDY_KEYS:
        if key in study:
            raise StudyRefused(f"study.{key}: a snapshot holds no addresses, database ids or accounts; leave it out.")
    steps, label_sets = study.get("steps"), study.get("label_sets")
    if not isinstance(steps, list) or not steps:
        raise StudyRefused(f"study.steps: a list with at least one step is needed, got {steps!r}.")
    for number, step in enumerate(steps):
        if not isinstance(step, Mapping) or not {"name", "kind", "options"} <= step.keys():
            raise StudyRefused(f"study.steps[{number}]: name, kind and options are needed, got {step!r}.")
    names = [step["name"] for step in steps]
    if len(set(names)) != len(names):
        raise StudyRefused(f"study.steps: every step needs a name of its own, got {names!r}.")
    if not isinstance(label_sets, Mapping):
        raise StudyRefused(f"study.label_sets: an object of step name to labels is needed, got {label_sets!r}.")
    for step_name, labels in label_sets.items():
        if step_name not in names:
            raise StudyRefused(f"study.label_sets.{step_name}: the study has no such step; it has {names!r}.")
        if not isinstance(labels, list) or not all(isinstance(label, Mapping) and "id" in label for label in labels):
            raise StudyRefused(f"study.label_sets.{step_name}: a list of objects with an id is needed, got {labels!r}.")
        ids = [label["id"] for label in labels]
        if len(set(ids)) != len(ids):
            raise StudyRefused(f"study.label_sets.{step_name}: a label id appears twice in {ids!r}.")
    try:
        text = canonical_json(study)
    except (TypeError, ValueError) as problem:
        raise StudyRefused(f"The study's description is not plain JSON: {problem}.") from None
    if _JSON_NUL.search(text):
        raise StudyRefused("The study's description contains a NUL character; remove it.")
    checked: dict[str, Any] = json.loads(text)
    return checked
