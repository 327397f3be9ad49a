"""Rows of an import on their way: put aside and back in order, and paired up in plain arrays."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.services import rows_aside
from annotation.services.response_pairs import pairs_of, place_in_turn
from annotation.services.rows_aside import SCHEMA, RowsAside


def batch(numbers: list[int], items: list[int]) -> pa.RecordBatch:
    words = [None if number % 5 == 0 else f"words {number}" for number in numbers]
    columns = [numbers, [0] * len(numbers), items, ["awe"] * len(numbers), words]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


@pytest.mark.parametrize("rows_together", [10, 1_000])
def test_rows_come_back_whole_and_in_the_order_of_their_stimuli(
    monkeypatch: pytest.MonkeyPatch, rows_together: int
) -> None:
    monkeypatch.setattr(rows_aside, "STIMULI_TOGETHER", 7)
    monkeypatch.setattr(rows_aside, "ROWS_TOGETHER", rows_together)
    dice = np.random.default_rng(1)
    items, place = dice.integers(0, 40, 300), dice.permutation(40)
    with RowsAside() as aside:
        aside.add(batch([1], [3]))
        aside.forget()
        for start in range(0, 300, 60):
            aside.add(batch(list(range(start, start + 60)), items[start : start + 60].tolist()))
        found = pa.Table.from_batches(aside.in_order(place)).to_pylist()
    assert sorted(row["number"] for row in found) == list(range(300))
    assert all(row["item"] == items[row["number"]] for row in found)
    assert [row["words"] for row in found if row["number"] in (5, 6)].count(None) == 1
    parts = [place[row["item"]] // 7 for row in found]
    assert parts == sorted(parts)
    if rows_together == 1_000:
        assert [place[row["item"]] for row in found] == sorted(place[row["item"]] for row in found)


def test_pairs_know_their_first_and_last_row_and_whose_turn_it_is() -> None:
    numbers = np.array([2, 3, 5, 6, 9], np.int32)  # row 4 was surplus, 7 and 8 are empty
    worker, item = np.array([1, 0, 1, 1, 0], np.int32), np.array([4, 4, 2, 4, 0], np.int32)
    pairs = pairs_of(numbers, worker, item)
    assert pairs.worker.tolist() == [0, 0, 1, 1]
    assert pairs.item.tolist() == [0, 4, 2, 4]
    assert pairs.first.tolist() == [9, 3, 5, 2]
    assert pairs.last.tolist() == [9, 3, 5, 6]
    assert pairs.n.tolist() == [1, 1, 1, 2]
    assert pairs.of(np.array([6, 2, 9], np.int32)).tolist() == [3, 3, 0]
    assert pairs.most_on_one_item == 2
    assert pairs.are_among(np.array([1, 7]), np.array([2, 9])).tolist() == [False, False, True, False]
    assert place_in_turn(pairs.worker, pairs.first).tolist() == [1, 0, 1, 0]
    nobody = np.zeros(0, np.int64)
    assert place_in_turn(nobody, nobody).tolist() == []
    assert not pairs.are_among(nobody, nobody).any()
