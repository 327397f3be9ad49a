"""The figures of the page on common ground that need a frozen study: what more responses would change, each source,
and the map of feelings.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, dots, mark_class
from analysis.charts.curves import CurveLine, Point, curves
from analysis.charts.label_map import Edge, Node, label_map
from analysis.charts.marks import as_number, as_percent
from analysis.explorer_links import images
from analysis.figures import Figure, catalogue_definition, moment
from analysis.models import AnalysisResult
from analysis.statistics import MAJORITY_RULES, POLARITIES

#: Pairs of labels in a table; 200 labels have 19,900, which no page should carry.
MOST_PAIRS = 500
#: What sources may be compared by, in the order of the choice: name -> (title, is a share)
BY_SOURCE: dict[str, tuple[str, bool]] = {
    **{
        f"majority.{rule.name}": (f"Majority: {rule.title[0].lower()}{rule.title[1:]}", True) for rule in MAJORITY_RULES
    },
    "krippendorff_alpha": ("Krippendorff's alpha", False),
    "pairwise_agreement": ("Pairwise agreement", True),
    "human_ceiling.accuracy": ("Human ceiling: accuracy", True),
    "mean_entropy_grassberger_nats": ("Mean entropy (nats, Grassberger)", False),
    "positive_and_negative": ("Positive and negative at once", True),
    "mixed_polarity": ("Mixed polarity", True),
    **{f"polarity_share.{polarity}": (f"Share of responses: {polarity}", True) for polarity in POLARITIES},
}


def all_in_csv(n_pairs: int) -> str:
    """What is said where a table does not hold every pair of labels."""
    return f" The table holds the first {MOST_PAIRS} of {n_pairs:,} pairs, the CSV all." if n_pairs > MOST_PAIRS else ""


def _curve(
    result: AnalysisResult, figure_id: str, title: str, lead: str, names: Sequence[tuple[str, str]], *, as_share: bool
) -> Figure | None:
    found = result.result["curves"]
    lines, rows, raw, links = [], [], [], []
    for number, (name, words) in enumerate(names):
        curve = found.get(name)
        if curve is None:
            continue
        # every point rests on the images with as many responses as the curve's end
        most = max(curve["n_responses"], default=1)
        rule = {"majority": name.removeprefix("majority.")} if name.startswith("majority.") else {}
        links += [images(responses_min=most, **rule)] * len(curve["n_responses"])
        points = list(zip(curve["n_responses"], curve["estimates"], strict=True))
        drawn = [Point(n, e["value"], e["low"], e["high"]) for n, e in points]
        lines.append(CurveLine(words, drawn, f"series-{number % 4 + 1}"))
        write = as_percent if as_share else as_number
        rows += [[words, str(n), *(write(number) for number in _raw(e)[:3])] for n, e in points]
        raw += [[name, n, *_raw(e)[:3]] for n, e in points]
    if not any(len(line.points) > 1 for line in lines):
        return None
    ticks = _ticks([v for line in lines for p in line.points for v in (p.value, p.low, p.high) if v is not None])
    axis = (ticks[0], ticks[-1])
    drawing = curves(title, lead, lines, axis=axis, ticks=ticks, below="responses per image")
    n = max((e["n"] for curve in found.values() for e in curve["estimates"]), default=0)
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(drawing),  # noqa: S308 (our own drawing)
        columns=["Figure", "Responses per image", "Value", "Low (95 %)", "High (95 %)"],
        rows=rows,
        raw_columns=["figure", "responses_per_stimulus", "value", "low", "high"],
        raw_rows=raw,
        definition="What would be found if so many of each image's responses were drawn at random, on the "
        f"{n:,} images that have as many as the curve's end. Means over images exactly (multivariate hypergeometric "
        "distribution); alpha, kappa and AC1 from one seeded draw. Upright lines: 95 % of resamples of the images. "
        "Reliability: Spearman (1910), Brown (1910).",
        source=of_snapshot(result),
        css="half",
        links=links,
    )


def _ticks(values: Sequence[float]) -> list[float]:
    """Numbers with one decimal that enclose 0 and the values, six at most."""
    low, high = min([0.0, *values]), max([0.1, *values])
    step = next((step for step in (0.1, 0.2, 0.5, 1.0) if (high - low) / step <= 5), 2.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 1) for number in range(first, last + 1)]


def majority_curve(result: AnalysisResult) -> Figure | None:
    return _curve(
        result,
        "curve-majority",
        "Majorities, had fewer people been asked",
        "With few people an image has a majority by luck; where the line is level, more people change nothing.",
        [(f"majority.{rule.name}", rule.title) for rule in MAJORITY_RULES],
        as_share=True,
    )


def ceiling_curve(result: AnalysisResult) -> Figure | None:
    return _curve(
        result,
        "curve-ceiling",
        "The human ceiling and reliability, by how many people",
        "Reliability: how well one set of people tells the shares that another set would give.",
        [
            ("human_ceiling.accuracy", "Human ceiling: accuracy"),
            ("reliability", "Reliability of the shares"),
            ("pairwise_agreement", "Pairwise agreement"),
        ],
        as_share=True,
    )


def entropy_curve(result: AnalysisResult) -> Figure | None:
    return _curve(
        result,
        "curve-entropy",
        "Entropy, by how many people",
        "Plain entropy grows with every person asked; the corrected ones should not.",
        [
            ("mean_entropy_nats", "Plain"),
            ("mean_entropy_miller_madow_nats", "Miller and Madow"),
            ("mean_entropy_grassberger_nats", "Grassberger"),
        ],
        as_share=False,
    )


def chance_curve(result: AnalysisResult) -> Figure | None:
    return _curve(
        result,
        "curve-chance",
        "Agreement beyond chance, by how many people",
        "These hardly move with more people; their intervals narrow.",
        [("krippendorff_alpha", "Krippendorff's alpha"), ("fleiss_kappa", "Fleiss' kappa"), ("gwet_ac1", "Gwet's AC1")],
        as_share=False,
    )


def by_source(result: AnalysisResult, name: str) -> Figure | None:
    """One figure for each source; the table and the CSV hold them all."""
    sources = result.result["by_source"]
    if not sources:
        return None
    title, is_share = BY_SOURCE[name]
    ranked = sorted(sources, key=lambda source: (-(sources[source]["estimates"][name]["value"] or 0), source))
    write = as_percent if is_share else as_number
    drawn = []
    values = []
    for source in ranked:
        estimate = sources[source]["estimates"][name]
        values += [number for number in _raw(estimate)[:3] if number is not None]
        words = write(estimate["value"])
        if estimate["low"] is not None:
            words += f" [{write(estimate['low'])}, {write(estimate['high'])}]"
        drawn.append(
            Dot(
                source or "without a source",
                estimate["value"],
                estimate["low"],
                estimate["high"],
                words,
                estimate["reason"] or "",
                href=images(source=source) if source else "",
            )
        )
    left, right = (0.0, 1.0) if is_share else (min([0.0, *values]), max([*values, 0.1]) * 1.05)
    heading = f"By source: {title[0].lower()}{title[1:]}" if not title.startswith("Krip") else f"By source: {title}"
    whole = result.result["estimates"][name]
    lead = f"All together: {write(whole['value'])}."
    names = [each for each in BY_SOURCE if each in sources[ranked[0]]["estimates"]]
    return Figure(
        id="by-source",
        title=heading,
        lead=lead,
        svg=mark_safe(  # noqa: S308 (our own drawing)
            dots(heading, lead, drawn, axis=(left, right), ticks=[(left, write(left)), (right, write(right))])
        ),
        columns=["Source", "Images", "Responses", *(BY_SOURCE[each][0] for each in names)],
        rows=[
            [
                source or "without a source",
                f"{sources[source]['n_stimuli']:,}",
                f"{sources[source]['n_responses']:,}",
                *(
                    (as_percent if BY_SOURCE[each][1] else as_number)(sources[source]["estimates"][each]["value"])
                    for each in names
                ),
            ]
            for source in ranked
        ],
        raw_columns=["source", "statistic", "value", "low", "high", "stimuli"],
        raw_rows=[
            [source, each, *_raw(estimate)]
            for source in ranked
            for each, estimate in sources[source]["estimates"].items()
        ],
        definition=_definition_of(name),
        source=of_snapshot(result),
        links=[images(source=source) if source else "" for source in ranked],
    )


_OF_THE_MAP = (
    "Two responses to one image that chose different labels are one meeting of these labels. The meetings are compared "
    "with what they would be if, whenever two people differ, each label met the others in proportion to how often it "
    "meets anything (quasi-independence, Goodman 1968): above 1 two feelings blend, below 1 they keep apart. Circles: "
    "share of responses. Lines: pairs whose whole 95 % interval lies above 1, thicker for more. Nearness: those that "
    "blend lie near (Torgerson 1952, de Leeuw 1977); positive feelings to the right, up and down mean nothing."
)


def emotion_map(result: AnalysisResult) -> Figure | None:
    """Where the labels stand, joined where they surely blend."""
    found = result.result
    labels = found["labels"]
    if len(labels) < 2 or not found["n_responses"]:
        return None
    place_of = {label["id"]: place for place, label in enumerate(labels)}
    name_of = {label["id"]: label.get("name") or label["id"] for label in labels}
    nodes = [
        Node(
            name_of[label["id"]],
            found["places"][label["id"]][0],
            found["places"][label["id"]][1],
            found["label_totals"][label["id"]] / found["n_responses"],
            mark_class(label["id"], label.get("polarity"), place),
            images(felt=label["id"]),
        )
        for place, label in enumerate(labels)
    ]
    ranked = sorted(found["pairs"], key=lambda pair: -(pair["blend"]["value"] or 0))
    sure = [pair for pair in ranked if (pair["blend"]["low"] or 0) > 1]
    edges = [
        Edge(
            place_of[pair["first"]],
            place_of[pair["second"]],
            math.log(min(pair["blend"]["value"], 4)) / math.log(4),
            f"{name_of[pair['first']]} and {name_of[pair['second']]}: {as_number(pair['blend']['value'])} times as "
            "often as expected",
        )
        for pair in sure
    ]
    if sure:
        best = sure[0]
        lead = (
            f"Nearest: {name_of[best['first']]} and {name_of[best['second']]}, met {as_number(best['blend']['value'])} "
            "times as often as expected when two people differ."
        )
    else:
        lead = "No two feelings meet more often than expected so surely that it could be said yet."
    title = "The map of feelings"
    stress = "" if found["stress"] is None else f" How far the map bends the distances (stress): {found['stress']:.2f}."
    return Figure(
        id="emotion-map",
        title=title,
        lead=lead,
        svg=mark_safe(label_map(title, lead, nodes, edges)),  # noqa: S308 (our own drawing)
        columns=["Two feelings", "Images with both", "Times as often as expected", "Low (95 %)", "High (95 %)"],
        rows=[
            [
                f"{name_of[pair['first']]} and {name_of[pair['second']]}",
                f"{pair['n_stimuli']:,}",
                *(as_number(pair["blend"][key]) for key in ("value", "low", "high")),
            ]
            for pair in ranked[:MOST_PAIRS]
        ],
        raw_columns=["first", "second", "stimuli_with_both", "met", "expected", "blend", "low", "high"],
        raw_rows=[
            [pair["first"], pair["second"], pair["n_stimuli"], pair["met"], pair["expected"], *_raw(pair["blend"])[:3]]
            for pair in ranked
        ],
        definition=_OF_THE_MAP + stress + all_in_csv(len(ranked)),
        source=of_snapshot(result),
        links=[images(felt=[pair["first"], pair["second"]]) for pair in ranked[:MOST_PAIRS]],
    )


CURVES: dict[str, Callable[[AnalysisResult], Figure | None]] = {
    "curve-majority": majority_curve,
    "curve-ceiling": ceiling_curve,
    "curve-entropy": entropy_curve,
    "curve-chance": chance_curve,
}


def of_snapshot(result: AnalysisResult) -> str:
    """Below a figure of a snapshot: what it rests on, and as of when."""
    found = result.result
    seed = f" Seed {result.seed}." if result.seed is not None else ""
    return (
        f"{found['n_responses']:,} responses to {found['n_stimuli']:,} images, frozen as snapshot "
        f"{result.snapshot_id[:12]}. Computed {moment(result.created_at)} by program {result.code_version}.{seed}"
    )


def _definition_of(name: str) -> str:
    rule = next((rule for rule in MAJORITY_RULES if name == f"majority.{rule.name}"), None)
    return f"{rule.title}: {rule.sentence} Source: {rule.source}." if rule else catalogue_definition(name)


def _raw(estimate: Mapping[str, Any]) -> list[Any]:
    return [estimate["value"], estimate["low"], estimate["high"], estimate["n"]]
