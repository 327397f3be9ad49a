"""The chapter Results: what people felt, how far they agree, and how the figures would look with fewer of them."""

import math

from analysis.charts import Dot, ShareBar, dots, mark_class, share_bars
from analysis.charts.marks import as_number
from analysis.report.chapters import write_chapters, write_what_is_missing
from analysis.report.convergence import write_ceiling, write_convergence
from analysis.report.document import Column, Span, Text
from analysis.report.draft import Draft, estimate_of, labels_of
from analysis.report.explanations import write_explanations
from analysis.report.judged import JUDGED, write_judged
from analysis.report.sources_and_extremes import write_extremes, write_sources
from analysis.statistics import MAJORITY_RULES, POLARITIES, STATISTICS

_TITLES = {statistic.name: statistic.title for statistic in STATISTICS}
_AGREEMENT = ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1", "pairwise_agreement", "chance_agreement")
_ENDS = ["Value", "Low", "High"]
_INTERVAL = "Low and High: ends of the 95 % interval from resampled stimuli."


def write_results(draft: Draft) -> None:
    draft.heading("Results", level=1)
    if draft.evidence.has(JUDGED):
        write_judged(draft)
    if not draft.evidence.has("agreement"):
        if not draft.evidence.has(JUDGED):
            draft.say("The study has no choice among labels, so there is no agreement between labels to report.")
        write_explanations(draft)
        return
    if not draft.evidence.value("agreement", "n_responses"):
        draft.say("No response to the choice counts yet, so there is nothing to report.")
        return
    _labels(draft)
    _agreement(draft)
    _majorities(draft)
    if estimate_of(draft, "positive_and_negative")["value"] is not None:
        _mixing(draft)
    write_convergence(draft)
    write_ceiling(draft)
    if draft.evidence.value("agreement", "by_source"):
        write_sources(draft)
    write_extremes(draft)
    write_explanations(draft)
    write_chapters(draft)
    write_what_is_missing(draft)


def _labels(draft: Draft) -> None:
    draft.heading("What people chose")
    value = draft.evidence.value
    labels = labels_of(draft)
    totals = value("agreement", "label_totals")
    ranked = sorted(labels, key=lambda each: (-totals[each[1]["id"]], each[0]))
    _, top, top_name = ranked[0]
    equal = [name for _, label, name in ranked if totals[label["id"]] == totals[top["id"]]]
    said: list[Span] = [
        f"{top_name} was chosen most, in "
        if len(equal) == 1
        else f"{' and '.join(equal) if len(equal) < 4 else f'{len(equal)} labels'} were chosen most, each in ",
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
        [Column("Label", 2.4), Column("Responses", 1.3), "Share", "Low", "High", "Alpha", "Low", "High"],
        rows,
        note=f"Alpha: Krippendorff's alpha of the label against all others together. {_INTERVAL}",
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
        each = estimate_of(draft, name)
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
        each = estimate_of(draft, name)
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
    for _, label, name in labels_of(draft):
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
        ["Label", Column("Of the majorities", 1.2), "Low", "High", Column("Per response", 1.2), "Low", "High"],
        rows,
        note="Of the majorities: share of the stimuli with a majority whose majority is on this label. Per response: "
        f"these stimuli by all responses that chose the label. {_INTERVAL}",
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
