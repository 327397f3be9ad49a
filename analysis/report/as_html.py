"""A report as one HTML file that needs nothing else, or as the inner part of a page of ours."""

from collections.abc import Callable, Sequence
from html import escape

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
    plain,
)

_STYLE = """
body { font: 17px/1.55 "Iowan Old Style", Palatino, "Noto Serif", "Liberation Serif", Georgia, serif; color: #1b1e23;
  background: #fff; max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { margin-top: 2.5rem; } h3 { margin-top: 1.75rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; font-size: .95rem; }
dt { color: #5a5f68; } dd { margin: 0; }
a { color: inherit; text-decoration: none; }
a.from { text-decoration: underline dotted 1px; text-underline-offset: .2em; }
a.from:hover, a.from:focus-visible { text-decoration-style: solid; } @media print { a.from { text-decoration: none; } }
table { border-collapse: collapse; width: 100%; font: .88rem/1.4 "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #dcd9d2; vertical-align: top; }
thead th { border-bottom: 2px solid #1b1e23; } .number { text-align: right; padding-right: 0; padding-left: .6rem; }
.number + :not(.number) { padding-left: 1.2rem; }
caption { text-align: left; font-weight: 650; padding-bottom: .4rem; }
figure { margin: 2rem 0; } figure svg { max-width: 100%; height: auto; } figcaption, .note { font-size: .9rem; }
.note { color: #5a5f68; margin-top: .4rem; } .box { overflow-x: auto; margin: 1.5rem 0; }
.notice { border: 2px solid #7a4d00; background: #fdf5e3; padding: .75rem 1rem; border-radius: 6px; }
blockquote { white-space: pre-line; border-left: 4px solid #dcd9d2; margin: 1rem 0; padding: 0 1rem; }
code { font-size: .85em; } @media print { .box, figure { break-inside: avoid; } body { padding: 0; } }
"""


def html_file(report: Report) -> bytes:
    """The whole report as one file, drawings and style inside."""
    return (
        f'<!DOCTYPE html>\n<html lang="{report.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(report.title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(report.title)}</h1>\n"
        f"{_facts(report)}\n{_blocks(report, paper_svg)}\n</main>\n</body>\n</html>\n"
    ).encode()


def html_part(report: Report) -> str:
    """The report below its title, for a page with our style sheets: drawings take width and colours from the page."""
    return f"{_facts(report)}\n{_blocks(report, lambda svg: svg)}\n"


def _facts(report: Report) -> str:
    return (
        "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in report.facts) + "</dl>"
    )


def _blocks(report: Report, draw: Callable[[str], str]) -> str:
    return "\n".join(_block(block, draw) for block in report.blocks)


def _block(block: Block, draw: Callable[[str], str]) -> str:
    match block:
        case Heading(level, words):
            return f"<h{level + 1}>{escape(words)}</h{level + 1}>"
        case Paragraph(text):
            return f"<p>{_text(text)}</p>"
        case Notice(text):
            return f'<p class="notice" role="note">{_text(text)}</p>'
        case Items(items):
            return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"
        case Quotation(words):
            return f"<blockquote>{escape(words)}</blockquote>"
        case Table():
            return _table(block)
        case Drawing(number, caption, svg):
            return (
                f'<figure id="figure-{number}"><div class="figure-drawing">{draw(svg)}</div>'
                f"<figcaption><b>Figure {number}.</b> {escape(caption)}</figcaption></figure>"
            )


def _table(table: Table) -> str:
    name = f"Table {table.number}"

    def css(place: int) -> str:
        return "" if place == 0 or table.columns[place].has_words else ' class="number"'

    head = "".join(
        f'<th scope="col"{css(place)}>{escape(column.title)}</th>' for place, column in enumerate(table.columns)
    )
    rows = []
    for row in table.rows:
        cells = "".join(f"<td{css(place)}>{_text(cell)}</td>" for place, cell in enumerate(row) if place)
        anchor = f' id="from-{escape(plain(row[0]))}"' if table.is_evidence else ""
        rows.append(f'<tr{anchor}><th scope="row">{_text(row[0])}</th>{cells}</tr>')
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="box" tabindex="0" role="region" aria-label="{name}" id="table-{table.number}"><table>'
        f"<caption>{name}. {escape(table.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}</div>"
    )


def _text(text: Text | Sequence[Span]) -> str:
    return "".join(_span(span) for span in text)


def _span(span: Span) -> str:
    match span:
        case Number(words, row):
            return f'<a class="from" href="#from-{row}">{escape(words)}</a>'
        case Emphasis(words):
            return f"<em>{escape(words)}</em>"
        case Code(words):
            return f"<code>{escape(words)}</code>"
        case _:
            return escape(span)
