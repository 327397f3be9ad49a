"""What all charts are drawn with: the frame with its words for screen readers, numbers as text, colour classes."""

import re
from collections.abc import Iterable
from html import escape as escape

_KNOWN_LABELS = {
    "amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness", "something_else",
}  # fmt: skip
#: Characters that a name may hold and a drawing's file may not (XML 1.0, section 2.2).
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
N_SPARE_COLOURS = 4  # .series-1 to .series-4 of tokens.css


def mark_class(label: str, polarity: str | None, place: int) -> str:
    """The class that colours a label: its own where the style sheet names it, else its polarity's, else a spare one.

    place: position in the label set; spare colours repeat after four, so the word always stands beside the mark.
    """
    if label in _KNOWN_LABELS:
        return f"label-{label}"
    if polarity:
        return f"polarity-{polarity}"
    return f"series-{place % N_SPARE_COLOURS + 1}"


def frame(height: int, title: str, description: str, parts: Iterable[str], *, extra_class: str = "") -> str:
    """A whole drawing, full width and `height` px high. Screen readers hear title and description as one image.

    A drawing with links in it is a group instead, for what is inside an image cannot be reached.
    """
    name = _NOT_IN_XML.sub("", escape(f"{title}. {description}" if description else title, quote=True))
    drawn = _NOT_IN_XML.sub("", "".join(parts))
    role = "group" if "<a " in drawn else "img"
    return (
        f'<svg class="chart{extra_class}" role="{role}" aria-label="{name}" width="100%" height="{height}" '
        f'focusable="false">{drawn}</svg>'
    )


def link(href: str, parts: Iterable[str], *, name: str = "") -> str:
    """Marks that lead somewhere; without an address, the marks alone. name: for marks that hold no words themselves."""
    drawn = "".join(parts)
    said = f' aria-label="{escape(name, quote=True)}"' if name else ""
    return f'<a href="{escape(href, quote=True)}"{said}>{drawn}</a>' if href else drawn


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Words at x percent and y px. anchor: start, middle or end."""
    css_class = f' class="{css}"' if css else ""
    return f'<text{css_class} x="{percent(x)}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def value(y: float, words: str, detail: str = "") -> str:
    """A row's number at the right end, y px down, after a quieter detail."""
    quiet = f'<tspan class="soft">{escape(detail)} · </tspan>' if detail else ""
    return f'<text x="100%" y="{y:g}" text-anchor="end">{quiet}<tspan class="value">{escape(words)}</tspan></text>'


def rect(x: float, y: float, width: float, height: float, css: str) -> str:
    """x and width in percent, y and height in px."""
    return f'<rect class="{css}" x="{percent(x)}" y="{y:g}" width="{percent(width)}" height="{height:g}"/>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """x in percent, y in px."""
    return f'<line class="{css}" x1="{percent(x1)}" y1="{y1:g}" x2="{percent(x2)}" y2="{y2:g}"/>'


def interval(low: float, high: float, y: float, half_height: float = 4) -> str:
    """A 95 % interval from low to high (percent) at height y px, its ends marked; a halo keeps it seen on dark bars."""
    strokes = [
        (low, y, high, y),
        (low, y - half_height, low, y + half_height),
        (high, y - half_height, high, y + half_height),
    ]
    return "".join(line(*stroke, css) for css in ("interval-halo", "interval") for stroke in strokes)


def percent(number: float) -> str:
    """SVG's spelling, with at most three decimals."""
    return f"{round(number, 3):g}%"


def as_percent(share: float | None, decimals: int = 1) -> str:
    """A share (0 to 1) as people read it."""
    return "–" if share is None else f"{100 * share:.{decimals}f} %"


def as_number(number: float | None, decimals: int = 2) -> str:
    """A number with a real minus sign; -0.00 is 0.00."""
    if number is None:
        return "–"
    spelled = f"{number:.{decimals}f}"
    if re.fullmatch(r"-0(\.0+)?", spelled):
        spelled = spelled[1:]
    return spelled.replace("-", "−")


def as_p(value: float | None) -> str:
    """A p value: never 0, which no test can show."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def signed_points(difference: float | None, decimals: int = 1) -> str:
    """A difference of shares in percentage points, with its sign."""
    spelled = as_number(None if difference is None else 100 * difference, decimals)
    is_plain = difference is None or difference <= 0 or not spelled.strip("0.")
    return spelled if is_plain else f"+{spelled}"
