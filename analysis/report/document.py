"""What a report is made of: paragraphs, tables and drawings, whose numbers remember where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Number:
    """A figure as it is printed, and the row of the table of evidence that says where it comes from (from 1)."""

    words: str
    row: int


@dataclass(frozen=True)
class Emphasis:
    words: str


@dataclass(frozen=True)
class Code:
    words: str


Span = str | Number | Emphasis | Code
#: A cell of a table or a stretch of a paragraph.
Text = Sequence[Span]


@dataclass(frozen=True)
class Heading:
    """level: 1 for a chapter, 2 for a section."""

    level: int
    words: str


@dataclass(frozen=True)
class Paragraph:
    text: Text


@dataclass(frozen=True)
class Notice:
    """What nobody may overlook, such as simulated responses."""

    text: Text


@dataclass(frozen=True)
class Items:
    """A list with a dot before each item."""

    items: Sequence[Text]


@dataclass(frozen=True)
class Quotation:
    """Words of the study itself, such as its consent text, as they were shown: plain text, lines kept."""

    words: str


@dataclass(frozen=True)
class Column:
    """width: its part of the page beside the other columns', in the PDF. has_words: words and not numbers."""

    title: str
    width: float = 1.0
    has_words: bool = False


@dataclass(frozen=True)
class Table:
    """number: from 1. A row is as long as `columns`; the first cell of a row is its name. note: below it.

    is_evidence: the first cell of each row is the number that a Number leads to.
    """

    number: int
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Text]]
    note: str = ""
    is_evidence: bool = False


@dataclass(frozen=True)
class Drawing:
    """number: from 1. svg: a drawing of analysis.charts; it says the same as a table of the report."""

    number: int
    caption: str
    svg: str


Block = Heading | Paragraph | Notice | Items | Quotation | Table | Drawing


@dataclass
class Report:
    """title and facts (name, words) open it; blocks follow in order."""

    title: str
    facts: list[tuple[str, str]]
    blocks: list[Block] = field(default_factory=list)
    language: str = "en"

    @property
    def drawings(self) -> list[Drawing]:
        return [block for block in self.blocks if isinstance(block, Drawing)]


def plain(text: Text) -> str:
    """The words without what they remember."""
    return "".join(span if isinstance(span, str) else span.words for span in text)
