"""A drawing of analysis.charts for paper: the same marks with sizes and colours of their own, without a style sheet.

The drawings of pages take their width from the page and their colours from tokens.css. Here a width is chosen, and
every class becomes the colour that it has in the light look, so that the drawing stands alone in a file or a PDF.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from xml.etree import ElementTree

WIDTH = 640  # px: a column of 17 cm at 96 px an inch
_TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
_COLOUR = re.compile(r"--([a-z0-9_-]+):\s*light-dark\(\s*([^,]+?)\s*,")
_MARKS = ("bar", "area", "dot", "line", "band")


@dataclass(frozen=True)
class Mark:
    """One mark with its place in px and its look. kind: rect, line, circle or text; size: of letters, in px."""

    kind: str
    x: float
    y: float
    x2: float = 0.0  # end of a line; width of a rect; radius of a circle
    y2: float = 0.0
    fill: str = ""
    stroke: str = ""
    stroke_width: float = 0.0
    dashed: bool = False
    opacity: float = 1.0
    words: str = ""
    anchor: str = "start"
    bold: bool = False
    size: float = 13.0
    tail: tuple["Mark", ...] = field(default=())


@dataclass(frozen=True)
class PaperDrawing:
    width: float
    height: float
    name: str
    marks: tuple[Mark, ...]


def paper_drawing(svg: str, width: float = WIDTH) -> PaperDrawing:
    """The marks of a drawing at this width in px. Raises ValueError for what no chart of ours is made of."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing, not somebody's file)
    return PaperDrawing(width, float(root.get("height", "0")), root.get("aria-label", ""), tuple(_marks(root, width)))


def paper_svg(svg: str, width: float = WIDTH) -> str:
    """The drawing as a file of its own: one SVG that needs no style sheet."""
    drawing = paper_drawing(svg, width)
    size = f'width="{drawing.width:g}" height="{drawing.height:g}" viewBox="0 0 {drawing.width:g} {drawing.height:g}"'
    body = "".join(_written(mark) for mark in drawing.marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="DejaVu Sans Condensed, Segoe UI, '
        f'Helvetica, Arial, sans-serif"><title>{escape(drawing.name)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{body}</svg>\n'
    )


@cache
def colour(name: str) -> str:
    """A colour of tokens.css in the light look, such as label-awe or ink. Raises KeyError."""
    found: dict[str, str] = dict(_COLOUR.findall(_TOKENS.read_text(encoding="utf-8")))
    return found[name]


def _marks(root: ElementTree.Element, width: float) -> Iterator[Mark]:
    for element in root:
        kind = element.tag.rpartition("}")[2]
        classes = (element.get("class") or "").split()

        def across(name: str, element: ElementTree.Element = element) -> float:
            spelled = element.get(name, "0")
            return float(spelled[:-1]) / 100 * width if spelled.endswith("%") else float(spelled)

        def down(name: str, element: ElementTree.Element = element) -> float:
            return float(element.get(name, "0"))

        if kind == "text":
            yield _text(element, across("x"), down("y"), classes)
        elif kind == "rect":
            yield _look(Mark("rect", across("x"), down("y"), across("width"), down("height")), classes)
        elif kind == "line":
            yield _look(Mark("line", across("x1"), down("y1"), across("x2"), down("y2")), classes)
        elif kind == "circle":
            yield _look(Mark("circle", across("cx"), down("cy"), down("r")), classes)
        elif kind in ("a", "g"):
            yield from _marks(element, width)
        elif kind not in ("title", "desc"):
            raise ValueError(f"A chart holds <{kind}>, which has no form on paper yet (analysis/charts/paper.py).")


def _look(mark: Mark, classes: list[str]) -> Mark:
    own = next((name for name in classes if name.startswith(("label-", "polarity-", "series-"))), "series-1")
    looks: dict[str, dict[str, object]] = {
        "grid": {"stroke": colour("chart-grid"), "stroke_width": 1.0},
        "axis": {"stroke": colour("edge"), "stroke_width": 1.0},
        "bar": {"fill": colour(own)},
        "area": {"fill": colour(own)},
        "band": {"fill": colour(own), "opacity": 0.18},
        "dot": {"fill": colour(own), "stroke": colour("card"), "stroke_width": 1.5},
        "line": {"stroke": colour(own), "stroke_width": 2.25},
        "interval": {"stroke": colour("ink"), "stroke_width": 1.75},
        "interval-halo": {"stroke": colour("card"), "stroke_width": 5.0},
        "track": {"fill": colour("sunken")},
        "part-edge": {"stroke": colour("card"), "stroke_width": 2.0},
        "marker": {"stroke": colour("ink"), "stroke_width": 1.5, "dashed": True},
    }
    look = next((looks[name] for name in classes if name in looks), None)
    if "cell" in classes:
        tenth = next((int(name[1:]) for name in classes if re.fullmatch(r"t\d+", name)), 10)
        look = {"fill": colour("series-1"), "opacity": max(tenth / 10, 0.02)}
    if look is None:
        look = (
            {"fill": colour(own)} if mark.kind in ("rect", "circle") else {"stroke": colour("ink"), "stroke_width": 1.0}
        )
    return Mark(**{**mark.__dict__, **look})


def _text(element: ElementTree.Element, x: float, y: float, classes: list[str]) -> Mark:
    """A text's own words, then those of its spans, one after the other."""
    parts = [_words(element.text or "", classes)]
    for child in element:
        inner = (child.get("class") or "").split()
        parts += [_words("".join(child.itertext()), inner or classes), _words(child.tail or "", classes)]
    kept = tuple(part for part in parts if part.words)
    return Mark("text", x, y, anchor=element.get("text-anchor", "start"), tail=kept)


def _words(words: str, classes: list[str]) -> Mark:
    quiet = "soft" in classes or "axis-text" in classes
    ink = "card" if "on-dark" in classes else "ink-soft" if quiet else "ink"
    return Mark("text", 0, 0, words=words, fill=colour(ink), bold="value" in classes)


def _written(mark: Mark) -> str:
    if mark.kind == "text":
        spans = "".join(
            f'<tspan fill="{part.fill}"{" font-weight=" + chr(34) + "bold" + chr(34) if part.bold else ""}>'
            f"{escape(part.words)}</tspan>"
            for part in mark.tail
        )
        return (
            f'<text x="{mark.x:g}" y="{mark.y:g}" font-size="{mark.size:g}" text-anchor="{mark.anchor}">{spans}</text>'
        )
    look = f' fill="{mark.fill or "none"}"'
    if mark.stroke:
        look += f' stroke="{mark.stroke}" stroke-width="{mark.stroke_width:g}"'
    if mark.dashed:
        look += ' stroke-dasharray="4 3"'
    if mark.opacity < 1:
        look += f' opacity="{mark.opacity:g}"'
    x, y, x2, y2 = (f"{round(number, 2):g}" for number in (mark.x, mark.y, mark.x2, mark.y2))
    if mark.kind == "rect":
        return f'<rect x="{x}" y="{y}" width="{x2}" height="{y2}"{look}/>'
    if mark.kind == "line":
        return f'<line x1="{x}" y1="{y}" x2="{x2}" y2="{y2}"{look}/>'
    return f'<circle cx="{x}" cy="{y}" r="{x2}"{look}/>'
