"""Where each figure of a report comes from: the result it was read out of, and the command that prints it again."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.charts.marks import as_number, as_percent
from analysis.json_pointer import pointer
from analysis.report.document import Number, Span

Path = Sequence[str | int]


@dataclass(frozen=True)
class Measured:
    """One analysis over the snapshot: its command, and what that prints."""

    name: str
    command: str
    printed: Mapping[str, Any]


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
    """A number as people read it. form: count, percent, number1, number2, number3, seconds (of ms), words."""
    if value is None:
        return "–"
    if form == "count":
        return f"{round(value):,}"
    if form == "percent":
        return as_percent(value)
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
        """What stands there below /result. Raises KeyError where nothing does."""
        here: Any = self._measured[analysis].printed["result"]
        for part in path:
            here = here[part]
        return here

    def options(self, analysis: str) -> Mapping[str, Any]:
        """The options that it ran with."""
        options: Mapping[str, Any] = self._measured[analysis].printed["options"]
        return options

    def has(self, analysis: str) -> bool:
        return analysis in self._measured

    def number(
        self, analysis: str, *path: str | int, what: str, form: str = "count", of: str = "", family: Path | None = None
    ) -> Number:
        """One figure. family: the path that stands for it in the table of evidence, with "*" for what varies."""
        words = spelled(self.value(analysis, *path), form)
        place = pointer(["result", *path])
        self.printed.append(Printed(words, form, analysis, place))
        return Number(words, self._row(analysis, pointer(["result", *(family or path)]), what, of))

    def estimate(
        self, *path: str | int, what: str, form: str = "number2", of: str, family: Path | None = None
    ) -> list[Span]:
        """0.42 (95 % interval 0.31 to 0.52), of an estimate of `agreement`; its reason where it has no value."""
        estimate = self.value("agreement", *path)
        shown = {"form": form, "what": what, "of": of}
        places = {end: [*(family or path), end] for end in ("value", "low", "high")}
        if estimate["value"] is None:
            return [f"not defined ({estimate['reason']})"]
        spans: list[Span] = [self.number("agreement", *path, "value", family=places["value"], **shown)]
        if estimate["low"] is not None:
            low = self.number("agreement", *path, "low", family=places["low"], **shown)
            high = self.number("agreement", *path, "high", family=places["high"], **shown)
            spans += [" (95 % interval ", low, " to ", high, ")"]
        return spans

    def cells(self, *path: str | int, what: str, form: str = "number2", of: str, family: Path) -> list[list[Span]]:
        """The three cells value, low, high of an estimate."""
        return [
            [self.number("agreement", *path, end, what=what, form=form, of=of, family=[*family, end])]
            for end in ("value", "low", "high")
        ]

    def rows(self) -> list[Row]:
        return list(self._rows.values())

    def _row(self, analysis: str, place: str, what: str, of: str) -> int:
        # value, low and high are one line: they come from one place
        stem = place.rsplit("/", 1)[0] + "/{value,low,high}" if place.rsplit("/", 1)[-1] in _ENDS else place
        found = self._rows.get((analysis, stem))
        if found is None:
            measured = self._measured[analysis]
            definition, source = self._definitions.get(of) or (
                measured.printed["definition"],
                measured.printed["source"],
            )
            found = Row(len(self._rows) + 1, what, measured.command, stem, definition, source)
            self._rows[(analysis, stem)] = found
        return found.number


_ENDS = ("value", "low", "high")


def command_of(study: str, analysis: str, snapshot_id: str) -> str:
    """What prints an analysis of this snapshot again."""
    words = ["manage.py", "snapshot_analysis", study, analysis, "--snapshot", snapshot_id[:12]]
    return " ".join(shlex.quote(word) for word in words)
