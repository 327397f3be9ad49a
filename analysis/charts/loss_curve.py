"""The loss of a training by epoch: on what it learns from, and on what is held out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

HEIGHT = 240  # px
TOP, BOTTOM = 12, 40
LEFT, RIGHT = 11, 1  # percent; left stands the axis
N_TICKS = 4
N_EPOCH_NAMES = 6
SERIES = (("learned from", "series-2"), ("held out", "series-3"))


@dataclass(frozen=True)
class EpochLoss:
    """Both losses after one epoch, counted from 1."""

    epoch: int
    train: float
    validation: float


def loss_curve(title: str, description: str, curve: Sequence[EpochLoss], *, best_epoch: int) -> str:
    """Two lines over at least one epoch, the best epoch marked; what the colours mean stands in `legend`."""
    values = [value for point in curve for value in (point.train, point.validation)]
    ticks = ticks_around(min(values), max(values))
    first, last = curve[0].epoch, max(curve[-1].epoch, curve[0].epoch + 1)

    def x(epoch: int) -> float:
        return LEFT + (100 - LEFT - RIGHT) * (epoch - first) / (last - first)

    def y(loss: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (ticks[-1] - loss) / (ticks[-1] - ticks[0]), 2)

    floor = HEIGHT - BOTTOM
    parts = [marks.line(x(best_epoch), TOP, x(best_epoch), floor, "marker")]
    for tick in ticks:
        parts.append(marks.line(LEFT, y(tick), 100, y(tick), "grid"))
        parts.append(marks.text(LEFT - 1.5, y(tick) + 4, spelled(tick, ticks), "axis-text", "end"))
    step = max(1, math.ceil((curve[-1].epoch - first) / N_EPOCH_NAMES))
    for epoch in range(first, curve[-1].epoch + 1, step):
        parts.append(marks.text(x(epoch), floor + 17, str(epoch), "axis-text", "middle"))
    parts.append(marks.text((100 + LEFT) / 2, HEIGHT - 4, "epoch", "axis-text", "middle"))
    for name, css in SERIES:
        heights = [y(point.train if name == SERIES[0][0] else point.validation) for point in curve]
        places = [x(point.epoch) for point in curve]
        for here in range(len(curve) - 1):
            parts.append(marks.line(places[here], heights[here], places[here + 1], heights[here + 1], f"line {css}"))
        parts.append(f'<circle class="dot {css}" cx="{marks.percent(places[-1])}" cy="{heights[-1]:g}" r="4"/>')
    return marks.frame(HEIGHT, title, description, parts)


def legend() -> str:
    """Names of the two lines; the drawing's own description tells screen readers the same."""
    items = "".join(f'<li><span class="swatch {css}"></span>{marks.escape(name)}</li>' for name, css in SERIES)
    return f'<ul class="legend" aria-hidden="true">{items}</ul>'


def ticks_around(low: float, high: float) -> list[float]:
    """Round numbers, some N_TICKS of them, that enclose both."""
    span = max(high - low, 1e-3)
    decade = 10.0 ** math.floor(math.log10(span / N_TICKS))
    step = next(step for step in (decade, 2 * decade, 5 * decade, 10 * decade) if span / step <= N_TICKS)
    first = math.floor(low / step)
    return [step * number for number in range(first, max(math.ceil(high / step), first + 1) + 1)]


def spelled(tick: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{tick:.{digits}f}"
