"""Judge: how far one text about the image holds. Options: question, hint, labels (a scale, lowest first).

The text is the stimulus's own (`metadata`: {"shown": {step: [text]}}); whose it is never reaches the page.
"""

from typing import Any

from annotation.simulator.crowd import StepContext
from annotation.steps.choice.kind import Choice

QUESTION = "How plausible is it that somebody feels so about this image, for this reason?"
SCALE = [
    {"id": "1", "name": "Not at all"},
    {"id": "2", "name": "Hardly"},
    {"id": "3", "name": "Partly"},
    {"id": "4", "name": "Largely"},
    {"id": "5", "name": "Fully"},
]


class Judge(Choice):
    name = "judge"
    title = "Judgement of a text"
    help = "One text about the image, and how plausible it is, on a scale."
    n_texts = 1
    judges = True

    def clean_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return super().clean_options({"labels": SCALE, **options, "question": options.get("question") or QUESTION})

    def option_ids(self, options: dict[str, Any]) -> list[str]:
        return []

    def simulate(self, context: StepContext) -> str:
        """A blind pick."""
        ids = self.ids(dict(context.step["options"]))
        return ids[int(context.draw.integers(len(ids)))]
