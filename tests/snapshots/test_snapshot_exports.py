"""Exports: what leaves comes back cell by cell, is safe to open, names nobody, and never fills the memory."""

import csv
import io
import json
import re
import tracemalloc
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty_study import NASTY, STEP_FIELDS, Freeze, a_study, some_rows

from snapshots.errors import ExportImpossible, FileUnreadable
from snapshots.exports import EXPORT_FORMATS
from snapshots.exports.csv import guard_cells, unguard_cells
from snapshots.exports.flat import flat_schema
from snapshots.reader import Snapshot
from snapshots.reading import read_responses
from snapshots.split import split_of
from snapshots.writer import SnapshotWriter

FLAT = ("csv", "jsonl", "parquet")
DANGEROUS = re.compile(r"[=+\-@\t\r]")


def exported(snapshot: Snapshot, name: str) -> bytes:
    out = io.BytesIO()
    EXPORT_FORMATS[name].write(snapshot, out, lambda done, total: None)
    return out.getvalue()


def without_stimulus_names(batches: Any) -> list[dict[str, Any]]:
    table = pa.Table.from_batches(batches, flat_schema(STEP_FIELDS))
    return table.drop_columns(["stimulus_source", "stimulus_name"]).to_pylist()


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("extension", FLAT)
def test_an_export_reads_back_cell_by_cell_with_types(freeze: Freeze, extension: str, seed: int) -> None:
    rows = some_rows(seed)
    content = exported(freeze(rows), extension)
    assert without_stimulus_names(read_responses(io.BytesIO(content), extension, STEP_FIELDS)) == rows["responses"]


@pytest.mark.parametrize("extension", FLAT)
def test_an_export_read_back_and_frozen_again_has_the_same_id(freeze: Freeze, extension: str, tmp_path: Any) -> None:
    rows = some_rows(11)
    first = freeze(rows)
    with SnapshotWriter(tmp_path / "again", study=a_study(), step_fields=STEP_FIELDS) as writer:
        for batch in read_responses(io.BytesIO(exported(first, extension)), extension, STEP_FIELDS):
            writer.write_responses(batch.select(writer.schema("responses").names))
        writer.write_revisions(first.revisions())
        writer.write_stimuli(first.stimuli())
        writer.write_participations(first.participations())
        assert writer.close() == first.manifest


def test_json_lines_and_parquet_know_their_types_without_being_told(freeze: Freeze) -> None:
    rows = some_rows(1)
    snapshot = freeze(rows)
    for extension in ("jsonl", "parquet"):
        found = list(read_responses(io.BytesIO(exported(snapshot, extension)), extension))
        assert found[0].schema.equals(flat_schema(STEP_FIELDS))
        assert without_stimulus_names(found) == rows["responses"]


def test_exports_name_the_picture_of_each_response(freeze: Freeze) -> None:
    rows = some_rows(1)
    names = {row["stimulus_key"]: (row["source_dataset"], row["name"]) for row in rows["stimuli"]}
    for extension in FLAT:
        content = exported(freeze(rows, name=extension), extension)
        for batch in read_responses(io.BytesIO(content), extension, STEP_FIELDS):
            for row in batch.to_pylist():
                assert (row["stimulus_source"], row["stimulus_name"]) == names[row["stimulus_key"]]


@pytest.mark.parametrize("name", ["csv", "affection_raw", "affection_preprocessed"])
def test_no_cell_of_a_csv_starts_a_formula(freeze: Freeze, name: str) -> None:
    rows = rows_of_csv(exported(freeze(some_rows(1)), name))
    texts = [cell for row in rows for column, cell in row.items() if column not in ("clicks", "arousal")]
    assert not [cell for cell in texts if DANGEROUS.match(cell)]
    assert [cell for cell in texts if re.match(r"'+[=+\-@\t\r]", cell)]


# the first text is slow to make, since the alphabet is made with it: on a busy machine too slow for hypothesis
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.one_of(st.text(), st.sampled_from(NASTY), st.from_regex(r"\A'*[=+\-@\t\r].*\Z")), max_size=20))
def test_guarding_cells_is_a_bijection(texts: list[str]) -> None:
    column = pa.array([text for text in texts if text.isprintable() or text < "\ud800"], pa.string())
    guarded = guard_cells(column)
    assert unguard_cells(guarded).equals(column)
    for before, after in zip(column.to_pylist(), guarded.to_pylist(), strict=True):
        assert not DANGEROUS.match(after)
        assert after == ("'" + before if re.match(r"'*[=+\-@\t\r]", before) else before)


def test_a_csv_that_a_spreadsheet_saved_again_can_be_read(freeze: Freeze) -> None:
    # Saved again, quotation marks around plain texts are gone and lines end in CR LF.
    rows = some_rows(1)
    records = list(csv.reader(io.StringIO(exported(freeze(rows), "csv").decode(), newline="")))
    again = io.StringIO()
    csv.writer(again).writerows(records)
    found = without_stimulus_names(read_responses(io.BytesIO(again.getvalue().encode()), "csv", STEP_FIELDS))
    for row, before in zip(found, rows["responses"], strict=True):
        assert row | {"explanation": row["explanation"] or ""} == before | {"explanation": before["explanation"] or ""}


def test_affection_raw_has_its_columns_and_accepted_responses_only(freeze: Freeze) -> None:
    rows = some_rows(1)
    found = rows_of_csv(exported(freeze(rows), "affection_raw"))
    accepted = [row for row in rows["responses"] if row["status"] == "accepted"]
    assert list(found[0]) == ["workerid", "utterance", "emotion", "dataset", "image_name"]
    assert len(found) == len(accepted)
    for row, response in zip(found, accepted, strict=True):
        assert row["emotion"] == (response["emotion"] or "").replace("_", " ")
        worker = row["workerid"].removeprefix("'") if response["annotator"].startswith("=") else row["workerid"]
        assert worker == ("simulated_" if response["is_simulated"] else "") + response["annotator"] or (
            response["is_simulated"] and row["workerid"] == "simulated_" + response["annotator"]
        )


def test_affections_emotions_keep_its_names_whatever_a_study_calls_them(freeze: Freeze) -> None:
    study = a_study()
    study["label_sets"]["emotion"][1]["name"] = "Staunen"
    found = rows_of_csv(exported(freeze(some_rows(1), study=study), "affection_raw"))
    assert {row["emotion"] for row in found} <= {"", "amusement", "awe", "anger", "something else"}


def test_affection_preprocessed_adds_words_numbers_and_split(freeze: Freeze) -> None:
    rows = some_rows(2, n_stimuli=80)
    for row in rows["responses"]:
        row.update(explanation="It's a beautifull   DOG, I can't look away!", language="en")
    rows["responses"][0].update(explanation="Beautifull Wetter", language="de")
    found = rows_of_csv(exported(freeze(rows), "affection_preprocessed"))
    accepted = [row for row in rows["responses"] if row["status"] == "accepted"]
    words = ["it", "is", "a", "beautiful", "dog", "i", "can", "not", "look", "away"]
    assert list(found[0])[5:] == ["utterance_spelled", "tokens", "tokens_len", "tokens_encoded", "split"]
    if accepted[0] is rows["responses"][0]:
        assert json.loads(found[0]["tokens"]) == ["beautifull", "wetter"]
    for row, response in list(zip(found, accepted, strict=True))[1:]:
        assert json.loads(row["tokens"]) == words
        assert row["utterance_spelled"] == " ".join(words)
        assert row["tokens_len"] == "10"
        assert row["split"] == split_of(response["stimulus_key"])
        numbers = json.loads(row["tokens_encoded"])
        assert (numbers[0], numbers[-1], len(set(numbers))) == (1, 2, 12)
        assert min(numbers[1:-1]) >= 4
    assert {row["split"] for row in found} == {"train", "val", "test"}


def test_affection_needs_an_emotion_and_a_text(freeze: Freeze) -> None:
    study = a_study()
    study["steps"][1]["kind"] = "scale"
    with pytest.raises(ExportImpossible, match="needs an emotion and a text"):
        exported(freeze(some_rows(1), study=study), "affection_raw")


@pytest.mark.parametrize("name", sorted(EXPORT_FORMATS))
def test_every_format_reports_progress_to_the_end_and_gives_the_same_bytes(freeze: Freeze, name: str) -> None:
    snapshot = freeze(some_rows(1), images=True)
    seen: list[tuple[int, int]] = []
    out = io.BytesIO()
    EXPORT_FORMATS[name].write(snapshot, out, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > 0
    assert out.getvalue() == exported(snapshot, name)


@pytest.mark.parametrize("name", sorted(EXPORT_FORMATS))
def test_an_empty_study_can_be_exported(freeze: Freeze, name: str) -> None:
    snapshot = freeze({table: [] for table in ("responses", "revisions", "stimuli", "participations")})
    content = exported(snapshot, name)
    if name in ("csv", "jsonl", "parquet"):
        assert without_stimulus_names(read_responses(io.BytesIO(content), name, STEP_FIELDS)) == []


class _Nowhere(io.RawIOBase):
    """Takes everything, keeps nothing, remembers the peak of Arrow's memory."""

    size = 0
    peak_arrow_bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any) -> int:
        self.size += len(memoryview(data).cast("B"))
        self.peak_arrow_bytes = max(self.peak_arrow_bytes, pa.total_allocated_bytes())
        return len(memoryview(data).cast("B"))


@pytest.mark.parametrize("name", ["affection_preprocessed", "affection_raw", "csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_study(freeze: Freeze, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snapshots.reader.CHUNK_ROWS", 1_000)  # small pieces, so that a growing memory shows
    monkeypatch.setattr("snapshots.table_stream.CHUNK_ROWS", 1_000)
    peaks = []
    for n_stimuli in (300, 1_800):
        rows = some_rows(6, n_stimuli=n_stimuli, n_annotators=20, n_each=12)
        for row in rows["responses"]:
            row.update(explanation=f"a dog {row['response_key']}" * 20, language="de")
        snapshot = freeze(rows, name=str(n_stimuli))
        del rows
        before = pa.total_allocated_bytes()
        out = _Nowhere()
        tracemalloc.start()
        EXPORT_FORMATS[name].write(snapshot, out, lambda done, total: None)
        python_peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        peaks.append((out.size, python_peak + out.peak_arrow_bytes - before))
    (small_size, small_peak), (large_size, large_peak) = peaks
    assert large_size > 4 * small_size
    assert large_peak < 1.6 * small_peak + 2_000_000, peaks


BAD_FILES: list[tuple[str, bytes, bytes, str]] = [
    ("csv", b"annotator", b"worker", "The column 'annotator' is missing"),
    ("csv", b"T", b"yesterday", r"Row 2, column created_at: .* is not of type timestamp"),
    ("jsonl", b'"sequence":', b'"sequence":"x"+', "Line 1: not readable as JSON"),
    ("jsonl", b'"is_simulated":', b'"is_simulated":7,"x":', "The column 'x' is not known"),
    ("parquet", b"PAR1", b"ZIP1", "The Parquet file cannot be read"),
]


@pytest.mark.parametrize(("extension", "old", "new", "sentence"), BAD_FILES)
def test_a_file_that_is_not_ours_is_refused_with_the_place(
    freeze: Freeze, extension: str, old: bytes, new: bytes, sentence: str
) -> None:
    content = exported(freeze(some_rows(1)), extension)
    if extension == "csv" and old == b"T":
        head, row = content.split(b"\n", 1)
        content = head + b"\n" + re.sub(rb"2026-\d\d-\d\dT", b"yesterday", row, count=1)
    else:
        assert old in content
        content = new.join(content.rsplit(old, 1)) if extension == "parquet" else content.replace(old, new, 1)
    with pytest.raises(FileUnreadable, match=sentence):
        list(read_responses(io.BytesIO(content), extension, STEP_FIELDS))


def test_a_parquet_file_that_unpacks_to_gigabytes_is_refused_unread() -> None:
    schema = flat_schema([pa.field("emotion", pa.string())])
    rows = [dict.fromkeys(schema.names) | {"emotion": "x" * 300_000}]
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, nullable).take([0] * 5_000), out)
    assert out.tell() < 1_000_000
    with pytest.raises(FileUnreadable, match="Column emotion, from row 0: 5000 rows would unpack to 1500000000 bytes"):
        list(read_responses(out, "parquet"))


def test_an_unknown_extension_is_refused() -> None:
    with pytest.raises(FileUnreadable, match="not from 'xls'"):
        read_responses(io.BytesIO(), "xls")


def test_a_parquet_export_opens_as_one_table(freeze: Freeze) -> None:
    rows = some_rows(1)
    table = pq.read_table(io.BytesIO(exported(freeze(rows), "parquet")))
    assert table.num_rows == len(rows["responses"])
    assert table.schema.equals(flat_schema(STEP_FIELDS))
