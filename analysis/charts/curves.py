"""Figures at each whole number along the bottom, with bands for their intervals."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

HEIGHT = 260  # px
TOP, BOTTOM, KEY = 26, 40, 22
LEFT, RIGHT = 9, 2  # percent; left stands the axis


@dataclass(frozen=True)
class Point:
    """One figure at x; None where it is not defined there."""

    x: int
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurveLine:
    """A named line. css: the class that colours it."""

    name: str
    points: Sequence[Point]
    css: str


def curves(
    title: str,
    description: str,
    lines: Sequence[CurveLine],
    *,
    axis: tuple[float, float],
    ticks: Sequence[float],
    below: str,
) -> str:
    """axis: the values at the bottom and at the top. below: what the numbers along the bottom are."""
    xs = sorted({point.x for line in lines for point in line.points})
    if not xs:
        return marks.frame(HEIGHT, title, description, [marks.text(0, 20, "Nothing to draw yet.", "soft")])
    first, last = xs[0], max(xs[-1], xs[0] + 1)
    top, floor = TOP + KEY * len(lines), TOP + KEY * len(lines) + HEIGHT - TOP - BOTTOM
    low_end, high_end = axis

    def x_of(number: int) -> float:
        return LEFT + 1 + (98 - LEFT - RIGHT) * (number - first) / (last - first)

    def y_of(value: float) -> float:
        held = min(max(value, low_end), high_end)
        return round(top + (floor - top) * (high_end - held) / (high_end - low_end), 2)

    parts = []
    for number, line in enumerate(lines):
        y = TOP + KEY * number - 8
        parts.append(marks.line(0, y - 4, 4, y - 4, f"line {line.css}"))
        parts.append(marks.text(5.5, y, line.name))
    for tick in ticks:
        parts.append(marks.line(LEFT, y_of(tick), 100, y_of(tick), "grid"))
        parts.append(marks.text(LEFT - 1.5, y_of(tick) + 4, marks.as_number(tick, 1), "axis-text", "end"))
    for x in xs:
        parts.append(marks.text(x_of(x), floor + 18, str(x), "axis-text", "middle"))
    parts.append(marks.text((100 + LEFT) / 2, floor + 36, below, "axis-text", "middle"))
    for line in lines:
        known = [point for point in line.points if point.value is not None]
        for here, there in itertools.pairwise(known):
            parts.append(
                marks.line(
                    x_of(here.x), y_of(here.value or 0), x_of(there.x), y_of(there.value or 0), f"line {line.css}"
                )
            )
        for point in known:
            left, height = x_of(point.x), y_of(point.value or 0)
            if point.low is not None and point.high is not None:
                parts.append(marks.line(left, y_of(point.low), left, y_of(point.high), f"line {line.css}"))
            parts.append(f'<circle class="dot {line.css}" cx="{marks.percent(left)}" cy="{height:g}" r="4"/>')
    return marks.frame(floor + BOTTOM, title, description, parts)
