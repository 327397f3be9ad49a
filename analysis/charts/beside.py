"""Own means with their intervals beside published ones: a row each, every row on an axis of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

ROW = 58  # px
BELOW = 15  # px from our dot down to the published signs, which would hide each other on one line
LEGEND = 26


@dataclass(frozen=True)
class Beside:
    """One measure. value, low, high: ours; value None where there is none, with the reason in words.

    axis: the values at the left and right end. others: the published value of each collection, None where there is
    none, in the order of the chart's collections. words: how ours is written. href: where the row leads.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    axis: tuple[float, float]
    others: Sequence[float | None] = ()
    reason: str = ""
    href: str = ""


def beside(title: str, description: str, rows: Sequence[Beside], collections: Sequence[str]) -> str:
    """collections: names of the published ones, each with a sign of its own (diamond, triangle, square), below."""
    parts = []
    for number, row in enumerate(rows):
        top = number * ROW
        y = top + 30
        parts.append(marks.link(row.href, [marks.text(0, top + 14, row.name, "name")]))
        if row.value is None:
            parts.append(marks.text(0, top + 34, row.reason, "soft"))
            continue
        parts.append(marks.value(top + 14, row.words))
        parts.append(marks.rect(0, y - 3, 100, 6, "track"))
        for sign, other in enumerate(row.others):
            if other is not None:
                parts.append(_sign(sign, _place(other, row.axis), y + BELOW))
        if row.low is not None and row.high is not None:
            parts.append(marks.interval(_place(row.low, row.axis), _place(row.high, row.axis), y, 5))
        parts.append(f'<circle class="dot series-1" cx="{marks.percent(_place(row.value, row.axis))}" cy="{y}" r="5"/>')
    height = len(rows) * ROW + LEGEND
    y = height - 10
    step = 100 / (len(collections) + 1)
    parts.append(f'<circle class="dot series-1" cx="1.5%" cy="{y - 4}" r="5"/>')
    parts.append(marks.text(4, y, "Here", "axis-text"))
    for sign, name in enumerate(collections):
        parts.append(_sign(sign, step * (sign + 1) + 1.5, y - 4))
        parts.append(marks.text(step * (sign + 1) + 4, y, name, "axis-text"))
    return marks.frame(height, title, description, parts)


def _place(value: float, axis: tuple[float, float]) -> float:
    left, right = axis
    return min(max((value - left) / ((right - left) or 1) * 96 + 2, 0), 100)


def _sign(number: int, x: float, y: float) -> str:
    """A small shape at x percent, y px; a nested drawing, since only that can be moved by percent and px at once."""
    shapes = (
        '<path class="published" d="M7 1 L13 7 L7 13 L1 7 Z"/>',
        '<path class="published" d="M7 2 L13 12 L1 12 Z"/>',
        '<rect class="published" x="2" y="2" width="10" height="10"/>',
    )
    return (
        f'<svg x="{marks.percent(x)}" y="{y - 7:g}" width="14" height="14" overflow="visible">'
        f'<g transform="translate(-7 0)">{shapes[number % len(shapes)]}</g></svg>'
    )
