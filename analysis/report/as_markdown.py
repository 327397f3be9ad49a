"""A report as Markdown with its drawings as SVG files beside it, in one zip that has the same bytes each time."""

import io
import re
import zipfile

from analysis.charts.paper import paper_svg
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
)

FOLDER = "figures"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BEGINNING = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")


def markdown_files(report: Report) -> dict[str, bytes]:
    """report.md and figures/figure-1.svg, ... by name."""
    files = {"report.md": markdown_text(report).encode()}
    for drawing in report.drawings:
        files[_file_of(drawing)] = paper_svg(drawing.svg).encode()
    return files


def markdown_zip(report: Report) -> bytes:
    """The same files as one zip; every file in it is of the same day, so that the bytes depend on the report alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(markdown_files(report).items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def markdown_text(report: Report) -> str:
    facts = "\n".join(f"- {_escaped(name)}: {_escaped(words)}" for name, words in report.facts)
    parts = [f"# {_escaped(report.title)}", facts, *(_block(block) for block in report.blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, words):
            return f"{'#' * (level + 1)} {_escaped(words)}"
        case Paragraph(text):
            return _text(text)
        case Notice(text):
            return f"> **Note.** {_text(text)}"
        case Items(items):
            return "\n".join(f"- {_text(item)}" for item in items)
        case Quotation(words):
            return "\n".join(f"> {_escaped(line)}".rstrip() for line in words.splitlines())
        case Table():
            return _table(block)
        case Drawing(number, caption, _):
            return f"![Figure {number}]({_file_of(block)})\n\n**Figure {number}.** {_escaped(caption)}"


def _table(table: Table) -> str:
    marks = ["---" if not place or column.has_words else "---:" for place, column in enumerate(table.columns)]
    lines = [
        [_escaped(column.title) for column in table.columns],
        marks,
        *([_text(cell) for cell in row] for row in table.rows),
    ]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    note = f"\n\n{_escaped(table.note)}" if table.note else ""
    return f"**Table {table.number}.** {_escaped(table.caption)}\n\n{body}{note}"


def _file_of(drawing: Drawing) -> str:
    return f"{FOLDER}/figure-{drawing.number}.svg"


def _text(text: Text) -> str:
    return "".join(_span(span) for span in text)


def _span(span: Span) -> str:
    match span:
        case Number(words, _):
            return _escaped(words)
        case Emphasis(words):
            return f"*{_escaped(words)}*"
        case Code(words):
            # what stands between the marks is taken as it is; only the mark itself and a table's line would break it
            return f"`{words.replace('`', chr(39)).replace('|', chr(92) + '|')}`"
        case _:
            return _escaped(span)


def _escaped(words: str) -> str:
    """So that a study's own words are read as words: no headings, links, tables or HTML out of a title."""
    lines = words.replace("\r", "").split("\n")
    return " ".join(_BEGINNING.sub(r"\1\\\2\3", _SPECIAL.sub(r"\\\1", line)) for line in lines)
