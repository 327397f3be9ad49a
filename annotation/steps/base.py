"""What every kind of step must know about itself."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from annotation.emotions import Label
from annotation.simulator.crowd import StepContext


class OptionsRefused(Exception):
    """A study's settings for a step cannot be used; the text is for the researcher."""


class AnswerRefused(Exception):
    """An answer cannot be used; the text is for the annotator."""


class StepKind:
    """One kind of step: how a researcher sets it, how an answer is checked, stored, exported and analysed.

    `title` and `help` are shown to researchers. Templates and scripts lie in the kind's folder: task.html, task.js.
    """

    name: str
    title: str
    help: str
    #: how many texts of the stimulus it shows (its metadata: {"shown": {step: [text, ...]}})
    n_texts: int = 0
    #: whether it judges what others felt: nobody judges an image that she was asked about before
    judges: bool = False

    def clean_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Completes the options with defaults. Raises OptionsRefused."""
        raise OptionsRefused("This kind of step cannot be used.")

    def clean_answer(self, options: dict[str, Any], answer: Any) -> Any:
        """The answer in the form in which it is stored (JSON). Raises AnswerRefused."""
        raise AnswerRefused("This kind of step cannot be answered.")

    def columns(self, name: str, options: dict[str, Any]) -> list[pa.Field]:
        """The columns of this step in snapshots and exports, nullable."""
        return [pa.field(name, pa.string())]

    def cells(self, options: dict[str, Any], answer: Any) -> list[Any]:
        """One cell per column; `answer` is None where the step was not answered."""
        return [answer]

    def answer_from_cells(self, options: dict[str, Any], cells: list[Any]) -> Any:
        """The reverse of `cells`."""
        return cells[0]

    def labels(self, options: dict[str, Any]) -> list[Label] | None:
        """The label set, if an answer is one label out of a set; agreement is computed on it."""
        return None

    def nominal_label(self, options: dict[str, Any], answer: Any) -> str | None:
        """The label's id, for kinds with `labels`."""
        return None

    def option_ids(self, options: dict[str, Any]) -> list[str]:
        """What may be shown in another order to another person; empty if nothing."""
        return []

    def simulate(self, context: StepContext) -> Any:
        """A made-up answer, for dry runs; everything random comes from `context.draw`."""
        raise OptionsRefused(f"The simulator cannot answer a step of kind {self.name!r} yet.")

    def plain_text(self, options: dict[str, Any], answer: Any) -> str:
        """How a person reads the answer in a list."""
        return "" if answer is None else str(answer)


@dataclass(frozen=True)
class Step:
    """A step of a study: its name, its kind and its cleaned options."""

    name: str
    kind: StepKind
    options: dict[str, Any]

    @property
    def labels(self) -> list[Label] | None:
        return self.kind.labels(self.options)

    @property
    def question(self) -> str:
        return str(self.options.get("question", ""))

    def columns(self) -> list[pa.Field]:
        return self.kind.columns(self.name, self.options)

    def cells(self, answers: dict[str, Any]) -> list[Any]:
        return self.kind.cells(self.options, answers.get(self.name))

    def plain_text(self, answers: dict[str, Any]) -> str:
        return self.kind.plain_text(self.options, answers.get(self.name))
