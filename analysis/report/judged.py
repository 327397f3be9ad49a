"""What people made of explanations: who passes for a person, which variant is preferred, how plausible each is."""

from typing import Any

from analysis.charts import Dot, dots
from analysis.charts.marks import as_percent
from analysis.report.document import Column, Text
from analysis.report.draft import Draft

JUDGED = "judged"
_OUTCOMES = (
    ("passes", "Passes"),
    ("both", "Both could be"),
    ("network_only", "Only the network's"),
    ("human_only", "Only the person's"),
    ("none", "None"),
)


def write_judged(draft: Draft) -> None:
    found = draft.evidence.value(JUDGED)
    draft.heading("What people made of the texts")
    count = draft.evidence.number
    draft.say(
        count(JUDGED, "n_judges", what="people who judged"),
        " people gave ",
        count(JUDGED, "n_judgements", what="judgements"),
        " judgements in ",
        count(JUDGED, "n_trials", what="trials that were judged"),
        " trials on ",
        count(JUDGED, "n_images", what="images of the trials"),
        " images. None of them had seen an image before.",
    )
    if not found["n_judgements"]:
        return
    {"turing": _passing, "preference": _preferred, "plausibility": _plausible}[found["design"]](draft, found)


def _variant(draft: Draft, name: str, *path: str, what: str, form: str) -> Text:
    return draft.evidence.cell(
        "variants", name, *path, what=what, form=form, family=["variants", "*", *path], analysis=JUDGED
    )


def _judgements(draft: Draft, name: str) -> Text:
    family = ["variants", "*", "n_judgements"]
    return [
        draft.evidence.number(JUDGED, "variants", name, "n_judgements", what="judgements per variant", family=family)
    ]


def _passing(draft: Draft, found: dict[str, Any]) -> None:
    draft.say(
        "Each trial showed a person's and a network's explanation and asked which could be by a person. A network "
        f"passes where people said both, or only the network's (Table {draft.next_table}). Whoever wrote it, the text "
        "that stood first was taken in ",
        draft.evidence.estimate(
            "took_a", what="share of single choices that took the first text", form="percent", analysis=JUDGED
        ),
        " of the single choices; chance would be half.",
    )
    rows: list[list[Text]] = [
        [
            [name],
            _judgements(draft, name),
            *(_variant(draft, name, key, what=f"{title}, per variant", form="percent") for key, title in _OUTCOMES),
        ]
        for name in sorted(found["variants"])
    ]
    draft.table(
        "Who passes for a person.",
        [Column("Variant", 1.4), Column("Judgements", 1.5), *(Column(title, 1.9) for _, title in _OUTCOMES)],
        rows,
        note="In brackets: 95 % intervals from resampled images and people.",
    )
    shares = {name: found["variants"][name]["passes"] for name in sorted(found["variants"])}
    title = "Share of judgements in which the network passes"
    marks = [
        Dot(name, one["value"], one["low"], one["high"], as_percent(one["value"]), one["reason"] or "")
        for name, one in shares.items()
    ]
    ticks = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")]
    drawing = dots(title, "See the table before it.", marks, axis=(0, 1), ticks=ticks)
    draft.drawing(f"{title}, with 95 % intervals.", drawing)


def _preferred(draft: Draft, found: dict[str, Any]) -> None:
    draft.say(f"Each trial asked which of two explanations is the better one (Table {draft.next_table}).")
    rows: list[list[Text]] = [
        [[name], _variant(draft, name, "strength", what="Bradley-Terry strength, per variant", form="number2")]
        for name in found["order"]
    ]
    draft.table(
        "Which explanations people prefer.",
        ["Variant", Column("Strength", 2)],
        rows,
        note="Bradley-Terry strengths with 95 % intervals by images and people; equal answers count half for each."
        + ("" if found["connected"] else " The variants were not all compared with each other, even by way of others."),
    )


def _plausible(draft: Draft, found: dict[str, Any]) -> None:
    draft.say(f"Each trial asked how plausible an explanation is (Table {draft.next_table}).")
    rows: list[list[Text]] = [
        [
            [name],
            _judgements(draft, name),
            _variant(draft, name, "mean", what="mean place on the scale", form="number2"),
        ]
        for name in sorted(found["variants"])
    ]
    draft.table(
        "How plausible explanations are.",
        ["Variant", "Judgements", Column("Mean", 2)],
        rows,
        note=f"From 1 to {found['n_labels']}; in brackets: 95 % intervals from resampled images and people.",
    )
