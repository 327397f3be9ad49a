"""Verify: a sound snapshot passes, and every kind of damage is named with its file."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nasty_study import Freeze, some_rows

from snapshots.manifest import Manifest, read_manifest
from snapshots.verify import verify
from snapshots.writer import parquet_writer


def flip_byte(folder: Path) -> None:
    path = folder / "responses.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads((folder / "manifest.json").read_text())
    change(value)
    (folder / "manifest.json").write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def rewrite(folder: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a table and mend the hash of its file, as someone who wants to deceive would."""
    path = folder / f"{name}.parquet"
    table = change(pq.read_table(path))
    with path.open("wb") as file, parquet_writer(file, table.schema) as writer:
        writer.write_table(table)
    mend_file_hash(folder, name)


def mend_file_hash(folder: Path, name: str) -> None:
    content = (folder / f"{name}.parquet").read_bytes()
    facts = {"name": f"{name}.parquet", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    change_manifest(folder, lambda value: value["tables"][name].update(file=facts))


def swap_first_rows(table: pa.Table) -> pa.Table:
    return table.take([1, 0, *range(2, len(table))])


def recompress(folder: Path) -> None:
    pq.write_table(pq.read_table(folder / "stimuli.parquet"), folder / "stimuli.parquet", compression="gzip")
    mend_file_hash(folder, "stimuli")


def image(folder: Path) -> Path:
    return sorted((folder / "images").iterdir())[0]


DAMAGES: list[tuple[str, Callable[[Path], Any], str]] = [
    ("a flipped byte", flip_byte, r"responses\.parquet: the bytes have changed"),
    ("a missing table", lambda f: (f / "revisions.parquet").unlink(), r"revisions\.parquet: missing"),
    ("a truncated table", lambda f: (f / "stimuli.parquet").write_bytes(b"PAR1"), r"stimuli\.parquet: cannot be read"),
    ("no manifest", lambda f: (f / "manifest.json").unlink(), r"manifest\.json: missing"),
    ("a broken manifest", lambda f: (f / "manifest.json").write_text("{"), r"manifest\.json: not readable as JSON"),
    ("another id", lambda f: change_manifest(f, lambda m: m.update(id="0" * 64)), r"manifest\.json: the id is 0000"),
    (
        "another study",
        lambda f: change_manifest(f, lambda m: m["study"].update(title="Mine")),
        r"manifest\.json: the id is",
    ),
    ("more in the manifest", lambda f: change_manifest(f, lambda m: m.update(x=1)), r"manifest\.json: says more"),
    (
        "a newer format",
        lambda f: change_manifest(f, lambda m: m.update(format_version=99)),
        r"manifest\.json: format version 99",
    ),
    (
        "rows out of order",
        lambda f: rewrite(f, "stimuli", swap_first_rows),
        r"stimuli\.parquet: .* must not come after",
    ),
    ("a lost row", lambda f: rewrite(f, "revisions", lambda t: t.slice(1)), r"revisions\.parquet: \d+ rows; the manif"),
    (
        "another answer",
        lambda f: rewrite(f, "stimuli", lambda t: t.set_column(3, t.field(3), pa.array(["x"] * len(t)))),
        r"stimuli\.parquet: column description has the hash",
    ),
    (
        "a lost person",
        lambda f: rewrite(f, "participations", lambda t: t.slice(1)),
        r"A table refers to rows that are not there: responses\.annotator",
    ),
    ("a lost column", lambda f: rewrite(f, "stimuli", lambda t: t.drop_columns(["name"])), r"columns or types are not"),
    ("other compression", recompress, r"stimuli\.parquet: the content is right, but written differently"),
    ("a changed image", lambda f: image(f).write_bytes(b"x"), r"images/[0-9a-f]{64}\.jpg: the bytes have changed"),
    ("a missing image", lambda f: image(f).unlink(), r"images/[0-9a-f]{64}\.jpg: missing"),
    ("a foreign image", lambda f: (f / "images" / "x.jpg").write_bytes(b""), r"images/x\.jpg: belongs to no stimulus"),
    ("a foreign file", lambda f: (f / "notes.txt").write_text(""), r"notes\.txt: does not belong"),
]


@pytest.mark.parametrize(("damage", "sentence"), [pytest.param(d, s, id=name) for name, d, s in DAMAGES])
def test_damage_is_found_and_named(freeze: Freeze, damage: Callable[[Path], Any], sentence: str) -> None:
    folder = freeze(some_rows(5), images=True).folder
    assert verify(folder) == []
    damage(folder)
    problems = verify(folder)
    assert any(re.search(sentence, problem) for problem in problems), problems


def test_every_byte_of_a_table_is_watched(freeze: Freeze) -> None:
    folder = freeze(some_rows(5, n_stimuli=3)).folder
    path = folder / "participations.parquet"
    sound = path.read_bytes()
    for place in range(0, len(sound), 97):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 0x10]) + sound[place + 1 :])
        assert any(problem.startswith("participations.parquet: the bytes have changed") for problem in verify(folder))
    path.write_bytes(sound)
    assert verify(folder) == []


def test_a_manifest_reads_back_as_it_was_written(freeze: Freeze) -> None:
    snapshot = freeze(some_rows(5))
    again: Manifest = read_manifest(snapshot.folder)
    assert again == snapshot.manifest
    assert (snapshot.folder / "manifest.json").read_text() == again.as_text()
