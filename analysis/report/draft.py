"""A report while it is being written: numbers its tables and drawings, and knows the study that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.report.document import (
    Block,
    Column,
    Drawing,
    Heading,
    Items,
    Notice,
    Paragraph,
    Quotation,
    Span,
    Table,
    Text,
)
from analysis.report.evidence import Evidence


class Draft:
    """study: what the snapshot says about it; evidence: where figures are read; name: the study on a command line."""

    def __init__(self, *, study: Mapping[str, Any], evidence: Evidence, name: str, snapshot_id: str) -> None:
        self.study = study
        self.evidence = evidence
        self.name = name
        self.snapshot_id = snapshot_id
        self.blocks: list[Block] = []
        self._n_tables = 0
        self._n_drawings = 0

    def heading(self, words: str, level: int = 2) -> None:
        self.blocks.append(Heading(level, words))

    def say(self, *parts: Span | Sequence[Span]) -> None:
        """A paragraph of spans and of lists of them, such as estimates."""
        self.blocks.append(Paragraph(flat(parts)))

    def warn(self, *parts: Span | Sequence[Span]) -> None:
        self.blocks.append(Notice(flat(parts)))

    def items(self, items: Sequence[Text]) -> None:
        self.blocks.append(Items(items))

    def quote(self, words: str) -> None:
        self.blocks.append(Quotation(words))

    def table(
        self,
        caption: str,
        columns: Sequence[Column | str],
        rows: Sequence[Sequence[Text]],
        *,
        note: str = "",
        is_evidence: bool = False,
    ) -> int:
        """Its number. A column that is given by its title alone holds numbers; the first one holds names."""
        self._n_tables += 1
        whole = [
            Column(each, 1.0 if place else 2.0, has_words=not place) if isinstance(each, str) else each
            for place, each in enumerate(columns)
        ]
        self.blocks.append(Table(self._n_tables, caption, whole, rows, note, is_evidence))
        return self._n_tables

    def drawing(self, caption: str, svg: str) -> int:
        """Its number."""
        self._n_drawings += 1
        self.blocks.append(Drawing(self._n_drawings, caption, svg))
        return self._n_drawings

    def count(self, *path: str | int, what: str, form: str = "count") -> Span:
        """A figure of how the data were collected."""
        return self.evidence.number("collection", *path, what=what, form=form)

    @property
    def next_table(self) -> int:
        """The number that the next table will have, for a sentence before it."""
        return self._n_tables + 1

    @property
    def next_drawing(self) -> int:
        return self._n_drawings + 1


def flat(parts: Sequence[Span | Sequence[Span]]) -> list[Span]:
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, list | tuple):
            spans += part
        else:
            spans.append(part)  # type: ignore[arg-type]
    return spans


def joined(parts: Sequence[Sequence[Span]], last: str = " and ") -> list[Span]:
    """One, two and three: the parts with commas between them."""
    spans: list[Span] = []
    for place, part in enumerate(parts):
        if place:
            spans.append(last if place == len(parts) - 1 else ", ")
        spans += part
    return spans


def estimate_of(draft: Draft, name: str) -> dict[str, Any]:
    """An estimate of the analysis `agreement` as its command prints it."""
    found: dict[str, Any] = draft.evidence.value("agreement", "estimates", name)
    return found


def labels_of(draft: Draft) -> list[tuple[int, dict[str, Any], str]]:
    """Each label with its place and its name."""
    labels = draft.evidence.value("agreement", "labels")
    return [(place, label, str(label["name"] or label["id"])) for place, label in enumerate(labels)]
