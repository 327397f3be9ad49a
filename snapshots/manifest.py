"""The page in front of a snapshot: what it is called, what it holds, and by which hashes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from snapshots.canonical import sha256_of_json
from snapshots.errors import SnapshotDamaged
from snapshots.schema import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    RESPONSES,
    STEP_COLUMN_TYPES,
    TABLES,
)


@dataclass(frozen=True)
class ColumnFacts:
    """One column: name, type (see `schema.type_name`) and the sha256 of its canonical bytes."""

    name: str
    type: str
    sha256: str


@dataclass(frozen=True)
class TableFacts:
    """One table: rows and columns (the content), and its Parquet file (how the content lies on disk)."""

    rows: int
    columns: tuple[ColumnFacts, ...]
    content_hash: str
    file_sha256: str
    file_bytes: int


def content_hash(rows: int, columns: tuple[ColumnFacts, ...]) -> str:
    """The hash of a table's content: of its row count and every column's name, type and hash, in order."""
    return sha256_of_json(
        {
            "columns": [{"name": c.name, "sha256": c.sha256, "type": c.type} for c in columns],
            "rows": rows,
        }
    )


def snapshot_id(
    study: dict[str, Any],
    content_hashes: dict[str, str],
    format_version: int = FORMAT_VERSION,
) -> str:
    """The id: of the format version, the study's description and the content of the tables; nothing else.

    Images enter through `stimuli.image_sha256`, so the id is the same whether the files are carried or not.
    """
    return sha256_of_json({"format_version": format_version, "study": study, "tables": content_hashes})


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says.

    written_with: the library that made the Parquet bytes; the same content written with the same library
        gives the same bytes, and the content hashes do not depend on it.
    """

    id: str
    study: dict[str, Any]
    tables: dict[str, TableFacts]
    written_with: dict[str, str]
    format_version: int = FORMAT_VERSION

    @property
    def step_fields(self) -> list[pa.Field]:
        """The columns that the steps brought, as they follow the fixed columns of `responses`."""
        own = self.tables["responses"].columns[len(RESPONSES.columns) :]
        return [pa.field(column.name, STEP_COLUMN_TYPES[column.type]) for column in own]

    @property
    def id_of_content(self) -> str:
        """The id that study and content hashes give; equal to `id` in a sound manifest."""
        hashes = {name: facts.content_hash for name, facts in self.tables.items()}
        return snapshot_id(self.study, hashes, self.format_version)

    def as_text(self) -> str:
        """The bytes of `manifest.json`: sorted, indented, one newline at the end."""
        value = {
            "format": "commonground-snapshot",
            "format_version": self.format_version,
            "id": self.id,
            "study": self.study,
            "tables": {
                name: {
                    "rows": facts.rows,
                    "content_hash": facts.content_hash,
                    "columns": [{"name": c.name, "type": c.type, "sha256": c.sha256} for c in facts.columns],
                    "file": {
                        "name": TABLES[name].file_name,
                        "bytes": facts.file_bytes,
                        "sha256": facts.file_sha256,
                    },
                }
                for name, facts in self.tables.items()
            },
            "written_with": self.written_with,
        }
        return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json`. Raises SnapshotDamaged if it is missing, not ours, or of a format we do not know."""
    path = folder / MANIFEST_FILE
    try:
        value = json.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise SnapshotDamaged(f"{MANIFEST_FILE}: missing, so {folder.name} is not a snapshot.") from None
    except (UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise SnapshotDamaged(f"{MANIFEST_FILE}: not readable as JSON ({problem}).") from None
    if not isinstance(value, dict) or value.get("format") != "commonground-snapshot":
        raise SnapshotDamaged(f"{MANIFEST_FILE}: does not describe a snapshot.")
    if value.get("format_version") != FORMAT_VERSION:
        raise SnapshotDamaged(
            f"{MANIFEST_FILE}: format version {value.get('format_version')!r}; this program reads {FORMAT_VERSION}."
        )
    try:
        tables = {name: _table_facts(value["tables"][name]) for name in TABLES}
        manifest = Manifest(
            id=str(value["id"]),
            study=dict(value["study"]),
            tables=tables,
            written_with={str(name): str(version) for name, version in value["written_with"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise SnapshotDamaged(f"{MANIFEST_FILE}: an entry is missing or wrong ({problem!r}).") from None
    for name, facts in tables.items():
        fixed = [(column.name, column.type) for column in TABLES[name].columns]
        found = [(column.name, STEP_COLUMN_TYPES.get(column.type)) for column in facts.columns]
        if found[: len(fixed)] != fixed or None in dict(found).values():
            raise SnapshotDamaged(f"{MANIFEST_FILE}: table {name} does not have the columns of this format.")
    return manifest


def _table_facts(value: dict[str, Any]) -> TableFacts:
    return TableFacts(
        rows=int(value["rows"]),
        columns=tuple(ColumnFacts(str(c["name"]), str(c["type"]), str(c["sha256"])) for c in value["columns"]),
        content_hash=str(value["content_hash"]),
        file_sha256=str(value["file"]["sha256"]),
        file_bytes=int(value["file"]["bytes"]),
    )
