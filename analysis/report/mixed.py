"""Feelings that are opposite and felt at once: which positive and negative labels meet on the same stimuli."""

from analysis.report.document import Column, Text
from analysis.report.draft import Draft

EMOTION_MAP = "emotion_map"
N_PAIRS = 8


def write_mixed(draft: Draft) -> None:
    pairs = [
        (place, pair) for place, pair in enumerate(draft.evidence.value(EMOTION_MAP, "mixed")) if pair["n_stimuli"]
    ]
    if not pairs:
        return
    draft.heading("Opposite feelings at the same stimulus")
    labels = {label["id"]: str(label["name"] or label["id"]) for label in draft.evidence.value(EMOTION_MAP, "labels")}
    rows: list[list[Text]] = []
    for place, pair in pairs[:N_PAIRS]:
        n = draft.evidence.number(
            EMOTION_MAP,
            "mixed",
            place,
            "n_stimuli",
            what="stimuli with a positive and a negative label, per pair",
            family=["mixed", "*", "n_stimuli"],
        )
        rows.append([[f"{labels[pair['positive']]} and {labels[pair['negative']].lower()}"], [n]])
    stimuli = draft.evidence.number(EMOTION_MAP, "n_stimuli", what="answered stimuli")
    first = pairs[0][1]
    draft.say(
        f"{labels[first['positive']]} and {labels[first['negative']].lower()} were felt by different people at the "
        "same stimulus most often, at ",
        rows[0][1],
        " of the ",
        stimuli,
        f" stimuli (Table {draft.next_table}).",
    )
    draft.table(
        "A positive and a negative label on the same stimulus; the most frequent pairs.",
        [Column("Two labels", 3), Column("Stimuli", 1)],
        rows,
        note="The more responses a stimulus has, the likelier both are among them.",
    )
