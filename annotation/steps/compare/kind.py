"""Compare: two texts about the image, A and B. Options: question, hint, mode (turing, preference), labels' names.

The texts are the stimulus's own (`metadata`: {"shown": {step: [A, B]}}); whose they are never reaches the page.
"""

from typing import Any

from annotation.emotions import Label
from annotation.simulator.crowd import StepContext
from annotation.steps.base import OptionsRefused
from annotation.steps.choice.kind import Choice

TURING, PREFERENCE = "turing", "preference"
# ids in their order on the screen, which is the same for everybody: A stands left of, or above, B
LABELS: dict[str, dict[str, str]] = {
    TURING: {
        "a": "A",
        "b": "B",
        "both": "Both could be by people",
        "none": "Neither: both are by a computer",
    },
    PREFERENCE: {"a": "A", "b": "B", "same": "No difference"},
}
QUESTIONS = {
    TURING: "Which sentence could a person have written, to explain what she may feel about this image?",
    PREFERENCE: "Which of the two texts explains better why somebody could feel so about this image?",
}


class Compare(Choice):
    name = "compare"
    title = "Comparison of two texts"
    help = "Two texts about the image, A and B: which a person could have written, or which is better."
    n_texts = 2
    judges = True

    def clean_options(self, options: dict[str, Any]) -> dict[str, Any]:
        unknown = set(options) - {"question", "hint", "mode", "labels"}
        if unknown:
            raise OptionsRefused(f"A comparison has no option {', '.join(sorted(unknown))}.")
        mode = str(options.get("mode", TURING))
        if mode not in LABELS:
            raise OptionsRefused(f"The mode of a comparison is one of {', '.join(LABELS)}, not {mode!r}.")
        return {
            "question": str(options.get("question") or QUESTIONS[mode]),
            "hint": str(options.get("hint") or ""),
            "mode": mode,
            "labels": _labels(LABELS[mode], options.get("labels")),
        }

    def option_ids(self, options: dict[str, Any]) -> list[str]:
        return []

    def simulate(self, context: StepContext) -> str:
        """A blind pick: the simulator cannot tell whose a text is."""
        ids = self.ids(dict(context.step["options"]))
        return ids[int(context.draw.integers(len(ids)))]


def _labels(names: dict[str, str], given: Any) -> list[Label]:
    """The labels with their names. `given` may name them otherwise, in the study's language; it adds none."""
    renamed = dict(names)
    for label in given if isinstance(given, list) else []:
        if not isinstance(label, dict) or str(label.get("id")) not in names:
            raise OptionsRefused(f"The labels of this comparison are {', '.join(names)}; only their names can change.")
        renamed[label["id"]] = str(label.get("name") or names[label["id"]])
    return [{"id": label_id, "name": name, "polarity": None} for label_id, name in renamed.items()]
