"""How the asking shaped the answers: place on the screen, the image before, going on, language and device."""

from collections.abc import Sequence
from typing import Any

from analysis.charts import Dot, dots
from analysis.charts.marks import signed_points
from analysis.report.document import Column, Span, Text
from analysis.report.draft import Draft

ASKING = "asking"
Path = list[str | int]


def write_asking(draft: Draft) -> None:
    draft.heading("How the asking shaped the answers")
    found = draft.evidence.value(ASKING)
    if not found["n_answers"]:
        draft.say("No answer says enough about how it was asked for.")
        return
    effects = _effects(found)
    draft.say(
        f"Table {draft.next_table} and Figure {draft.next_drawing} say what the way of asking did to the answers, in "
        "percentage points. Where chance decided what is compared (the order of the options, which image came before, "
        "the order of the images), a difference is an effect of the asking; elsewhere it is a difference and no more. ",
        _clear(effects),
    )
    rows: list[list[Text]] = []
    for title, path, effect in effects:
        rows.append([[title], *_told(draft, path, effect), ["yes" if effect["causal"] else "no"]])
    draft.table(
        "Marks of the asking on the answers.",
        [
            Column("What", 3),
            Column("Points", 1),
            "Low",
            "High",
            Column("p", 0.8),
            Column("Answers", 1),
            Column("An effect", 0.9, has_words=True),
        ],
        rows,
        note="Low and High: 95 % interval, robust to people and to images. Going on: each person beside herself, per "
        f"{found['session']['per_images']} further images of a session; the time for an answer in percent.",
    )
    known = [effect for _, _, effect in effects if effect["value"] is not None]
    if known:
        title = "Marks of the asking on the answers"
        draft.drawing(f"{title}, in percentage points, with 95 % intervals.", _drawn(title, effects))
    reasons: list[Text] = [[f"{title}: {effect['reason']}"] for title, _, effect in effects if effect["value"] is None]
    reasons += [[f"{one['name'].capitalize()}: {one['reason']}"] for one in found["circumstances"] if one["reason"]]
    if reasons:
        draft.say("What cannot be told, and why:")
        draft.items(reasons)
    _circumstances(draft, found)


def _effects(found: dict[str, Any]) -> list[tuple[str, Path, dict[str, Any]]]:
    """Each with its words and its place in the result."""
    place, carried, session = found["place"], found["carry_over"], found["session"]
    slopes = {slope["name"]: (number, slope) for number, slope in enumerate(session["slopes"])}
    listed: list[tuple[str, Path, dict[str, Any]]] = [
        ("Shown first", ["place", "first"], place["first"]),
        ("Each place further down", ["place", "slope"], place["slope"]),
        ("The image before moves people to a label", ["carry_over", "before"], carried["before"]),
        ("The own answer before, again", ["carry_over", "own"], carried["own"]),
    ]
    for name, words in (
        ("agreement", "Going on: agreement with the others"),
        ("same again", "Going on: the same label as the time before"),
        ("speed", "Going on: time for an answer"),
    ):
        if name in slopes:
            number, slope = slopes[name]
            listed.append((words, ["session", "slopes", number], slope))
    return listed


def _told(draft: Draft, path: Path, effect: dict[str, Any]) -> list[Text]:
    """value, low, high, p and the number of answers, as cells."""
    family: Path = ["*" if isinstance(part, int) else part for part in path]
    what = "marks of the asking"
    n = draft.evidence.number(ASKING, *path, "n", what=f"answers behind {what}", family=[*family, "n"])
    if effect["value"] is None:
        return [["cannot tell"], ["–"], ["–"], ["–"], [n]]
    ends = draft.evidence.ends(ASKING, path, what=what, form="points", family=family)
    p: Text = ["–"]
    if effect["p"] is not None:
        p = [draft.evidence.number(ASKING, *path, "p", what=f"{what}, p", form="p", family=[*family, "p"])]
    return [*([end] for end in ends), p, [n]]


def _clear(effects: Sequence[tuple[str, Path, dict[str, Any]]]) -> str:
    clear = [title for title, _, effect in effects if _is_clear(effect)]
    if not clear:
        return "Every interval that could be told holds no effect at all."
    return f"Intervals without zero: {'; '.join(title[0].lower() + title[1:] for title in clear)}."


def _is_clear(effect: dict[str, Any]) -> bool:
    return effect["low"] is not None and (effect["low"] > 0 or effect["high"] < 0)


def _drawn(title: str, effects: Sequence[tuple[str, Path, dict[str, Any]]]) -> str:
    told = [(words, effect) for words, _, effect in effects if effect["value"] is not None]
    ends = [abs(effect[key]) for _, effect in told for key in ("value", "low", "high") if effect[key] is not None]
    reach = max([*ends, 0.01]) * 1.05
    points = [
        Dot(words, effect["value"], effect["low"], effect["high"], signed_points(effect["value"]))
        for words, effect in told
    ]
    ticks = [(-reach, signed_points(-reach)), (0.0, "0"), (reach, signed_points(reach))]
    return dots(title, "See the table before it.", points, axis=(-reach, reach), ticks=ticks)


def _circumstances(draft: Draft, found: dict[str, Any]) -> None:
    names = [str(label.get("name") or label["id"]) for label in found["labels"]]
    rows: list[list[Text]] = []
    for place, circumstance in enumerate(found["circumstances"]):
        for number, value in enumerate(circumstance["values"]):
            path: Path = ["circumstances", place, "values", number]
            family: Path = ["circumstances", "*", "values", "*"]
            counts: list[Span] = [
                draft.evidence.number(ASKING, *path, key, what=f"{words} per circumstance", family=[*family, key])
                for key, words in (("n", "answers"), ("n_people", "people"))
            ]
            agreement = draft.evidence.cell(
                *path,
                "agreement",
                what="agreement with the others, per circumstance",
                form="points",
                family=[*family, "agreement"],
                analysis=ASKING,
            )
            beyond = ", ".join(names[at] for at in value["beyond_chance"]) or "none"
            name = f"{circumstance['name'].capitalize()}: {value['value'] or 'not known'}"
            rows.append([[name], *([count] for count in counts), agreement, [beyond]])
    if rows:
        draft.table(
            "Language and device: what goes with them, beside the other answers to the same stimuli.",
            [
                Column("Circumstance", 1.6),
                "Answers",
                Column("People", 0.8),
                Column("Agreement with the others (points)", 2),
                Column("Labels chosen more or less beyond chance", 2.6, has_words=True),
            ],
            rows,
            note="People were not put into these by chance: differences, not effects. Labels: judged over all of them "
            "together (Holm).",
        )
