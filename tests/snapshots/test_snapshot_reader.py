"""Reading: columns, accepted responses only, and the counts that statistics start from."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nasty_study import EMOTIONS, Freeze, some_rows

from snapshots.errors import ImageNotThere, SnapshotError
from snapshots.reader import _row_groups


def test_label_counts_are_those_of_accepted_responses(freeze: Freeze) -> None:
    rows = some_rows(4)
    keys, labels, counts = freeze(rows).label_counts("emotion")
    by_hand = Counter((r["stimulus_key"], r["emotion"]) for r in rows["responses"] if r["status"] == "accepted")
    assert labels == list(EMOTIONS)
    assert keys == [row["stimulus_key"] for row in rows["stimuli"]]
    assert counts.tolist() == [[by_hand[key, label] for label in labels] for key in keys]
    assert (counts.sum(axis=1) == 0).any()  # an unanswered stimulus keeps its row


def test_columns_come_in_the_order_asked_for_and_surplus_can_be_left_out(freeze: Freeze) -> None:
    rows = some_rows(4)
    batches = freeze(rows).responses(["explanation", "annotator"], accepted_only=True)
    found = pa.Table.from_batches(batches)
    assert found.schema.names == ["explanation", "annotator"]
    accepted = [row for row in rows["responses"] if row["status"] == "accepted"]
    assert found.to_pylist() == [{"explanation": r["explanation"], "annotator": r["annotator"]} for r in accepted]


def test_what_is_not_there_is_said(freeze: Freeze) -> None:
    snapshot = freeze(some_rows(4))
    with pytest.raises(SnapshotError, match="no column 'mood'"):
        next(snapshot.responses(["mood"]))
    with pytest.raises(SnapshotError, match="'explanation' has no label set"):
        snapshot.label_counts("explanation")
    with pytest.raises(SnapshotError, match="no step of kind 'scale'"):
        snapshot.step_named_by_kind("scale")
    with pytest.raises(ImageNotThere, match="not a sha256"):
        snapshot.image_bytes("../manifest.json")


def test_rows_between_two_numbers_are_those_of_the_whole_table(freeze: Freeze) -> None:
    snapshot = freeze(some_rows(4))
    whole = pa.Table.from_batches(snapshot.responses()).to_pylist()
    n = len(whole)
    for first, stop in ((0, n), (0, 1), (3, 9), (n - 1, n), (n - 2, n + 50), (5, 5), (n, n + 5)):
        found = [row for batch in snapshot.responses(between=(first, stop)) for row in batch.to_pylist()]
        assert found == whole[first:stop]
        accepted = snapshot.responses(["annotator"], accepted_only=True, between=(first, stop))
        wanted = [row["annotator"] for row in whole[first:stop] if row["status"] == "accepted"]
        assert [name for batch in accepted for name in batch.column("annotator").to_pylist()] == wanted


def test_only_the_row_groups_that_hold_rows_between_are_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"number": list(range(25))}), tmp_path / "numbers.parquet", row_group_size=10)
    with pq.ParquetFile(tmp_path / "numbers.parquet") as file:
        assert _row_groups(file, 0, 25) == ([0, 1, 2], 0)
        assert _row_groups(file, 9, 10) == ([0], 0)
        assert _row_groups(file, 10, 11) == ([1], 10)
        assert _row_groups(file, 15, 21) == ([1, 2], 10)
        assert _row_groups(file, 25, 30) == ([], 0)
