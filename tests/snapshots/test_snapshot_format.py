"""The id as docs/reference/snapshot_format.md describes it, worked out again without our code."""

import hashlib
import json
import re
import struct
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from nasty_study import Freeze, some_rows

from snapshots.schema import STUDY_KEYS, TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "snapshot_format.md"


def hash_of_column(kind: str, values: list[Any]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(values), 65_536):
        cells = values[start : start + 65_536]
        digest.update(bytes(cell is not None for cell in cells))
        if kind == "string":
            texts = [(cell or "").encode() for cell in cells]
            digest.update(b"".join(struct.pack("<i", len(text)) for text in texts))
            digest.update(b"".join(texts))
        elif kind == "float64":
            digest.update(b"".join(struct.pack("<d", cell or (0.0 if cell is None else cell)) for cell in cells))
        else:
            digest.update(b"".join(struct.pack("<q", int(cell or 0)) for cell in cells))
    return digest.hexdigest()


def sha256_of_json(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("n_stimuli", [30, 12_000])
def test_the_documented_rules_give_the_id(freeze: Freeze, n_stimuli: int) -> None:
    snapshot = freeze(some_rows(9, n_stimuli=n_stimuli, n_annotators=20, n_each=12))
    manifest = json.loads((snapshot.folder / "manifest.json").read_text())
    hashes = {}
    for name, facts in manifest["tables"].items():
        table = pq.read_table(snapshot.folder / f"{name}.parquet")
        columns = []
        for column in facts["columns"]:
            cells = table[column["name"]]
            values = cells.cast("int64") if column["type"].startswith("timestamp") else cells
            columns.append(
                {
                    "name": column["name"],
                    "type": column["type"],
                    "sha256": hash_of_column(column["type"], values.to_pylist()),
                }
            )
        hashes[name] = sha256_of_json({"columns": columns, "rows": len(table)})
    assert sha256_of_json({"format_version": 1, "study": manifest["study"], "tables": hashes}) == snapshot.id
    if n_stimuli > 10_000:
        assert snapshot.n_responses > 65_536  # or the rule about chunks was not tried


def test_the_page_lists_every_column_with_its_type_and_meaning() -> None:
    page = PAGE.read_text()
    for shape in TABLES.values():
        assert f"### `{shape.name}`" in page
        for column in shape.columns:
            kind = re.escape(str(column.type).replace("tz=", ""))
            assert re.search(rf"^\| `{column.name}` \| {kind}.* \| {re.escape(column.meaning)} \|$", page, re.MULTILINE)
    for key, meaning in STUDY_KEYS.items():
        assert f"| `{key}` | {meaning} |" in page
