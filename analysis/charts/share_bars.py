"""Shares as horizontal bars, one row each: name and number above, the bar with its interval below."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

ROW = 38  # px
BAR = 14


@dataclass(frozen=True)
class ShareBar:
    """One share, 0 to 1.

    css: the class that colours it. detail: a few words before the number, such as how many that is.
    marker: another share to compare with, drawn as a dashed line. href: where the row leads, such as to its images.
    """

    name: str
    share: float | None
    low: float | None = None
    high: float | None = None
    css: str = "series-1"
    detail: str = ""
    marker: float | None = None
    href: str = ""


def share_bars(title: str, description: str, bars: Sequence[ShareBar], *, full: float | None = None) -> str:
    """The bars in their order. full: the share at the right end; by default the largest share or interval end."""
    numbers = [number for bar in bars for number in (bar.share, bar.high, bar.marker) if number is not None]
    scale = 100 / (full or max([*numbers, 0.05]) * 1.02)
    drawn = []
    for row, bar in enumerate(bars):
        parts = []
        top = row * ROW
        middle = top + 20 + BAR / 2
        parts.append(marks.text(0, top + 14, bar.name, "name"))
        parts.append(marks.value(top + 14, marks.as_percent(bar.share), bar.detail))
        parts.append(marks.rect(0, top + 20, 100, BAR, "track"))
        if bar.share is not None:
            parts.append(marks.rect(0, top + 20, bar.share * scale, BAR, f"bar {bar.css}"))
        if bar.low is not None and bar.high is not None:
            parts.append(marks.interval(bar.low * scale, min(bar.high * scale, 100), middle))
        if bar.marker is not None:
            parts.append(marks.line(bar.marker * scale, top + 17, bar.marker * scale, top + 23 + BAR, "marker"))
        drawn.append(marks.link(bar.href, parts))
    return marks.frame(len(bars) * ROW + 2, title, description, drawn)
