"""Tables out of spreadsheets and scripts: what can be meant is read, and all else is a sentence with its row."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotation.errors import InvalidInput, InvalidRows
from annotation.models import Identity, Response, Stimulus, Study
from annotation.services.import_responses import import_responses
from annotation.services.import_stimuli import import_manifest
from annotation.services.read_table import Problems, open_table
from tests.conftest import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty_study() -> Study:
    return make_study(n_stimuli=0, is_open=False)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> tuple[list[str], list[list[Any]]]:
    table, problems = open_table(path), Problems(path.name)
    rows = [row for _, row in table.rows(problems)]
    problems.raise_if_any()
    return table.columns, rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("begins", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_spreadsheet_may_separate_by_commas_semicolons_or_tabs(
    tmp_path: Path, delimiter: str, begins: bytes, line_end: str
) -> None:
    lines = [f"name{delimiter}description", f'lake{delimiter}"still, {delimiter} and{line_end}cold"']
    path = written(tmp_path, "images.csv", begins + (line_end.join(lines) + line_end).encode())
    assert read(path) == (["name", "description"], [["lake", f"still, {delimiter} and{line_end}cold"]])


def test_commas_in_the_header_decide_before_semicolons_in_a_name(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.csv", "name,themes;notes\nlake,a;b\n"))[0] == ["name", "themes;notes"]


def test_responses_come_in_with_semicolons(tmp_path: Path) -> None:
    path = written(tmp_path, "votes.csv", "worker;item;label;explanation\n1;a;joy;warm, and bright\n2;a;awe;wide\n")
    result = import_responses(path=path, new_slug="votes")
    assert (result.n_responses, result.labels) == (2, ["awe", "joy"])


def test_lines_may_end_in_delimiters(tmp_path: Path) -> None:
    path = written(tmp_path, "labels.csv", "worker;item;label\nw;1;a;\nv;2;b; ;\n")
    assert read(path)[1] == [["w", "1", "a"], ["v", "2", "b"]]
    assert import_responses(path=path, new_slug="ends").n_responses == 2


def test_rows_that_were_emptied_in_a_spreadsheet_are_as_empty_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "labels.csv", "worker;item;label\nw;1;a\n;;\n\n ; ;\nv;2;b\n;;\n")
    assert read(path)[1] == [["w", "1", "a"], ["v", "2", "b"]]
    assert import_responses(path=path, new_slug="gaps").n_responses == 2


def test_columns_that_were_emptied_in_a_spreadsheet_do_no_harm(tmp_path: Path, empty_study: Study) -> None:
    path = written(tmp_path, "images.csv", "name,description,,\nlake,still,,\n")
    assert import_manifest(study=empty_study, path=path).n_added == 1
    assert Stimulus.objects.get().metadata == {}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", "name,note\n   \n", "it has 1 cell, the header 2. Some are missing: write all of them, with commas"),
        ("a.csv", "a,b,c\nx,y\n", "it has 2 cells, the header 3. Some are missing: write all of them, with commas"),
        ("a.csv", "a,b\nx,y,,z\n", "it has 4 cells, the header 2. Put quotation marks around cells with commas."),
        ("a.csv", "name;note\nlake;a;b\n", "it has 3 cells, the header 2. Put quotation marks around cells with semi"),
        ("a.csv", 'name,note\nlake,"a"b\n', "write a quotation mark of the text twice"),
        ("a.jsonl", '[{"name": "lake"}]\n', "Line 1: expected a JSON object, not "),
        ("a.jsonl", '{"name": "lake"\n', "Line 1: it is not JSON"),
        ("a.jsonl", '{"name": "lake"}\n{"name": "la\\ud83dke"}\n', "Row 2, whole line: it holds half of a character"),
        ("a.csv", "näme,note\nlake,a\n".encode("cp1252"), "not UTF-8 text). Save it as CSV in UTF-8."),
        ("a.csv", "name,note\nlake,a\n".encode("utf-16"), "not UTF-8 text). Save it as CSV in UTF-8."),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(written(tmp_path, name, content))
    assert sentence in refusal.value.message


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"deep": {"text": "a\x00b"}}, "Row 1, deep: it holds a NUL character."),
        ({"deep": [1.0, float("nan")]}, "Row 1, deep: it holds a number that is none"),
    ],
)
def test_metadata_that_no_database_keeps_is_refused_with_its_row(
    tmp_path: Path, empty_study: Study, metadata: dict[str, Any], sentence: str
) -> None:
    path = written(tmp_path, "images.jsonl", json.dumps({"name": "lake", **metadata}) + "\n")
    with pytest.raises(InvalidRows) as refusal:
        import_manifest(study=empty_study, path=path)
    assert sentence in refusal.value.message


def test_odd_columns_of_parquet_become_texts_or_a_sentence(tmp_path: Path, empty_study: Study) -> None:
    odd = {"name": ["lake"], "lasted": [timedelta(seconds=1)], "tags": [["a", "b"]]}
    pq.write_table(pa.table(odd), tmp_path / "odd.parquet")
    import_manifest(study=empty_study, path=tmp_path / "odd.parquet")
    assert Stimulus.objects.get().metadata == {"lasted": "0:00:01", "tags": ["a", "b"]}
    pq.write_table(
        pa.table({"name": ["sea"], "shares": pa.array([{"awe": float("nan")}])}), tmp_path / "shares.parquet"
    )
    with pytest.raises(InvalidRows, match="Row 1, shares"):
        import_manifest(study=empty_study, path=tmp_path / "shares.parquet")


def test_numbers_of_fixed_places_are_numbers(tmp_path: Path) -> None:
    far = Decimal("12345678901234567890")  # an id that no float keeps
    columns = {"worker": [far, far], "item": [Decimal("1.50"), Decimal("100")], "label": [Decimal(1), Decimal(2)]}
    arrays = {"worker": pa.decimal128(38, 0), "item": pa.decimal128(10, 2), "label": pa.decimal128(5, 0)}
    table = pa.table({name: pa.array(values, arrays[name]) for name, values in columns.items()})
    pq.write_table(table, tmp_path / "labels.parquet")
    import_responses(path=tmp_path / "labels.parquet", new_slug="numbers")
    assert set(Identity.objects.values_list("panel_id", flat=True)) == {str(far)}
    assert set(Stimulus.objects.values_list("name", flat=True)) == {"1.5", "100"}
    assert set(Response.objects.values_list("label", flat=True)) == {"1", "2"}


def test_a_date_beyond_the_calendar_is_a_sentence(tmp_path: Path, empty_study: Study) -> None:
    far = pa.array([10**12], pa.int64()).cast(pa.timestamp("s"))
    pq.write_table(pa.table({"name": ["lake"], "at": far}), tmp_path / "far.parquet")
    with pytest.raises(InvalidInput, match=r"far\.parquet cannot be read after row 0"):
        import_manifest(study=empty_study, path=tmp_path / "far.parquet")


def test_a_path_longer_than_any_file_name_is_a_file_that_is_not_there(tmp_path: Path, empty_study: Study) -> None:
    path = written(tmp_path, "images.csv", f"path\n{'a' * 400}.jpg\n")
    with pytest.raises(InvalidRows, match="there is no file"):
        import_manifest(study=empty_study, path=path, root=tmp_path)
