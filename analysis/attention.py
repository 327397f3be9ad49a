"""Where a speaker looked for each of its words: a small picture per word, dark where it did not look, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

DARKEST = 0.85  # of a place that it did not look at
ROWS = (_("upper"), _("middle"), _("lower"))
COLUMNS = (_("left"), _("centre"), _("right"))
MIDDLE = _("centre")


@dataclass(frozen=True)
class Cell:
    """One place of the picture, in percent of its square; veil: 0 = clear, as where it looked most."""

    x: float
    y: float
    width: float
    height: float
    veil: float


@dataclass(frozen=True)
class LookedWord:
    """One word. where: 'upper left, 43 %', the ninth of the picture that it looked at most, and its share."""

    word: str
    where: str
    cells: list[Cell]


def looked_words(
    words: Sequence[str], looked: Sequence[Sequence[float]], grid: Sequence[int] | None
) -> list[LookedWord]:
    """looked: per word a number per place, row by row, in any unit; empty where the places are no square."""
    if not grid or len(grid) != 2 or any(len(row) != grid[0] * grid[1] for row in looked):
        return []
    return [_looked(word, row, grid[0], grid[1]) for word, row in zip(words, looked, strict=False) if sum(row) > 0]


def looked_words_of(text: Mapping[str, Any]) -> list[LookedWord]:
    """Of a text as a speaker's answer, or a version's record, holds it; empty where nothing was kept."""
    looked = text.get("looked") or text.get("attention") or []
    return looked_words(text.get("words") or [], looked, text.get("grid"))


def _looked(word: str, row: Sequence[float], n_rows: int, n_columns: int) -> LookedWord:
    most, total = max(row), sum(row)
    width, height = 100 / n_columns, 100 / n_rows
    cells = [
        Cell(
            round(width * (place % n_columns), 3),
            round(height * (place // n_columns), 3),
            round(width, 3),
            round(height, 3),
            round(DARKEST * (1 - share / most), 2),
        )
        for place, share in enumerate(row)
    ]
    ninths: dict[tuple[int, int], float] = {}
    for place, share in enumerate(row):
        ninth = (3 * (place // n_columns) // n_rows, 3 * (place % n_columns) // n_columns)
        ninths[ninth] = ninths.get(ninth, 0.0) + share
    down, across = max(ninths, key=lambda ninth: ninths[ninth])
    name = str(MIDDLE) if (down, across) == (1, 1) else f"{ROWS[down]} {COLUMNS[across]}"
    return LookedWord(word, f"{name}, {100 * ninths[down, across] / total:.0f} %", cells)
