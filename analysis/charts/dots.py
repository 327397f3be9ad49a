"""Numbers with their intervals on one axis, a row each."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

ROW = 44  # px
AXIS = 24


@dataclass(frozen=True)
class Dot:
    """One estimate. words: how its number is written; reason: shown where there is no number.

    marker: another number to compare with, drawn as a dashed line. href: where the row leads, such as to its images.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    reason: str = ""
    css: str = "series-1"
    marker: float | None = None
    href: str = ""


def dots(
    title: str,
    description: str,
    rows: Sequence[Dot],
    *,
    axis: tuple[float, float],
    ticks: Sequence[tuple[float, str]],
) -> str:
    """axis: the values at the left and right end. ticks: (value, words) below; the outermost stay inside."""
    left, right = axis

    def place(value: float) -> float:
        return min(max((value - left) / (right - left) * 98 + 1, 0), 100)  # 1 % of air on both sides

    height = len(rows) * ROW + AXIS
    parts = []
    for number, (value, words) in enumerate(ticks):
        x = place(value)
        parts.append(marks.line(x, 20, x, height - AXIS, "grid"))
        anchor = "start" if number == 0 else "end" if number == len(ticks) - 1 else "middle"
        parts.append(marks.text(0 if number == 0 else x, height - 6, words, "axis-text", anchor))
    for number, row in enumerate(rows):
        top = number * ROW
        y = top + 30
        parts.append(marks.link(row.href, [marks.text(0, top + 14, row.name, "name")]))
        if row.value is None:
            parts.append(marks.text(0, top + 32, row.reason, "soft"))
            continue
        parts.append(marks.value(top + 14, row.words))
        parts.append(marks.rect(0, y - 3, 100, 6, "track"))
        if row.low is not None and row.high is not None:
            parts.append(marks.interval(place(row.low), place(row.high), y, 5))
        parts.append(f'<circle class="dot {row.css}" cx="{marks.percent(place(row.value))}" cy="{y}" r="6"/>')
        if row.marker is not None:
            parts.append(marks.line(place(row.marker), y - 9, place(row.marker), y + 9, "marker"))
    return marks.frame(height, title, description, parts)
