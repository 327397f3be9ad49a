"""Reading: columns, accepted responses only, and the counts that statistics start from."""

from collections import Counter

import pyarrow as pa
import pytest
from nasty_study import EMOTIONS, Freeze, some_rows

from snapshots.errors import ImageNotThere, SnapshotError


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
