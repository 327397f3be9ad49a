"""The held-out loss of several trainings by epoch, each line with its name at its end."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks
from analysis.charts.loss_curve import BOTTOM, LEFT, N_EPOCH_NAMES, TOP, spelled, ticks_around

HEIGHT = 280  # px
RIGHT = 18  # percent, for the names
NAME_HEIGHT = 15  # px between two names that would lie on each other
STYLES = ("series-1", "series-2", "series-3", "series-4", "series-2 dashed", "series-3 dashed")
"""The classes of the lines, in their order; names stand at their ends, so colour alone tells nothing."""


@dataclass(frozen=True)
class RunCurve:
    """One training: (epoch, loss) in order, at least one; css: of STYLES."""

    name: str
    css: str
    points: Sequence[tuple[int, float]]


def run_curves(title: str, description: str, curves: Sequence[RunCurve]) -> str:
    """At least one curve with at least one epoch."""
    values = [loss for curve in curves for _, loss in curve.points]
    ticks = ticks_around(min(values), max(values))
    first = min(curve.points[0][0] for curve in curves)
    last = max(first + 1, *(curve.points[-1][0] for curve in curves))

    def x(epoch: int) -> float:
        return LEFT + (100 - LEFT - RIGHT) * (epoch - first) / (last - first)

    def y(loss: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (ticks[-1] - loss) / (ticks[-1] - ticks[0]), 2)

    floor, parts = HEIGHT - BOTTOM, []
    for tick in ticks:
        parts.append(marks.line(LEFT, y(tick), 100 - RIGHT, y(tick), "grid"))
        parts.append(marks.text(LEFT - 1.5, y(tick) + 4, spelled(tick, ticks), "axis-text", "end"))
    for epoch in range(first, last + 1, max(1, math.ceil((last - first) / N_EPOCH_NAMES))):
        parts.append(marks.text(x(epoch), floor + 17, str(epoch), "axis-text", "middle"))
    parts.append(marks.text((100 + LEFT - RIGHT) / 2, HEIGHT - 4, "epoch", "axis-text", "middle"))
    for curve in curves:
        for (here, loss), (there, next_loss) in itertools.pairwise(curve.points):
            parts.append(marks.line(x(here), y(loss), x(there), y(next_loss), f"line {curve.css}"))
        epoch, loss = curve.points[-1]
        parts.append(f'<circle class="dot {curve.css}" cx="{marks.percent(x(epoch))}" cy="{y(loss):g}" r="4"/>')
    for curve, height in zip(curves, _apart([y(curve.points[-1][1]) for curve in curves]), strict=True):
        parts.append(marks.line(100 - RIGHT + 0.5, height, 100 - RIGHT + 2.5, height, f"line {curve.css}"))
        parts.append(marks.text(100 - RIGHT + 3, height + 4, curve.name, "axis-text"))
    return marks.frame(HEIGHT, title, description, parts)


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights, moved down where two names would lie on each other; and up again at the floor."""
    order = sorted(range(len(heights)), key=lambda number: heights[number])
    placed = list(heights)
    for above, below in itertools.pairwise(order):
        placed[below] = max(placed[below], placed[above] + NAME_HEIGHT)
    excess = max(0.0, max(placed) - (HEIGHT - BOTTOM))
    return [round(height - excess, 2) for height in placed]
