"""A report as PDF, the same bytes each time: no clock, no random names, letters embedded, drawings as vectors."""

import io
import unicodedata
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Words
from reportlab.platypus import Table as Grid

from analysis.charts.paper import Mark, paper_drawing
from analysis.report.document import (
    Block,
    Code,
    Drawing,
    Emphasis,
    Heading,
    Items,
    Notice,
    Number,
    Paragraph,
    Quotation,
    Report,
    Span,
    Table,
    Text,
    plain,
)

_FONTS = Path(__file__).parent / "fonts"
_PLAIN, _BOLD, _ASIAN = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "STSong-Light"
_MARGIN = 22 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_TALLEST = A4[1] - 2 * _MARGIN - 36 * mm
_INK, _SOFT, _RULE = HexColor("#1b1e23"), HexColor("#5a5f68"), HexColor("#dcd9d2")
_PX = 0.75  # points


def pdf_file(report: Report) -> bytes:
    """A4 pages with numbers, an outline of the headings, and figures that lead to the table of evidence."""
    _letters()
    out = io.BytesIO()
    document = _Document(out, report)
    document.build(_story(report))
    return out.getvalue()


class _Document(BaseDocTemplate):  # type: ignore[misc]
    def __init__(self, out: io.BytesIO, report: Report) -> None:
        super().__init__(
            out,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=report.title,
            author="",
            subject="Methods and results",
            creator="Commonground",
            lang=report.language,
            invariant=1,
        )
        frame = Frame(_MARGIN, _MARGIN, _WIDTH, A4[1] - 2 * _MARGIN, id="page", leftPadding=0, rightPadding=0)
        self._foot = dict(report.facts).get("Snapshot", "")[:12]
        self.addPageTemplates([PageTemplate(id="page", frames=[frame], onPage=self._number_page)])

    def _number_page(self, canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(_PLAIN, 8)
        canvas.setFillColor(_SOFT)
        canvas.drawString(_MARGIN, 12 * mm, f"Snapshot {self._foot}" if self._foot else "")
        canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, str(document.page))
        canvas.restoreState()

    def afterFlowable(self, flowable: Any) -> None:
        outlined = getattr(flowable, "outlined", None)
        if outlined is not None:
            level, words, key = outlined
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(words, key, level=level, closed=level > 0)


@cache
def _letters() -> None:
    """Known to ReportLab under their names; Chinese, Japanese and Korean ones are those every reader of PDF brings."""
    pdfmetrics.registerFont(TTFont(_PLAIN, str(_FONTS / "DejaVuSansCondensed.ttf")))
    pdfmetrics.registerFont(TTFont(_BOLD, str(_FONTS / "DejaVuSansCondensed-Bold.ttf")))
    pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD, italic=_PLAIN, boldItalic=_BOLD)
    pdfmetrics.registerFont(UnicodeCIDFont(_ASIAN))


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    look = {"fontName": _PLAIN, "fontSize": size, "leading": size * 1.45, "textColor": _INK, **more}
    return ParagraphStyle(name, **look)


_TITLE = _style("title", 19, fontName=_BOLD, spaceAfter=10, leading=24)
_HEADINGS = {
    1: _style("h1", 14, fontName=_BOLD, spaceBefore=16, spaceAfter=6, keepWithNext=1),
    2: _style("h2", 11, fontName=_BOLD, spaceBefore=10, spaceAfter=4, keepWithNext=1),
}
_BODY = _style("body", 9.5, spaceAfter=6)
_SMALL = _style("small", 8, textColor=_SOFT, spaceAfter=8)
_CAPTION = _style("caption", 8.5, spaceBefore=8, spaceAfter=4, keepWithNext=1)
_QUOTE = _style("quote", 8.5, leftIndent=12, spaceAfter=6)
_NOTICE = _style(
    "notice",
    9.5,
    borderColor=HexColor("#7a4d00"),
    borderWidth=1.2,
    borderPadding=6,
    backColor=HexColor("#fdf5e3"),
    spaceBefore=8,
    spaceAfter=14,
)
_CELL, _CELL_RIGHT = _style("cell", 8), _style("cell-right", 8, alignment=TA_RIGHT)
_FINE, _FINE_RIGHT = _style("fine", 6.8), _style("fine-right", 6.8, alignment=TA_RIGHT)


def _story(report: Report) -> list[Flowable]:
    story: list[Flowable] = [Words(_letters_of(report.title), _TITLE)]
    story += [Words(f"<b>{escape(name)}:</b> {_letters_of(words)}", _SMALL) for name, words in report.facts]
    for number, block in enumerate(report.blocks):
        story += _block(block, number)
    return story


def _block(block: Block, number: int) -> list[Flowable]:
    match block:
        case Heading(level, words):
            heading = Words(_letters_of(words), _HEADINGS[level])
            heading.outlined = (level - 1, words, f"heading-{number}")
            # a heading whose section would begin at the foot of a page goes to the next one
            return [CondPageBreak((45 if level == 1 else 30) * mm), heading]
        case Paragraph(text):
            return [Words(_text(text), _BODY)]
        case Notice(text):
            return [Words(_text(text), _NOTICE)]
        case Items(items):
            made = [ListItem(Words(_text(item), _BODY), leftIndent=12) for item in items]
            return [ListFlowable(made, bulletType="bullet", bulletFontName=_PLAIN, bulletFontSize=7, start="•")]
        case Quotation(words):
            return [Words(_letters_of(line) or "&nbsp;", _QUOTE) for line in words.splitlines()]
        case Table():
            return _table(block)
        case Drawing(place, caption, svg):
            said = Words(f"<b>Figure {place}.</b> {_letters_of(caption)}", _SMALL)
            return [KeepTogether([Spacer(1, 6), _drawn(svg), Spacer(1, 4), said])]


def _table(table: Table) -> list[Flowable]:
    left, right = (_FINE, _FINE_RIGHT) if table.is_evidence else (_CELL, _CELL_RIGHT)
    styles = [left if not place or column.has_words else right for place, column in enumerate(table.columns)]
    head = [
        Words(f"<b>{_letters_of(column.title)}</b>", style) for column, style in zip(table.columns, styles, strict=True)
    ]
    body = []
    for row in table.rows:
        cells = [Words(_text(cell), style) for cell, style in zip(row, styles, strict=True)]
        if table.is_evidence:
            cells[0] = Words(f'<a name="from-{plain(row[0])}"/>{_text(row[0])}', left)
        body.append(cells)
    whole = sum(column.width for column in table.columns)
    widths = [_WIDTH * column.width / whole for column in table.columns]
    grid = Grid([head, *body], colWidths=widths, repeatRows=1, hAlign="LEFT")
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("LEFTPADDING", (1, 0), (-1, -1), 4),
            # words that begin where a number ends need air between them
            *(
                ("LEFTPADDING", (at, 0), (at, -1), 12)
                for at, column in enumerate(table.columns)
                if at and column.has_words
            ),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LINEBELOW", (0, 0), (-1, 0), 0.9, _INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, _RULE),
        ]
    )
    caption = Words(f"<b>Table {table.number}.</b> {_letters_of(table.caption)}", _CAPTION)
    note = [Words(_letters_of(table.note), _SMALL)] if table.note else [Spacer(1, 8)]
    if len(body) <= 14:
        return [KeepTogether([caption, grid, Spacer(1, 3), *note])]
    return [caption, grid, Spacer(1, 3), *note]


def _text(text: Text | Sequence[Span]) -> str:
    return "".join(_span(span) for span in text)


def _span(span: Span) -> str:
    match span:
        case Number(words, row):
            return f'<a href="#from-{row}" color="#1b1e23">{_letters_of(words)}</a>'
        case Emphasis(words):
            return f"<i>{_letters_of(words)}</i>"
        case Code(words):
            # so that a long address may break where a slash is
            return _letters_of(words).replace("/", "/\u200b")
        case _:
            return _letters_of(span)


def _letters_of(words: str) -> str:
    """Escaped, in the letters that there are: Chinese, Japanese and Korean ones of another font, else U+XXXX."""
    known = _known_letters()
    parts: list[str] = []
    for letter in words:
        if ord(letter) in known or letter in "\n\t\u200b":
            parts.append(escape(letter))
        elif unicodedata.east_asian_width(letter) in "WF" and ord(letter) < 0x10000:
            parts.append(f'<font name="{_ASIAN}">{escape(letter)}</font>')
        elif unicodedata.category(letter) in ("Cf", "Cc", "Mn"):
            continue
        else:
            parts.append(f"[U+{ord(letter):04X}]")
    return "".join(parts).replace(f'</font><font name="{_ASIAN}">', "")


@cache
def _known_letters() -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(_PLAIN).face.charToGlyph)


def _drawn(svg: str) -> Any:
    """The drawing as vectors, as wide as the text; of many labels, as large as a page holds it with its caption."""
    width = _WIDTH / _PX
    drawing = paper_drawing(svg, width)
    paper = shapes.Drawing(_WIDTH, drawing.height * _PX)
    group = shapes.Group(transform=(_PX, 0, 0, -_PX, 0, drawing.height * _PX))
    texts = shapes.Group()
    for mark in drawing.marks:
        if mark.kind == "text":
            for made in _letters_at(mark, drawing.height):
                texts.add(made)
        else:
            group.add(_shape(mark))
    paper.add(group)
    paper.add(texts)
    if paper.height > _TALLEST:
        smaller = _TALLEST / paper.height
        paper.scale(smaller, smaller)
        paper.width, paper.height = smaller * paper.width, _TALLEST
    return paper


def _shape(mark: Mark) -> Any:
    look: dict[str, Any] = {
        "strokeColor": HexColor(mark.stroke) if mark.stroke else None,
        "strokeWidth": mark.stroke_width,
        "strokeDashArray": [4, 3] if mark.dashed else None,
    }
    if mark.kind == "line":
        return shapes.Line(mark.x, mark.y, mark.x2, mark.y2, **look)
    look |= {"fillColor": HexColor(mark.fill) if mark.fill else None, "fillOpacity": mark.opacity}
    if mark.kind == "circle":
        return shapes.Circle(mark.x, mark.y, mark.x2, **look)
    return shapes.Rect(mark.x, mark.y, mark.x2, mark.y2, **look)


def _letters_at(mark: Mark, height: float) -> list[Any]:
    """A text and its spans one after the other, placed by their measured widths; points from the bottom left."""
    size = mark.size * _PX * 0.92
    runs = [(part.words, _BOLD if part.bold else _PLAIN, part.fill) for part in mark.tail]
    widths = [pdfmetrics.stringWidth(words, font, size) for words, font, _ in runs]
    shift = {"start": 0.0, "middle": sum(widths) / 2, "end": sum(widths)}[mark.anchor]
    x, made = mark.x * _PX - shift, []
    for (words, font, fill), width in zip(runs, widths, strict=True):
        made.append(
            shapes.String(
                x, (height - mark.y) * _PX, _drawable(words), fontName=font, fontSize=size, fillColor=HexColor(fill)
            )
        )
        x += width
    return made


def _drawable(words: str) -> str:
    known = _known_letters()
    return "".join(letter if ord(letter) in known else "□" for letter in words)
