"""Choice: one label out of a set. Options: question, label_set (a name of annotation/emotions.py) or labels."""

import re
from typing import Any

from django.utils.translation import gettext as _

from annotation.emotions import LABEL_SETS, POLARITIES, Label
from annotation.simulator.crowd import StepContext
from annotation.steps.base import AnswerRefused, OptionsRefused, StepKind

LABEL_ID = re.compile(r"[^\s\x00-\x1f](?:[^\x00-\x1f]{0,62}[^\s\x00-\x1f])?")
MOST_LABELS = 200


class Choice(StepKind):
    name = "choice"
    title = "Choice"
    help = "One option out of a set, such as the dominant emotion."

    def clean_options(self, options: dict[str, Any]) -> dict[str, Any]:
        unknown = set(options) - {"question", "hint", "label_set", "labels"}
        if unknown:
            raise OptionsRefused(f"A choice has no option {', '.join(sorted(unknown))}.")
        if "labels" in options:
            labels = _clean_labels(options["labels"])
        elif (name := str(options.get("label_set"))) in LABEL_SETS:
            labels = LABEL_SETS[name]
        else:
            raise OptionsRefused(f"Give labels, or label_set as one of {', '.join(LABEL_SETS)}.")
        return {
            "question": str(options.get("question") or "Which one fits best?"),
            "hint": str(options.get("hint") or ""),
            "labels": [dict(label) for label in labels],
        }

    def clean_answer(self, options: dict[str, Any], answer: Any) -> str:
        if answer is None or answer == "":
            raise AnswerRefused(_("Choose one option."))
        ids = self.ids(options)
        if not isinstance(answer, str) or answer not in ids:
            raise AnswerRefused(
                _("%(answer)s is not an option of this study (%(options)s).")
                % {"answer": _short(answer), "options": ", ".join(ids[:12])}
            )
        return answer

    def labels(self, options: dict[str, Any]) -> list[Label]:
        return list(options["labels"])

    def nominal_label(self, options: dict[str, Any], answer: Any) -> str | None:
        return answer if isinstance(answer, str) else None

    def ids(self, options: dict[str, Any]) -> list[str]:
        """Of its labels, in their own order."""
        return [label["id"] for label in options["labels"]]

    def option_ids(self, options: dict[str, Any]) -> list[str]:
        return self.ids(options)

    def simulate(self, context: StepContext) -> str:
        """The annotator's reaction where it is one of these options, else a blind pick."""
        ids = self.ids(dict(context.step["options"]))
        label = context.reaction.label
        return label if label in ids else ids[int(context.draw.integers(len(ids)))]

    def plain_text(self, options: dict[str, Any], answer: Any) -> str:
        return next((label["name"] for label in options["labels"] if label["id"] == answer), str(answer or ""))


def _clean_labels(labels: Any) -> list[Label]:
    if not isinstance(labels, list) or not 1 <= len(labels) <= MOST_LABELS:
        raise OptionsRefused(f"Give a list of 1 to {MOST_LABELS} labels.")
    cleaned: list[Label] = []
    for number, label in enumerate(labels, start=1):
        row = {"id": label} if isinstance(label, str) else label
        if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not LABEL_ID.fullmatch(row["id"]):
            raise OptionsRefused(f"Label {number}: the id must be a text of 1 to 64 characters, not {_short(label)}.")
        polarity = row.get("polarity")
        if polarity is not None and polarity not in POLARITIES:
            raise OptionsRefused(f"Label {number}: the polarity {polarity!r} must be one of {', '.join(POLARITIES)}.")
        cleaned.append({"id": row["id"], "name": str(row.get("name") or row["id"]), "polarity": polarity})
    ids = [label["id"] for label in cleaned]
    doubles = sorted({label_id for label_id in ids if ids.count(label_id) > 1})
    if doubles:
        raise OptionsRefused(f"Two labels have the id {doubles[0]!r}.")
    return cleaned


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
