"""The chapter Results: what people felt, how far they agree, and how the figures would look with fewer of them."""

import math
from typing import Any

from analysis.charts import Dot, ShareBar, dots, mark_class, share_bars
from analysis.charts.curves import CurveLine, Point, curves
from analysis.charts.marks import as_number
from analysis.report.document import Span, Text
from analysis.report.draft import Draft, flat
from analysis.report.explanations import write_explanations
from analysis.statistics import MAJORITY_RULES, POLARITIES, STATISTICS

_TITLES = {statistic.name: statistic.title for statistic in STATISTICS}
_AGREEMENT = ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1", "pairwise_agreement", "chance_agreement")
_CEILING = ("accuracy", "accuracy_half_or_more", "accuracy_strict_majority")
_ENDS = ["Value", "Low", "High"]
_INTERVAL = "Low and High: ends of the 95 % interval from resampled stimuli."
#: Drawn as lines. Majorities are not: with an even number half is easier to reach, so they go up and down.
_CURVES = (
    ("positive_and_negative", "Stimuli with a positive and a negative response", "series-2"),
    ("human_ceiling.accuracy", "Human ceiling: accuracy", "series-3"),
    ("reliability", "Reliability of the label shares", "series-4"),
)


def write_results(draft: Draft) -> None:
    draft.heading("Results", level=1)
    if not draft.evidence.has("agreement"):
        draft.say("The study has no choice among labels, so there is no agreement between labels to report.")
        return
    if not draft.evidence.value("agreement", "n_responses"):
        draft.say("No response to the choice counts yet, so there is nothing to report.")
        return
    _labels(draft)
    _agreement(draft)
    _majorities(draft)
    if _estimate(draft, "positive_and_negative")["value"] is not None:
        _mixing(draft)
    _convergence(draft)
    _ceiling(draft)
    if draft.evidence.value("agreement", "by_source"):
        _sources(draft)
    write_explanations(draft)
    _extremes(draft)


def _estimate(draft: Draft, name: str) -> dict[str, Any]:
    found: dict[str, Any] = draft.evidence.value("agreement", "estimates", name)
    return found


def _named(draft: Draft) -> list[tuple[int, dict[str, Any], str]]:
    """Each label with its place and its name."""
    labels = draft.evidence.value("agreement", "labels")
    return [(place, label, str(label["name"] or label["id"])) for place, label in enumerate(labels)]


def _labels(draft: Draft) -> None:
    draft.heading("What people chose")
    value = draft.evidence.value
    labels = _named(draft)
    totals = value("agreement", "label_totals")
    ranked = sorted(labels, key=lambda each: (-totals[each[1]["id"]], each[0]))
    _, top, top_name = ranked[0]
    said: list[Span] = [
        f"{top_name} was chosen most, in ",
        *draft.evidence.estimate(
            "estimates",
            f"label_share.{top['id']}",
            what="share of responses per label",
            form="percent",
            of="label_share",
            family=["estimates", "label_share.*"],
        ),
        f" of the responses (Table {draft.next_table}, Figure {draft.next_drawing}). ",
    ]
    if value("agreement", "estimates", "polarity_share.positive")["value"] is not None:
        for polarity in POLARITIES:
            said += [
                *draft.evidence.estimate(
                    "estimates",
                    f"polarity_share.{polarity}",
                    what="share of responses per polarity",
                    form="percent",
                    of="polarity_share",
                    family=["estimates", "polarity_share.*"],
                ),
                " of the responses were " + {"else": "neither. "}.get(polarity, f"{polarity}, "),
            ]
    draft.say(said)
    rows: list[list[Text]] = []
    bars = []
    for place, label, name in labels:
        path = ["estimates", f"label_share.{label['id']}"]
        alpha = ["estimates", f"label_alpha.{label['id']}"]
        n = draft.evidence.number(
            "agreement",
            "label_totals",
            label["id"],
            what="responses per label",
            of="label_share",
            family=["label_totals", "*"],
        )
        share = draft.evidence.cells(
            *path,
            what="share of responses per label",
            form="percent",
            of="label_share",
            family=["estimates", "label_share.*"],
        )
        shared = draft.evidence.cells(
            *alpha, what="alpha per label", of="label_alpha", family=["estimates", "label_alpha.*"]
        )
        rows.append([[name], [n], *share, *shared])
        each = value("agreement", *path)
        css = mark_class(label["id"], label["polarity"], place)
        bars.append(ShareBar(name, each["value"], each["low"], each["high"], css, f"{totals[label['id']]:,}"))
    draft.table(
        "Responses per label, and how far people agree on each.",
        ["Label", "Responses", "Share", "Low", "High", "Alpha", "Low", "High"],
        rows,
        note=f"Alpha: Krippendorff's alpha of the label against all others together. {_INTERVAL}",
        widths=(2.4, 1.3, 1, 1, 1, 1, 1, 1),
    )
    title = "Share of the responses that chose each label"
    draft.drawing(f"{title}, with 95 % intervals.", share_bars(title, "See the table before it.", bars))


def _agreement(draft: Draft) -> None:
    draft.heading("Agreement")
    alpha = draft.evidence.estimate(
        "estimates", "krippendorff_alpha", what="Krippendorff's alpha", of="krippendorff_alpha"
    )
    pairs = draft.evidence.estimate(
        "estimates", "pairwise_agreement", what="pairwise agreement", form="percent", of="pairwise_agreement"
    )
    entropy = draft.evidence.estimate(
        "estimates", "mean_entropy_nats", what="mean entropy (nats)", of="mean_entropy_nats"
    )
    corrected = draft.evidence.estimate(
        "estimates",
        "mean_entropy_grassberger_nats",
        what="mean entropy, corrected (nats)",
        of="mean_entropy_grassberger_nats",
    )
    n_labels = len(draft.evidence.value("agreement", "labels"))
    draft.say(
        "Two people who looked at the same stimulus chose the same label in ",
        pairs,
        " of the cases. Beyond chance, Krippendorff's alpha is ",
        alpha,
        f"; 1 would be everyone, 0 chance (Table {draft.next_table}, Figure {draft.next_drawing}). The responses "
        "to one "
        "stimulus spread over the labels with a mean entropy of ",
        entropy,
        " nats, or ",
        corrected,
        " nats once corrected for how few they are; "
        f"0 is always one label, {math.log(n_labels) if n_labels else 0:.2f} all {n_labels} evenly.",
    )
    rows: list[list[Text]] = []
    marks = []
    for name in _AGREEMENT:
        each = _estimate(draft, name)
        cells = draft.evidence.cells(
            "estimates", name, what=_TITLES[name], form="number3", of=name, family=["estimates", name]
        )
        n = draft.evidence.number("agreement", "estimates", name, "n", what=f"stimuli behind {_TITLES[name]}", of=name)
        rows.append([[_TITLES[name]], *cells, [n]])
        words = as_number(each["value"]) if each["value"] is not None else ""
        marks.append(Dot(_TITLES[name], each["value"], each["low"], each["high"], words, each["reason"] or ""))
    draft.table("Agreement.", ["Statistic", *_ENDS, "Stimuli"], rows, note=_INTERVAL)
    lowest = min((number for mark in marks for number in (mark.low, mark.value) if number is not None), default=0.0)
    left = -1.0 if lowest < -0.5 else -0.5 if lowest < 0 else 0.0
    ticks = [(left, as_number(left, 1)), *([(0.0, "0 = chance")] if left else []), (0.5, "0.5"), (1.0, "1 = everyone")]
    title = "How far people agree"
    draft.drawing(
        f"{title}, with 95 % intervals.", dots(title, "See the table before it.", marks, axis=(left, 1), ticks=ticks)
    )


def _majorities(draft: Draft) -> None:
    draft.heading("Majorities")
    half = draft.evidence.estimate(
        "estimates",
        "majority.half_or_more",
        what="stimuli with a majority, per rule",
        form="percent",
        of="majority.half_or_more",
        family=["estimates", "majority.half_or_more"],
    )
    draft.say(
        "At ",
        half,
        " of the stimuli at least half of the responses were on one label, the strong majority of ArtEmis "
        f"and Affection. The other three rules give other shares (Table {draft.next_table}); a share without its rule "
        "cannot be compared with another study's.",
    )
    rows: list[list[Text]] = []
    bars = []
    for rule in MAJORITY_RULES:
        name = f"majority.{rule.name}"
        each = _estimate(draft, name)
        cells = draft.evidence.cells(
            "estimates",
            name,
            what=f"majority: {rule.title.lower()}",
            form="percent",
            of=name,
            family=["estimates", name],
        )
        rows.append([[rule.title], *cells])
        bars.append(ShareBar(rule.title, each["value"], each["low"], each["high"], "series-2"))
    draft.table("Stimuli with a majority, by four rules.", ["Rule", *_ENDS], rows, note=_INTERVAL)
    title = "Share of the stimuli with a majority"
    draft.drawing(f"{title}, with 95 % intervals.", share_bars(title, "See the table before it.", bars, full=1))
    rows = []
    for _, label, name in _named(draft):
        cells = []
        for family, what, form in (
            ("majority_label.half_or_more", "majority labels, half or more", "percent"),
            ("majority_per_response.half_or_more", "majorities per response, half or more", "number3"),
        ):
            cells += draft.evidence.cells(
                "estimates",
                f"{family}.{label['id']}",
                what=what,
                form=form,
                of=family,
                family=["estimates", f"{family}.*"],
            )
        rows.append([[name], *cells])
    draft.table(
        "Which label the majority is on (half or more), and how much of a feeling is shared.",
        ["Label", "Of the majorities", "Low", "High", "Per response", "Low", "High"],
        rows,
        note="Of the majorities: share of the stimuli with a majority whose majority is on this label. Per response: "
        f"these stimuli by all responses that chose the label. {_INTERVAL}",
        widths=(2.2, 1.2, 1, 1, 1.2, 1, 1),
    )


def _mixing(draft: Draft) -> None:
    draft.heading("Mixed feelings")
    both = draft.evidence.estimate(
        "estimates", "positive_and_negative", what="positive and negative", form="percent", of="positive_and_negative"
    )
    mixed = draft.evidence.estimate(
        "estimates", "mixed_polarity", what="mixed polarity", form="percent", of="mixed_polarity"
    )
    draft.say(
        both,
        " of the stimuli pleased somebody and troubled somebody else: they have a positive and a negative response. ",
        mixed,
        " have responses of at least two of positive, negative and else. Both shares grow with the number of "
        "responses per stimulus.",
    )


def _convergence(draft: Draft) -> None:
    found = draft.evidence.value("agreement", "curves")
    names = [(name, title, css) for name, title, css in _CURVES if name in found]
    ks = sorted({k for name, _, _ in names for k in found[name]["n_responses"]})
    if not ks:
        return
    draft.heading("Would more responses change it?")
    reliability = draft.evidence.estimate(
        "estimates", "reliability_of_all", what="reliability of all responses", of="reliability_of_all"
    )
    half = draft.evidence.estimate(
        "estimates", "split_half_reliability", what="split-half reliability", of="split_half_reliability"
    )
    draft.say(
        "Half of the responses to a stimulus tell the label shares of the other half with a reliability of ",
        half,
        "; all of them would tell those of as many other people with ",
        reliability,
        f". Table {draft.next_table} and Figure {draft.next_drawing} show how the figures would look had each stimulus "
        "fewer responses. Where a line still climbs at its end, more responses per stimulus would still change it.",
    )
    rows: list[list[Text]] = []
    for k in ks:
        row: list[Text] = [[str(k)]]
        for name, title, _ in names:
            at = found[name]["n_responses"]
            row.append(_point(draft, name, at.index(k), title) if k in at else ["–"])
        rows.append(row)
    draft.table(
        "Figures by the number of responses per stimulus.",
        ["Responses", *(title for _, title, _ in names)],
        rows,
        note="In brackets: 95 % intervals. All rows rest on the stimuli that have as many responses as the last.",
        widths=(1, 2, 2, 2),
    )
    lines = [
        CurveLine(
            title,
            [
                Point(k, e["value"], e["low"], e["high"])
                for k, e in zip(found[name]["n_responses"], found[name]["estimates"], strict=True)
            ],
            css,
        )
        for name, title, css in names
    ]
    title = "Figures by the number of responses per stimulus"
    values = [v for line in lines for p in line.points for v in (p.low, p.value) if v is not None]
    bottom = 0.0 if min(values, default=0) >= 0 else -1.0
    ticks = [bottom, *([0.0] if bottom else []), 0.5, 1.0]
    svg = curves(
        title, "See the table before it.", lines, axis=(bottom, 1.0), ticks=ticks, below="responses per stimulus"
    )
    draft.drawing(f"{title}; upright lines are 95 % intervals.", svg)


def _point(draft: Draft, name: str, place: int, title: str) -> list[Span]:
    each = draft.evidence.value("agreement", "curves", name, "estimates", place)
    if each["value"] is None:
        return ["–"]

    def end(which: str) -> Span:
        return draft.evidence.number(
            "agreement",
            "curves",
            name,
            "estimates",
            place,
            which,
            what=f"convergence: {title}",
            form="number2",
            of="convergence",
            family=["curves", name, "estimates", "*", which],
        )

    return [end("value")] if each["low"] is None else [end("value"), " [", end("low"), ", ", end("high"), "]"]


def _ceiling(draft: Draft) -> None:
    if _estimate(draft, "human_ceiling.accuracy")["value"] is None:
        return
    draft.heading("How well people tell each other's answers")
    accuracy = draft.evidence.estimate(
        "estimates",
        "human_ceiling.accuracy",
        what="human ceiling: accuracy",
        form="percent",
        of="human_ceiling.accuracy",
    )
    draft.say(
        "Left out in turn, a response was the most frequent label of the other responses to its stimulus in ",
        accuracy,
        f" of the cases (Table {draft.next_table}). A network that is judged by people's responses to stimuli like "
        "these cannot be expected to do much better than this.",
    )
    rows: list[list[Text]] = []
    for name in (f"human_ceiling.{each}" for each in _CEILING):
        cells = draft.evidence.cells(
            "estimates", name, what=_TITLES[name].lower(), form="percent", of=name, family=["estimates", name]
        )
        rows.append([[_TITLES[name]], *cells])
    draft.table("The human ceiling.", ["Figure", *_ENDS], rows, note=_INTERVAL)


def _sources(draft: Draft) -> None:
    draft.heading("By source of the stimuli")
    found = draft.evidence.value("agreement", "by_source")
    shown = (
        ("krippendorff_alpha", "Alpha", "number2"),
        ("pairwise_agreement", "Pairs that agree", "percent"),
        ("majority.half_or_more", "Half or more", "percent"),
        ("positive_and_negative", "Positive and negative", "percent"),
    )
    rows: list[list[Text]] = []
    for source in sorted(found):
        row: list[Text] = [[source or "not named"]]
        n = draft.evidence.number(
            "agreement",
            "by_source",
            source,
            "n_stimuli",
            what="answered stimuli per source",
            family=["by_source", "*", "n_stimuli"],
        )
        row.append([n])
        for name, title, form in shown:
            each = found[source]["estimates"][name]
            ends: list[Span] = [
                draft.evidence.number(
                    "agreement",
                    "by_source",
                    source,
                    "estimates",
                    name,
                    end,
                    what=f"{title}, per source",
                    form=form,
                    of=name,
                    family=["by_source", "*", "estimates", name, end],
                )
                for end in ("value", "low", "high")
            ]
            row.append([ends[0]] if each["low"] is None else flat([ends[0], " [", ends[1], ", ", ends[2], "]"]))
        rows.append(row)
    draft.table(
        "The same figures by source.",
        ["Source", "Stimuli", *(title for _, title, _ in shown)],
        rows,
        note="In brackets: 95 % intervals. Sources that differ in the number of responses per stimulus are comparable "
        "in alpha and in pairs, not in the two shares of stimuli.",
        widths=(1.6, 0.9, 2, 2.2, 2.2, 2.2),
    )


def _extremes(draft: Draft) -> None:
    most, least = (draft.evidence.value("agreement", key) for key in ("most_shared", "least_shared"))
    if not most:
        return
    draft.heading("Where people meet and where they part")
    names = {label["id"]: name for _, label, name in _named(draft)}
    rows: list[list[Text]] = []
    for key, title, found in (("most_shared", "most shared", most), ("least_shared", "least shared", least)):
        for place, each in enumerate(found):
            agreement = draft.evidence.number(
                "agreement",
                key,
                place,
                "agreement",
                what=f"agreement of the stimuli {title}",
                form="percent",
                of="pairwise_agreement",
                family=[key, "*", "agreement"],
            )
            chosen = sorted(each["counts"].items(), key=lambda item: (-item[1], names[item[0]]))
            said = ", ".join(f"{names[label]} {n}" for label, n in chosen)
            rows.append([[each["name"] or each["stimulus_key"][:12]], [title], [said], [agreement]])
    draft.table(
        "The stimuli that people agree on most and least.",
        ["Stimulus", "Which", "Responses", "Pairs that agree"],
        rows,
        note="Of several alike, those with more responses, then by key.",
        widths=(2.4, 1.3, 4, 1.3),
        words=frozenset({1, 2}),
    )
