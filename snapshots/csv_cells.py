"""Cells that a spreadsheet would take for a formula, and how they are kept from being one."""

import re
from typing import Any

DANGEROUS = r"[=+\-@\t\r]"
_BEGINS_A_FORMULA = re.compile(rf"'*{DANGEROUS}")


def safe_cell(cell: Any) -> Any:
    """A text that would be run gets one ' in front, so that taking one ' away gives it back; all else as it is."""
    return f"'{cell}" if isinstance(cell, str) and _BEGINS_A_FORMULA.match(cell) else cell
