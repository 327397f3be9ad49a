"""One bar cut into parts that make a whole, and below it a row for each part with its number and interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

BAR = 34  # px
GAP = 16
ROW = 58


@dataclass(frozen=True)
class WholePart:
    """name, and what it means in a few words. share: of the whole, 0 to 1; None = cannot be told, reason says why."""

    name: str
    meaning: str
    share: float | None
    low: float | None = None
    high: float | None = None
    css: str = "series-1"
    reason: str = ""


def parts_bar(title: str, description: str, parts: Sequence[WholePart]) -> str:
    """What cannot be told stays open at the right end of the bar."""
    drawn: list[str] = [marks.rect(0, 0, 100, BAR, "track")]
    x = 0.0
    for part in parts:
        width = 100 * max(part.share or 0.0, 0.0)
        if width > 0:
            drawn.append(marks.rect(x, 0, min(width, 100 - x), BAR, f"bar {part.css}"))
            x = min(x + width, 100)
    # thin gaps between the parts, so that they can be told apart without their colours
    edge = 0.0
    for part in parts[:-1]:
        edge += 100 * max(part.share or 0.0, 0.0)
        if 0 < edge < 99.5:
            drawn.append(marks.line(edge, 0, edge, BAR, "part-edge"))
    for row, part in enumerate(parts):
        top = BAR + GAP + row * ROW
        drawn.append(marks.rect(0, top + 3, 1.6, 12, f"bar {part.css}"))
        drawn.append(marks.text(3, top + 14, part.name, "value"))
        if part.share is None:
            drawn.append(marks.text(100, top + 14, "cannot tell", "soft", "end"))
        else:
            drawn.append(marks.value(top + 14, marks.as_percent(part.share), _interval(part)))
        drawn.append(marks.text(3, top + 32, part.meaning, "soft"))
        if part.low is not None and part.high is not None:
            drawn.append(marks.rect(3, top + 40, 97, 6, "track"))
            drawn.append(marks.rect(3, top + 40, 97 * max(part.share or 0, 0), 6, f"bar {part.css}"))
            drawn.append(marks.interval(3 + 97 * max(part.low, 0), 3 + 97 * min(part.high, 1), top + 43))
    return marks.frame(BAR + GAP + len(parts) * ROW, title, description, drawn)


def _interval(part: WholePart) -> str:
    if part.low is None or part.high is None:
        return ""
    return f"{100 * part.low:.0f} to {100 * part.high:.0f} %"
