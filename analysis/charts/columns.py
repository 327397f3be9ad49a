"""Counts over time as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

HEIGHT = 180  # px
TOP, BOTTOM = 18, 22


@dataclass(frozen=True)
class Column:
    """One span of time, or of a measure: its name (for the tip of the mouse), how many, and where that leads."""

    name: str
    n: int
    href: str = ""


def columns(title: str, description: str, bars: Sequence[Column], *, first: str, last: str) -> str:
    """first, last: words below the left and the right end. The grid's number is the tallest column's, rounded up."""
    most = max([column.n for column in bars], default=0)
    top_value = _round_up(most)
    floor = HEIGHT - BOTTOM
    parts = []
    for value in (top_value, top_value // 2):
        y = floor - (floor - TOP) * value / top_value
        parts.append(marks.line(0, y, 100, y, "grid"))
        parts.append(marks.text(0, y - 4, f"{value:,}", "axis-text"))
    step = 100 / max(len(bars), 12)  # a study of an hour does not fill the width with one block
    for place, column in enumerate(bars):
        height = (floor - TOP) * column.n / top_value
        bar = marks.rect(place * step + 0.08 * step, floor - height, 0.84 * step, height, "bar series-2")
        titled = bar.replace("/>", f"><title>{marks.escape(column.name)}: {column.n:,}</title></rect>")
        parts.append(marks.link(column.href, [titled], name=f"{column.name}: {column.n:,}"))
    parts.append(marks.line(0, floor, 100, floor, "axis"))
    parts.append(marks.text(0, HEIGHT - 6, first, "axis-text"))
    if last and last != first:
        end = min(len(bars) * step, 100)
        parts.append(marks.text(max(end, 45), HEIGHT - 6, last, "axis-text", "end"))
    return marks.frame(HEIGHT, title, description, parts)


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100, ...: halves of these are whole."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if number <= step * size:
                return step * size
        size *= 10
