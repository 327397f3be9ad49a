"""Why people disagree: its parts, the labels that come together, and whether there are types of people."""

from typing import Any

from analysis.charts.disagreement_parts import PARTS
from analysis.charts.parts_bar import WholePart, parts_bar
from analysis.report.document import Column, Span, Text
from analysis.report.draft import Draft

DISAGREEMENT = "disagreement"
N_PAIRS = 10
_KINDS = ("one label only", "two labels", "three or more")
_INTERVAL = "Low and High: ends of the 95 % interval from a jackknife by stimuli and by people."


def write_disagreement(draft: Draft) -> None:
    draft.heading("Why people disagree")
    found = draft.evidence.value(DISAGREEMENT)
    names = [str(label.get("name") or label["id"]) for label in found["labels"]]
    if found["parts"]["disagreement"]["value"] is None:
        draft.say("The disagreement cannot be taken apart:")
        draft.items([[str(found["parts"]["disagreement"]["reason"])]])
    else:
        _parts(draft, found["parts"])
        _overlapping(draft, found["parts"], names)
        _check(draft, found["parts"])
    _together(draft, found["graph"], names)
    _types(draft, found["types"], names)


def _parts(draft: Draft, parts: dict[str, Any]) -> None:
    evidence = draft.evidence
    whole = evidence.estimate(
        "parts",
        "disagreement",
        what="chance that two people choose different labels at a stimulus",
        form="percent",
        analysis=DISAGREEMENT,
    )
    draft.say(
        "Two people in front of the same stimulus choose different labels in ",
        whole,
        f" of the cases. Table {draft.next_table} and Figure {draft.next_drawing} take this apart: into what the "
        "stimulus itself moves people to in more than one way, labels that are used for one another, groups of people "
        "that answer differently, labels that a person likes whatever she sees, and the noise that is left.",
    )
    rows: list[list[Text]] = []
    bars, reasons = [], []
    for name, (title, meaning, css) in PARTS.items():
        share, part = parts["shares"][name], parts["parts"][name]
        cells = evidence.cells(
            "parts",
            "shares",
            name,
            what="share of the disagreement, per part",
            form="percent",
            family=["parts", "shares", "*"],
            analysis=DISAGREEMENT,
        )
        chance = evidence.cell(
            "parts",
            "parts",
            name,
            what="chance of differing, per part",
            form="number3",
            family=["parts", "parts", "*"],
            analysis=DISAGREEMENT,
        )
        told = cells if share["value"] is not None else [["cannot tell"], ["–"], ["–"]]
        rows.append([[title], [meaning], *told, chance])
        bars.append(WholePart(title, meaning, share["value"], share["low"], share["high"], css))
        if part["reason"]:
            reasons.append([f"{title}: {part['reason']}"])
    draft.table(
        "The parts of disagreement.",
        [
            Column("Part", 1.2),
            Column("What it is", 2.8, has_words=True),
            Column("Share", 1.1),
            "Low",
            "High",
            Column("Chance of differing", 2),
        ],
        rows,
        note=f"Share: of all disagreement. {_INTERVAL}",
    )
    title = "What disagreement is made of"
    draft.drawing(f"{title}.", parts_bar(title, "See the table before it.", bars))
    if reasons:
        draft.say("What cannot be told, and why:")
        draft.items(reasons)
    if parts["notes"]:
        draft.items([[note] for note in parts["notes"]])


def _overlapping(draft: Draft, parts: dict[str, Any], names: list[str]) -> None:
    pairs: list[Text] = []
    for place, pair in enumerate(parts["overlapping"]):
        chance = draft.evidence.estimate(
            "parts",
            "overlapping",
            place,
            "chance",
            what="chance that one label is named for another",
            form="percent",
            family=["parts", "overlapping", "*", "chance"],
            analysis=DISAGREEMENT,
        )
        one, other = names[pair["one"]], names[pair["other"]].lower()
        pairs.append([f"{one} and {other}: who feels the one names the other in ", *chance, " of the cases."])
    if pairs:
        draft.say("Labels that are used for one another:")
        draft.items(pairs)


def _check(draft: Draft, parts: dict[str, Any]) -> None:
    """How many different labels the stimuli have, beside what the model expects."""
    if parts["check"] is None:
        return

    def of(*path: str | int, what: str, form: str = "count") -> Span:
        family = ["parts", "check", path[0], *("*" for _ in path[1:])]
        return draft.evidence.number(DISAGREEMENT, "parts", "check", *path, what=what, form=form, family=family)

    verdict = (
        "The two are close enough to trust the parts."
        if parts["check"]["holds"]
        else "The two are too far apart: the parts are those of a model that does not describe these answers well."
    )
    draft.say(
        f"The parts rest on a model of how people answer. Table {draft.next_table} sets it beside the ",
        of("n_stimuli", what="stimuli by which the model is checked"),
        " stimuli (of one group of people) with ",
        of("n_answers", what="answers of the stimuli by which the model is checked"),
        f" answers each. {verdict}",
    )
    rows: list[list[Text]] = [
        [
            [name],
            [of("observed", place, what="stimuli by their different labels, seen", form="percent")],
            [of("expected", place, what="stimuli by their different labels, expected", form="percent")],
        ]
        for place, name in enumerate(_KINDS)
    ]
    draft.table(
        "Different labels on a stimulus: seen, and expected by the model.", ["Labels", "Seen", "Expected"], rows
    )


def _together(draft: Draft, graph: dict[str, Any], names: list[str]) -> None:
    known = [
        (place, edge)
        for place, edge in enumerate(graph["edges"])
        if edge["one"] != edge["other"] and edge["lift"] is not None
    ]
    if not known:
        return
    draft.heading("Labels that come together")
    known.sort(key=lambda each: (-each[1]["lift"], each[0]))
    clear = [each for each in known if each[1]["beyond_chance"] == "more"]
    if clear:
        place, edge = clear[0]
        times = _lift(draft, place)[0]
        draft.say(
            f"{names[edge['one']]} and {names[edge['other']].lower()} come together most: two people choose them at "
            "the same stimulus ",
            times,
            " times as often as two people at different stimuli would.",
        )
    else:
        draft.say("No two labels come together at the same stimuli more often than chance may do.")
    rows: list[list[Text]] = []
    for place, edge in known[:N_PAIRS]:
        value, low, high = _lift(draft, place)
        pairs = draft.evidence.number(
            DISAGREEMENT,
            "graph",
            "edges",
            place,
            "n_pairs",
            what="pairs of answers with two labels at one stimulus",
            family=["graph", "edges", "*", "n_pairs"],
        )
        pair = f"{names[edge['one']]} and {names[edge['other']].lower()}"
        rows.append([[pair], [value], [low], [high], [pairs], [edge["beyond_chance"] or "as by chance"]])
    draft.table(
        "Pairs of labels at the same stimulus, beside chance; the strongest first.",
        [
            Column("Two labels", 2.8),
            "Times chance",
            "Low",
            "High",
            Column("Pairs of answers", 1.3),
            Column("Beyond chance", 1.4, has_words=True),
        ],
        rows,
        note="Low and High: 95 % interval from resampled stimuli. Beyond chance: after Holm's correction over all "
        "pairs of labels.",
    )


def _lift(draft: Draft, place: int) -> list[Span]:
    return [
        draft.evidence.number(
            DISAGREEMENT,
            "graph",
            "edges",
            place,
            end,
            what="two labels at one stimulus, times chance (lift)",
            form="number2",
            family=["graph", "edges", "*", end],
        )
        for end in ("lift", "low", "high")
    ]


def _types(draft: Draft, types: dict[str, Any], names: list[str]) -> None:
    draft.heading("People who feel alike")
    if types["n_types"] is None:
        draft.say("Whether there are types of people cannot be told:")
        draft.items([[str(types["reason"])]])
        return
    people = draft.evidence.number(DISAGREEMENT, "types", "n_people", what="people with enough answers to be compared")
    tested: list[Span] = []
    if types["divisions"]:
        p = draft.evidence.number(
            DISAGREEMENT, "types", "divisions", 0, "p", what="dip test for more than one type, p", form="p"
        )
        tested = [f" (dip test, p {'' if p.words.startswith('<') else '= '}", p, ")"]
    if types["n_types"] == 1:
        draft.say(
            "The ",
            people,
            " people with enough answers differ smoothly, each in her own way: there are no separate types of "
            "annotators to tell",
            tested,
            ".",
        )
        return
    draft.say(
        "The ",
        people,
        " people with enough answers fall into ",
        draft.evidence.number(DISAGREEMENT, "types", "n_types", what="types of people"),
        " types",
        tested,
        f". Table {draft.next_table} says what each chooses more or less than the others at the same stimuli.",
    )
    rows: list[list[Text]] = []
    for label, name in enumerate(names):
        row: list[Text] = [[name]]
        for number in range(types["n_types"]):
            value, low, high = (
                draft.evidence.number(
                    DISAGREEMENT,
                    "types",
                    key,
                    number,
                    label,
                    what="leaning of a type of people",
                    form="points",
                    family=["types", key, "*", "*"],
                )
                for key in ("leanings", "low", "high")
            )
            row.append([value, " [", low, ", ", high, "]"])
        rows.append(row)
    sizes = [
        draft.evidence.number(
            DISAGREEMENT, "types", "sizes", number, what="people of a type", family=["types", "sizes", "*"]
        )
        for number in range(types["n_types"])
    ]
    draft.table(
        "Types of people: percentage points that each chooses a label more than the others.",
        [Column("Label", 1.6), *(Column(f"Type {number + 1}", 2) for number in range(types["n_types"]))],
        [[["People"], *([size] for size in sizes)], *rows],
        note="In brackets: 95 % intervals over the people of the type.",
    )
