"""Where each figure of a report comes from: the result it was read out of, and the command that prints it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.charts.marks import as_number, as_p, as_percent, signed_points
from analysis.json_pointer import pointer
from analysis.report.document import Number, Span

Path = Sequence[str | int]


@dataclass(frozen=True)
class Measured:
    """One analysis over the snapshot: its command, what that prints, and under which key its figures stand there."""

    name: str
    command: str
    printed: Mapping[str, Any]
    definition: str
    source: str
    root: str = "result"


@dataclass(frozen=True)
class Row:
    """One line of the table of evidence. what: what the figure is; place: the JSON pointer in what the command prints.

    A `*` in the place stands for each member of a family: the rows of the table that is named.
    """

    number: int
    what: str
    command: str
    place: str
    definition: str
    source: str


@dataclass(frozen=True)
class Printed:
    """One number as it stands in the report, for whoever wants to check it: `words` is `form` of what is at `place`."""

    words: str
    form: str
    analysis: str
    place: str


def spelled(value: Any, form: str) -> str:
    """A number as people read it.

    form: count, percent, points (a difference of shares, signed), p, number1, number2, number3, seconds (of
    ms), words.
    """
    if value is None:
        return "–"
    if form == "count":
        return f"{round(value):,}"
    if form == "percent":
        return as_percent(value)
    if form == "p":
        return as_p(value)
    if form == "points":
        return signed_points(value)
    if form == "seconds":
        return f"{value / 1000:.1f} s"
    if form.startswith("number"):
        return as_number(value, int(form[-1]))
    return str(value)


class Evidence:
    """Hands out the figures of a report and writes down where each came from."""

    def __init__(self, measured: Sequence[Measured], definitions: Mapping[str, tuple[str, str]]) -> None:
        """definitions: (definition, source) by the name under which `of` is asked for it."""
        self._measured = {each.name: each for each in measured}
        self._definitions = definitions
        self._rows: dict[tuple[str, str], Row] = {}
        self.printed: list[Printed] = []

    def value(self, analysis: str, *path: str | int) -> Any:
        """What stands there among the figures of the analysis. Raises KeyError where nothing does."""
        measured = self._measured[analysis]
        here: Any = measured.printed[measured.root]
        for part in path:
            here = here[part]
        return here

    def options(self, analysis: str) -> Mapping[str, Any]:
        """The options that it ran with."""
        options: Mapping[str, Any] = self._measured[analysis].printed["options"]
        return options

    def definition(self, analysis: str) -> tuple[str, str]:
        """What an analysis computes, and its source."""
        measured = self._measured[analysis]
        return measured.definition, measured.source

    def has(self, analysis: str) -> bool:
        return analysis in self._measured

    def number(
        self, analysis: str, *path: str | int, what: str, form: str = "count", of: str = "", family: Path | None = None
    ) -> Number:
        """One figure. family: the path that stands for it in the table of evidence, with "*" for what varies."""
        root = self._measured[analysis].root
        words = spelled(self.value(analysis, *path), form)
        self.printed.append(Printed(words, form, analysis, pointer([root, *path])))
        return Number(words, self._row(analysis, pointer([root, *(family or path)]), what, of))

    def option(self, analysis: str, name: str, *, what: str, form: str) -> Number:
        """An option that it ran with, as a figure."""
        words, place = spelled(self.options(analysis)[name], form), pointer(["options", name])
        self.printed.append(Printed(words, form, analysis, place))
        return Number(words, self._row(analysis, place, what, ""))

    def estimate(
        self,
        *path: str | int,
        what: str,
        form: str = "number2",
        of: str = "",
        family: Path | None = None,
        analysis: str = "agreement",
    ) -> list[Span]:
        """0.42 (95 % interval 0.31 to 0.52), of an estimate; its reason where it has no value."""
        estimate = self.value(analysis, *path)
        if estimate["value"] is None:
            return [f"not defined ({estimate['reason']})"]
        value, low, high = self.ends(analysis, path, what=what, form=form, of=of, family=family)
        return [value] if estimate["low"] is None else [value, " (95 % interval ", low, " to ", high, ")"]

    def cell(
        self,
        *path: str | int,
        what: str,
        form: str = "number2",
        of: str = "",
        family: Path | None = None,
        analysis: str = "agreement",
    ) -> list[Span]:
        """0.42 [0.31, 0.52], as one cell of a table; a dash where there is no value."""
        estimate = self.value(analysis, *path)
        if estimate["value"] is None:
            return ["–"]
        value, low, high = self.ends(analysis, path, what=what, form=form, of=of, family=family)
        return [value] if estimate["low"] is None else with_ends(value, low, high)

    def cells(
        self,
        *path: str | int,
        what: str,
        form: str = "number2",
        of: str = "",
        family: Path | None = None,
        analysis: str = "agreement",
    ) -> list[list[Span]]:
        """The three cells value, low, high of an estimate."""
        return [[end] for end in self.ends(analysis, path, what=what, form=form, of=of, family=family)]

    def ends(
        self, analysis: str, path: Path, *, what: str, form: str, of: str = "", family: Path | None = None
    ) -> list[Number]:
        """value, low and high of an estimate, one row of evidence; those that are not there are dashes."""
        return [
            self.number(analysis, *path, end, what=what, form=form, of=of, family=[*(family or path), end])
            for end in _ENDS
        ]

    def rows(self) -> list[Row]:
        return list(self._rows.values())

    def _row(self, analysis: str, place: str, what: str, of: str) -> int:
        # value, low and high are one line: they come from one place
        stem = place.rsplit("/", 1)[0] + "/{value,low,high}" if place.rsplit("/", 1)[-1] in _ENDS else place
        found = self._rows.get((analysis, stem))
        if found is None:
            measured = self._measured[analysis]
            definition, source = self._definitions.get(of) or (measured.definition, measured.source)
            found = Row(len(self._rows) + 1, what, measured.command, stem, definition, source)
            self._rows[(analysis, stem)] = found
        return found.number


_ENDS = ("value", "low", "high")


def with_ends(value: Span, low: Span, high: Span) -> list[Span]:
    return [value, " [", low, ", ", high, "]"]
