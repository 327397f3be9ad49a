"""Common ground within and between the groups of people that a snapshot knows: cohorts, and languages of the page."""

from typing import Any

from analysis.charts import Dot, dots
from analysis.charts.marks import as_percent
from analysis.report.document import Column, Text
from analysis.report.draft import Draft

GROUPS = "groups"
#: Pairs whose labels are all listed; of further ones those labels that differ.
N_WHOLE_PAIRS = 3
_BY = {"cohort": "the way they came", "language": "the language of their pages"}
VERDICTS = {
    "differ": "they differ",
    "differ_little": "they differ, by less than would matter",
    "same": "no difference worth naming",
    "cannot_tell": "cannot tell",
}


def write_groups(draft: Draft) -> None:
    draft.heading("Groups of people")
    groupings = draft.evidence.value(GROUPS, "groupings")
    margin = draft.evidence.option(GROUPS, "margin", what="smallest difference that would matter", form="percent")
    private = (
        "Groups by what people said about themselves are in no snapshot, and so in no report; the study's page Groups "
        "compares them."
    )
    told = [(place, one) for place, one in enumerate(groupings) if len(one["groups"]) > 1]
    if not told:
        draft.say(
            "There are no two groups of people large enough to be compared by how they came or which language they "
            f"read. {private}"
        )
        return
    draft.say(
        "Do people of different groups share as much as people of one? Two people of one group agree more than two of "
        "different ones by the gap in the tables below; a gap, or a difference in a label's share, below ",
        margin,
        f" would not matter here. p values are corrected for the many comparisons. {private}",
    )
    for place, one in told:
        _grouping(draft, place, one)


def _grouping(draft: Draft, place: int, grouping: dict[str, Any]) -> None:
    by = _BY.get(grouping["by"], grouping["by"])
    names = {group["name"]: group["name"] or "(none)" for group in grouping["groups"]}
    too_small = [name or "(none)" for name in (*grouping["too_small"], *grouping["too_many"])]
    rows: list[list[Text]] = []
    marks = []
    for number, group in enumerate(grouping["groups"]):
        path: list[str | int] = ["groupings", place, "groups", number]
        family = ["groupings", "*", "groups", "*"]
        counts = [
            draft.evidence.number(GROUPS, *path, key, what=f"{words} per group", family=[*family, key])
            for key, words in (("n_people", "people"), ("n_responses", "responses"))
        ]
        figures = [
            draft.evidence.cell(
                *path,
                "figures",
                name,
                what=f"{words} within a group",
                form=form,
                of=name,
                family=[*family, "figures", name],
                analysis=GROUPS,
            )
            for name, words, form in (
                ("krippendorff_alpha", "alpha", "number2"),
                ("pairwise_agreement", "pairs that agree", "percent"),
            )
        ]
        rows.append([[names[group["name"]]], *([count] for count in counts), *figures])
        within = group["figures"]["pairwise_agreement"]
        marks.append(_dot(f"within {names[group['name']]}", within, "series-1"))
    draft.table(
        f"Groups by {by}.",
        ["Group", "People", "Responses", Column("Alpha", 2), Column("Pairs that agree", 2.4)],
        rows,
        note="In brackets: 95 % intervals."
        + (f" Not compared, being too small or too many: {', '.join(too_small)}." if too_small else ""),
    )
    for pair in grouping["pairs"]:
        title = f"between {names[pair['first']]} and {names[pair['second']]}"
        marks.append(_dot(title, pair["between"], "series-2"))
    title = f"Common ground within and between groups by {by}"
    ticks = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")]
    draft.drawing(
        f"{title}: how often two people who look at the same image choose the same label, with 95 % intervals.",
        dots(title, "See the tables around it.", marks, axis=(0, 1), ticks=ticks),
    )
    _pairs(draft, place, grouping, names)
    for number, pair in enumerate(grouping["pairs"]):
        shown = [
            at
            for at, label in enumerate(pair["labels"])
            if number < N_WHOLE_PAIRS or label["verdict"].startswith("differ")
        ]
        if shown:
            _labels(draft, ["groupings", place, "pairs", number], pair, shown, names)


def _dot(name: str, found: dict[str, Any], css: str) -> Dot:
    words = as_percent(found["value"])
    return Dot(name, found["value"], found["low"], found["high"], words, found["reason"] or "", css)


def _pairs(draft: Draft, place: int, grouping: dict[str, Any], names: dict[str, str]) -> None:
    rows: list[list[Text]] = []
    for number, pair in enumerate(grouping["pairs"]):
        path: list[str | int] = ["groupings", place, "pairs", number]
        family = ["groupings", "*", "pairs", "*"]
        shared = draft.evidence.number(
            GROUPS, *path, "n_paired", what="images with two answers of both groups", family=[*family, "n_paired"]
        )
        between = draft.evidence.cell(
            *path,
            "between",
            what="agreement between two groups",
            form="percent",
            family=[*family, "between"],
            analysis=GROUPS,
        )
        gap = draft.evidence.cell(
            *path,
            "gap",
            what="gap between two groups",
            form="points",
            family=[*family, "gap"],
            analysis=GROUPS,
        )
        p = draft.evidence.number(
            GROUPS,
            *path,
            "gap",
            "p_corrected",
            what="gap between two groups, corrected p",
            form="p",
            family=[*family, "gap", "p_corrected"],
        )
        rows.append(
            [
                [f"{names[pair['first']]} and {names[pair['second']]}"],
                [shared],
                between,
                gap,
                [p],
                [VERDICTS[pair["gap"]["verdict"]]],
            ]
        )
    draft.table(
        f"Between groups by {_BY.get(grouping['by'], grouping['by'])}.",
        [
            Column("Two groups", 2),
            Column("Images", 0.8),
            Column("Agree between", 2.2),
            Column("Gap (points)", 1.9),
            Column("p", 0.8),
            Column("So", 2, has_words=True),
        ],
        rows,
        note="Gap: the mean agreement within both groups less that between them, on the same images, all with two "
        "answers of each group. In brackets: 95 % intervals by person and image; p: after Holm, over all pairs.",
    )


def _labels(draft: Draft, path: list[str | int], pair: dict[str, Any], shown: list[int], names: dict[str, str]) -> None:
    labels = draft.evidence.value(GROUPS, "labels")
    family = ["groupings", "*", "pairs", "*", "labels", "*"]
    rows: list[list[Text]] = []
    for at in shown:
        here: list[str | int] = [*path, "labels", at]
        shares = [
            draft.evidence.number(
                GROUPS, *here, side, what="share of a label in a group", form="percent", family=[*family, side]
            )
            for side in ("first", "second")
        ]
        apart = draft.evidence.cell(
            *here, what="difference of a label's shares", form="points", family=family, analysis=GROUPS
        )
        p = draft.evidence.number(
            GROUPS,
            *here,
            "p_corrected",
            what="difference of a label's shares, corrected p",
            form="p",
            family=[*family, "p_corrected"],
        )
        label = labels[at]
        rows.append(
            [
                [str(label.get("name") or label["id"])],
                *([share] for share in shares),
                apart,
                [p],
                [VERDICTS[pair["labels"][at]["verdict"]]],
            ]
        )
    first, second = names[pair["first"]], names[pair["second"]]
    draft.table(
        f"Labels of {first} and {second}, on the images that both answered.",
        [
            Column("Label", 1.7),
            Column(first, 1.1),
            Column(second, 1.1),
            Column("Difference (points)", 2),
            Column("p", 0.8),
            Column("So", 2.2, has_words=True),
        ],
        rows,
        note="In brackets: 95 % intervals by person and image; p: after Holm, over all pairs and labels.",
    )
