"""Freezing: what goes in comes out, the id follows the content and nothing else, and bad rows are refused."""

import copy
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty_study import STEP_FIELDS, Freeze, a_study, as_table, image_of, some_rows

from snapshots import table_stream
from snapshots.errors import RowsRefused, SnapshotDamaged, SnapshotError, StudyRefused
from snapshots.reader import open_snapshot
from snapshots.verify import verify
from snapshots.writer import SnapshotWriter

TABLES = ("responses", "revisions", "stimuli", "participations")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(3))
def test_every_cell_comes_back(freeze: Freeze, seed: int) -> None:
    rows = some_rows(seed)
    snapshot = freeze(rows)
    assert pa.Table.from_batches(snapshot.responses()).to_pylist() == rows["responses"]
    assert snapshot.revisions().to_pylist() == rows["revisions"]
    assert snapshot.stimuli().to_pylist() == rows["stimuli"]
    assert snapshot.participations().to_pylist() == rows["participations"]
    assert snapshot.study == a_study()
    assert snapshot.step_fields == STEP_FIELDS
    assert verify(snapshot.folder) == []


def test_id_and_bytes_do_not_depend_on_how_the_rows_arrived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_stream, "CHUNK_ROWS", 64)  # several chunks without many rows
    rows = some_rows(1, n_stimuli=80)
    found = []
    for sizes in ([10**6], [1], [63], [64], [65, 1, 200], None):
        folder = tmp_path / str(sizes)
        writer = SnapshotWriter(folder, study=a_study(), step_fields=STEP_FIELDS)
        for name in random.Random(str(sizes)).sample(TABLES, 4):
            write = getattr(writer, f"write_{name}")
            if sizes is None:
                write(iter(rows[name]))
                continue
            table, start, turn = as_table(rows[name], name), 0, 0
            while start < len(table):
                batch = table.slice(start, sizes[turn % len(sizes)]).combine_chunks()
                write(batch.to_batches()[0].select(batch.schema.names[::-1]))
                start, turn = start + len(batch), turn + 1
        manifest = writer.close()
        found.append((manifest.id, files_of(folder)))
    assert all(one == found[0] for one in found)


def test_an_id_stays_the_same_for_ever(freeze: Freeze) -> None:
    # If this fails, the canonical form changed: snapshots frozen earlier could not be recognised any more.
    assert freeze(some_rows(7)).id == "6c55ee65065737d9017ea0246b47d7eed769f28bd4b9df7005d2f02baf004dfb"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_cell_changes_the_id(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    rows = some_rows(3, n_stimuli=4)
    table = data.draw(st.sampled_from(TABLES))
    row = data.draw(st.integers(0, len(rows[table]) - 1))
    column = data.draw(st.sampled_from(sorted(rows[table][row])))
    before = _id_of(rows, tmp_path_factory.mktemp("before"))
    changed = copy.deepcopy(rows)
    value = _another(data, table, column, rows[table][row][column])
    changed[table][row][column] = value
    try:
        after = _id_of(changed, tmp_path_factory.mktemp("after"))
    except RowsRefused:
        return  # a key that no longer rises or refers to nothing: refused, so no snapshot with the old id
    assert after != before, f"{table}.{column}: {rows[table][row][column]!r} -> {value!r}"


def _another(data: st.DataObject, table: str, column: str, value: Any) -> Any:
    schema = as_table([], table).schema
    kind = schema.field(column).type
    if column == "status":
        other: Any = "surplus" if value == "accepted" else "accepted"
    elif column == "emotion":
        other = "awe" if value != "awe" else "anger"
    elif pa.types.is_string(kind):
        other = data.draw(st.sampled_from([(value or "") + "x", "x" + (value or ""), (value or "y")[:-1] + "\u00e9"]))
    elif pa.types.is_timestamp(kind):
        other = (value or datetime.fromisoformat("2026-01-01T00:00:00Z")) + timedelta(microseconds=1)
    elif pa.types.is_boolean(kind):
        other = not value
    else:
        other = (value or 0) + 1 if (value or 0) < 2**53 else value - 1
        if other == value:
            other = 0.5
    choices = [other]
    if schema.field(column).nullable and value is not None:
        choices.append(None)
    return data.draw(st.sampled_from(choices))


def _id_of(rows: dict[str, list[dict[str, Any]]], folder: Path) -> str:
    with SnapshotWriter(parent=folder, study=a_study(), step_fields=STEP_FIELDS) as writer:
        for name in TABLES:
            getattr(writer, f"write_{name}")(rows[name])
        return writer.close().id


def test_null_empty_and_moved_text_are_different(freeze: Freeze) -> None:
    rows = some_rows(2)
    ids = set()
    for number, texts in enumerate(((None, "ab"), ("", "ab"), ("a", "b"), ("ab", ""), ("ab", None))):
        for row, text in zip(rows["responses"], texts, strict=False):
            row["explanation"] = text
        ids.add(freeze(rows, name=str(number)).id)
    assert len(ids) == 5


def test_the_study_is_part_of_the_id_and_its_key_order_is_not(freeze: Freeze) -> None:
    rows = some_rows(2)
    study = a_study()
    backwards = dict(reversed(study.items()))
    assert freeze(rows, name="1").id == freeze(rows, name="2", study=backwards).id
    study["n_withdrawn"] += 1
    assert freeze(rows, name="3", study=study).id != freeze(rows, name="4").id


def test_images_do_not_change_the_id(freeze: Freeze) -> None:
    rows = some_rows(2)
    with_images, without = freeze(rows, name="with", images=True), freeze(rows, name="without")
    assert with_images.id == without.id
    assert with_images.has_images
    assert not without.has_images
    shown = next(row for row in rows["stimuli"] if row["image_sha256"])
    assert with_images.image_bytes(shown["image_sha256"]) == image_of(shown["stimulus_key"])
    with pytest.raises(SnapshotError, match="does not carry the image"):
        without.image_bytes(shown["image_sha256"])
    assert verify(with_images.folder) == []


def test_an_image_with_another_hash_is_refused(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "x", study=a_study()) as writer, pytest.raises(RowsRefused, match="has changed"):
        writer.add_image("0" * 64, b"not that")


def test_some_of_the_images_are_refused(tmp_path: Path) -> None:
    rows = some_rows(2)
    with SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=STEP_FIELDS) as writer:
        for name in TABLES:
            getattr(writer, f"write_{name}")(rows[name])
        first = next(row for row in rows["stimuli"] if row["image_sha256"])
        writer.add_image(first["image_sha256"], image_of(first["stimulus_key"]))
        with pytest.raises(RowsRefused, match="images were not given"):
            writer.close()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_study_can_be_frozen(freeze: Freeze) -> None:
    snapshot = freeze({name: [] for name in TABLES})
    assert verify(snapshot.folder) == []
    assert list(snapshot.responses()) == []
    keys, labels, counts = snapshot.label_counts("emotion")
    assert (keys, len(labels), counts.shape) == ([], 4, (0, 4))


def test_nothing_is_visible_before_close_or_after_an_exception(tmp_path: Path) -> None:
    rows = some_rows(0)
    writer = SnapshotWriter(tmp_path / "x", study=a_study())
    with pytest.raises(ZeroDivisionError), writer:
        _write_and_fail(writer, rows, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def _write_and_fail(writer: SnapshotWriter, rows: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    writer.write_participations(rows["participations"])
    assert not folder.exists()
    raise ZeroDivisionError


def test_an_existing_folder_is_not_overwritten(freeze: Freeze) -> None:
    snapshot = freeze(some_rows(0))
    with pytest.raises(SnapshotError, match="never overwritten"):
        SnapshotWriter(snapshot.folder, study=a_study())
    assert verify(snapshot.folder) == []


def test_a_folder_named_by_its_id_is_written_once(tmp_path: Path) -> None:
    rows = some_rows(0)
    first, second = _id_of(rows, tmp_path), _id_of(rows, tmp_path)
    assert first == second
    assert [path.name for path in tmp_path.iterdir()] == [first]


BAD_ROWS: list[tuple[str, str, Any, str]] = [
    ("responses", "status", "withdrawn", "row 5, column status: is 'withdrawn', but must be one of accepted, surplus"),
    ("responses", "emotion", "joyful", "row 5, column emotion: is 'joyful', but must be one of amusement, awe"),
    ("responses", "explanation", "a\0b", "row 5, column explanation: contains a NUL character"),
    ("responses", "arousal", float("nan"), "row 5, column arousal: is not a finite number"),
    ("responses", "arousal", float("inf"), "row 5, column arousal: is not a finite number"),
    ("responses", "language", None, "row 5, column language: is empty"),
    ("responses", "revision", 2**31, "responses.revision: a value is not of type int32"),
    ("responses", "explanation", 7, "responses.explanation: a value is not of type string"),
    ("responses", "explanation", "\ud800", "responses.explanation: a value is not of type string"),
    ("responses", "created_at", datetime(2026, 1, 1), "has no time zone"),
    ("stimuli", "stimulus_key", "0", "stimuli, row 5: .* must not come after"),
    ("participations", "annotator", "zzz", "participations, row 6: .* must not come after"),
]


@pytest.mark.parametrize(("table", "column", "value", "sentence"), BAD_ROWS)
def test_a_bad_cell_is_named(tmp_path: Path, table: str, column: str, value: Any, sentence: str) -> None:
    rows = some_rows(0)
    rows[table][5][column] = value
    writer = SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=STEP_FIELDS)
    with writer, pytest.raises(RowsRefused, match=sentence):
        _write_all(writer, rows)
    assert list(tmp_path.iterdir()) == []


def _write_all(writer: SnapshotWriter, rows: dict[str, list[dict[str, Any]]]) -> None:
    for name in TABLES:
        getattr(writer, f"write_{name}")(rows[name])
    writer.close()


def test_a_repeated_row_is_refused_across_chunks_and_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_stream, "CHUNK_ROWS", 10)
    rows = some_rows(0)
    rows["responses"].insert(10, dict(rows["responses"][9], response_key="another"))
    writer = SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=STEP_FIELDS)
    with writer, pytest.raises(RowsRefused, match=r"responses, row 10: .* repeats the key of"):
        _write_all(writer, rows)


@pytest.mark.parametrize(
    ("table", "column", "sentence"),
    [
        ("stimuli", "stimulus_key", "responses.stimulus_key: .* has no row"),
        ("participations", "annotator", "responses.annotator: .* has no row"),
        ("responses", "response_key", "revisions.response_key: .* has no row"),
    ],
)
def test_a_row_that_refers_to_nothing_is_refused(tmp_path: Path, table: str, column: str, sentence: str) -> None:
    rows = some_rows(0)
    if table == "responses":
        rows["revisions"][0]["response_key"] = ""
    else:
        used = rows["responses"][0][column]
        rows[table] = [row for row in rows[table] if row[column] != used]
    writer = SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=STEP_FIELDS)
    with writer, pytest.raises(RowsRefused, match=sentence):
        _write_all(writer, rows)


def test_two_responses_with_one_key_are_refused(tmp_path: Path) -> None:
    rows = some_rows(0)
    rows["revisions"] = []
    rows["responses"][3]["response_key"] = rows["responses"][0]["response_key"]
    writer = SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=STEP_FIELDS)
    with writer, pytest.raises(RowsRefused, match="a key is used by two responses"):
        _write_all(writer, rows)


def test_missing_and_unknown_columns_are_named(tmp_path: Path) -> None:
    row = some_rows(0)["stimuli"][0]
    with SnapshotWriter(tmp_path / "x", study=a_study()) as writer:
        with pytest.raises(RowsRefused, match=r"lacks the columns \['name'\] and has the unknown columns \['nam'\]"):
            writer.write_stimuli([{("nam" if key == "name" else key): value for key, value in row.items()}])
        with pytest.raises(RowsRefused, match="the columns must be"):
            writer.write_stimuli(pa.record_batch({"name": ["x"]}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"slug": "x"}, "study.slug"),
        ({"steps": []}, "study.steps"),
        ({"steps": [{"name": "x"}]}, r"study.steps\[0\]"),
        ({"label_sets": {"mood": []}}, "no such step"),
        ({"label_sets": {"emotion": [{"id": "a"}, {"id": "a"}]}}, "appears twice"),
        ({"title": "a\0b"}, "NUL"),
        ({"title": "\ud800"}, "not plain JSON"),
        ({"title": {1, 2}}, "not plain JSON"),
        ({"wanted_responses": float("nan")}, "not plain JSON"),
    ],
)
def test_a_study_that_cannot_be_frozen_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyRefused, match=sentence):
        SnapshotWriter(tmp_path / "x", study=a_study() | change)


def test_a_backslash_in_a_title_is_not_mistaken_for_nul(freeze: Freeze) -> None:
    snapshot = freeze(some_rows(0), study=a_study() | {"title": "\\u0000"})
    assert snapshot.study["title"] == "\\u0000"


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        (pa.field("status", pa.string()), "already taken"),
        (pa.field("stimulus_name", pa.string()), "already taken"),
        (pa.field("Über", pa.string()), "lower-case"),
        (pa.field("tags", pa.list_(pa.string())), "cannot be of type list"),
    ],
)
def test_a_step_column_that_does_not_fit_is_refused(tmp_path: Path, field: pa.Field, sentence: str) -> None:
    with pytest.raises(StudyRefused, match=sentence):
        SnapshotWriter(tmp_path / "x", study=a_study(), step_fields=[field])


def test_a_folder_without_a_manifest_is_not_a_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json: missing"):
        open_snapshot(tmp_path)
