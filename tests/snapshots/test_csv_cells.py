"""No cell of ours is run by a spreadsheet, in whichever file it stands."""

from typing import Any

import pytest

from snapshots.csv_cells import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "'=1", "''@x"])
def test_what_begins_a_formula_gets_one_mark_more(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["", "awe", "'quoted'", " =1", "1-1", None, -1, 2.5, True])
def test_all_else_stays_as_it_is(cell: Any) -> None:
    assert safe_cell(cell) is cell
