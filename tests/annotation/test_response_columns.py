"""Rows checked by the column are the rows checked one by one, or are left to them."""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.services.read_table import WHITE_SPACE, NotByColumn, open_table
from annotation.services.response_columns import checked_batches
from annotation.services.response_rows import NewStudyRules, ResponseRows
from annotation.services.table_columns import columns_of

NASTY = st.text(st.sampled_from("ab \t\n\r\"',;=+-@\\é山\u3000\x1f\x00"), max_size=8)
CELLS = st.tuples(NASTY, NASTY, st.sampled_from(["awe", " fear ", "'=x", ""]), NASTY)
HEADER = ["worker", "item", "label", "explanation"]


def both_ways(path: Path, *, text_optional: bool = True) -> tuple[list[Any] | None, list[Any] | None]:
    """(by the column, row by row); None where the way refuses. People and items by name, not by number."""
    table = open_table(path)
    names, is_affection = columns_of(table, {})
    found: list[list[Any] | None] = []
    for by_column in (True, False):
        rules = NewStudyRules(names, is_affection=is_affection, text_optional=text_optional)
        rows = ResponseRows(table, names, rules, is_affection=is_affection)
        try:
            raw = (
                [row for batch in checked_batches(rows) for row in zip(*batch.to_pydict().values(), strict=True)]
                if by_column
                else list(rows)
            )
        except NotByColumn:
            found.append(None)
            continue
        workers, items = list(rows.workers), list(rows.items)
        named = [(number, workers[worker], items[item], *rest) for number, worker, item, *rest in raw]
        found.append(None if rows.problems.n else named)
    return found[0], found[1]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    rows=st.lists(CELLS, min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_nasty_tables_are_read_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], end: str, quoting: Any
) -> None:
    path = tmp_path_factory.mktemp("nasty") / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=end, quoting=quoting)
        writer.writerow(HEADER)
        writer.writerows(rows)
    by_column, by_row = both_ways(path)
    assert by_column is None or by_column == by_row


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.text(st.sampled_from('a",\n\r '), max_size=24))
def test_broken_quotation_marks_are_never_taken_by_the_column_alone(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("broken") / "table.csv"
    path.write_text("worker,item,label\n" + text, newline="")
    by_column, by_row = both_ways(path)
    assert by_column is None or by_column == by_row


def test_an_ordinary_table_is_taken_by_the_column(tmp_path: Path) -> None:
    rows = [
        {"worker": n % 7, "item": f"{n % 11}.jpg", "label": "ab"[n % 2], "explanation": f'words, "{n}"'}
        for n in range(500)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "table.parquet")
    with (tmp_path / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(row.values() for row in rows)
    for name in ("table.csv", "table.parquet"):
        by_column, by_row = both_ways(tmp_path / name, text_optional=False)
        assert by_column == by_row
        assert by_column is not None
        assert len(by_column) == 500


def test_white_space_is_what_python_strips() -> None:
    assert set(WHITE_SPACE) == {chr(code) for code in range(0x110000) if chr(code).isspace()}
