"""The figures of the page that takes disagreement apart: the parts, the labels that come together, types of people."""

import math
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, WholePart, dots, mark_class, parts_bar
from analysis.charts.disagreement_parts import PARTS
from analysis.charts.label_map import Edge, Node, label_map
from analysis.charts.marks import as_number, as_p, as_percent, signed_points
from analysis.common_ground_of_snapshot import MOST_PAIRS, all_in_csv
from analysis.explorer_links import images
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult

N_TYPE_LABELS = 9


def below(result: AnalysisResult, *, n: int, n_stimuli: int) -> str:
    """What every figure rests on."""
    simulated = result.result["n_simulated"]
    of_which = f" ({simulated:,} simulated)" if simulated else ""
    return (
        f"{n:,} accepted responses to {n_stimuli:,} images{of_which}. Snapshot {result.snapshot_id[:12]}, computed "
        f"{moment(result.created_at)} by program {result.code_version}."
    )


def parts_figure(result: AnalysisResult) -> Figure:
    """Where nothing at all can be said, its table says so."""
    found = result.result["parts"]
    whole = found["disagreement"]["value"] or 0.0
    bars, rows, raw = [], [], []
    for name, (title, meaning, css) in PARTS.items():
        share, part = found["shares"][name], found["parts"][name]
        bars.append(WholePart(title, meaning, share["value"], share["low"], share["high"], css, part["reason"] or ""))
        rows.append([title, *(as_percent(share[key]) for key in ("value", "low", "high")), as_number(part["value"], 3)])
        raw.append(
            [name, *(share[key] for key in ("value", "low", "high")), *(part[k] for k in ("value", "low", "high"))]
        )
    title = "Why two people choose different labels"
    lead = (
        f"Of 100 pairs of people in front of the same image, {100 * whole:.0f} choose different labels"
        f"{_ends(found['disagreement'])}. The bar is all of these disagreements."
    )
    return Figure(
        id="parts",
        title=title,
        lead=lead,
        svg=mark_safe(parts_bar(title, _spoken(bars), bars)),  # noqa: S308 (our own drawing, every word escaped)
        columns=["Part", "Share of the disagreement", "Low (95 %)", "High (95 %)", "Chance of differing"],
        rows=rows,
        raw_columns=["part", "share", "share_low", "share_high", "value", "low", "high"],
        raw_rows=raw,
        definition=f"{result.definition['definition']} Source: {result.definition['source']}.",
        source=below(result, n=found["n_answers"], n_stimuli=found["n_stimuli"]),
        links=[_behind_part(name, result) for name in PARTS],
    )


def _behind_part(name: str, result: AnalysisResult) -> str:
    """Where a part can be seen: images that move people in many ways, or a page about it."""
    overlapping = result.result["parts"]["overlapping"]
    if name == "overlap":
        labels = result.result["labels"]
        both = [labels[overlapping[0][end]]["id"] for end in ("one", "other")] if overlapping else []
        return images(felt=both) if both else "#together"
    return {
        "ambiguity": images(sort="entropy_high"),
        "group": "groups",
        "habit": "annotators",
        "noise": images(sort="agreement_low"),
    }[name]


def together_figure(result: AnalysisResult) -> Figure | None:
    """The graph of labels that two people choose at the same image more often than chance would have it."""
    graph, labels = result.result["graph"], result.result["labels"]
    names = [_name(label) for label in labels]
    different = [edge for edge in graph["edges"] if edge["one"] != edge["other"]]
    known = sorted((edge for edge in different if edge["lift"] is not None), key=lambda edge: -edge["lift"])
    if not known:
        return None
    drawn = [edge for edge in known if edge["beyond_chance"] == "more"]
    strongest = max((math.log(edge["lift"]) for edge in drawn), default=1.0) or 1.0
    nodes = []
    for at, label in enumerate(labels):
        angle = 2 * math.pi * at / len(labels)
        css = mark_class(label["id"], label.get("polarity"), at)
        nodes.append(
            Node(names[at], math.sin(angle), math.cos(angle), graph["shares"][at], css, images(felt=[label["id"]]))
        )
    ties = [
        Edge(
            edge["one"],
            edge["other"],
            math.log(edge["lift"]) / strongest,
            f"{names[edge['one']]} and {names[edge['other']]}: {edge['lift']:.2f} times chance",
        )
        for edge in drawn
    ]
    title = "Labels that come together"
    lead = _together_words(drawn, names)
    return Figure(
        id="together",
        title=title,
        lead=lead,
        svg=mark_safe(label_map(title, lead, nodes, ties)),  # noqa: S308
        columns=["Two labels", "Times chance", "Low (95 %)", "High (95 %)", "Pairs of answers", "By chance", ""],
        rows=[
            [
                f"{names[edge['one']]} and {names[edge['other']].lower()}",
                *(as_number(edge[key]) for key in ("lift", "low", "high")),
                f"{edge['n_pairs']:,}",
                f"{edge['expected']:,.0f}",
                {"more": "more", "less": "less"}.get(edge["beyond_chance"], "as by chance"),
            ]
            for edge in known[:MOST_PAIRS]
        ],
        raw_columns=["one", "other", "lift", "low", "high", "n_pairs", "expected", "p", "beyond_chance"],
        raw_rows=[
            [
                labels[edge["one"]]["id"],
                labels[edge["other"]]["id"],
                *(edge[key] for key in ("lift", "low", "high", "n_pairs", "expected", "p", "beyond_chance")),
            ]
            for edge in different
        ],
        definition=(
            "How often two people choose these two labels at the same image, by how often two people at different "
            "images would. Lines join the labels that come together more often than chance may do (95 % over all "
            "pairs together, Holm's correction); the thicker, the more often. Intervals resample images."
            + all_in_csv(len(known))
        ),
        source=below(result, n=result.result["parts"]["n_answers"], n_stimuli=graph["n_stimuli"]),
        links=[images(felt=[labels[edge["one"]]["id"], labels[edge["other"]]["id"]]) for edge in known[:MOST_PAIRS]],
    )


def types_figures(result: AnalysisResult) -> list[Figure]:
    """One per type of people, where more than one is warranted: the labels that it chooses more or less than others."""
    types, labels = result.result["types"], result.result["labels"]
    if not types["n_types"] or types["n_types"] < 2:
        return []
    figures = []
    reach = max(abs(end) for side in ("low", "high") for row in types[side] for end in row) or 0.1
    for number in range(types["n_types"]):
        rows = list(zip(labels, types["leanings"][number], types["low"][number], types["high"][number], strict=True))
        size = types["sizes"][number]
        title = f"Type {number + 1}: {size:,} people"
        lead = _leaning_words(rows)
        drawing = dots(
            title,
            lead,
            [
                Dot(
                    _name(label),
                    value,
                    low,
                    high,
                    signed_points(value),
                    css=mark_class(label["id"], label.get("polarity"), at),
                    href=images(felt=label["id"]),
                )
                for at, (label, value, low, high) in enumerate(rows)
            ],
            axis=(-reach, reach),
            ticks=[(-reach, f"−{100 * reach:.0f}"), (0, "as others"), (reach, f"+{100 * reach:.0f}")],
        )
        figures.append(
            Figure(
                id=f"type-{number + 1}",
                title=title,
                lead=lead,
                svg=mark_safe(drawing),  # noqa: S308
                columns=["Label", "Points more than others", "Low (95 %)", "High (95 %)"],
                rows=[[_name(label), *(signed_points(each) for each in numbers)] for label, *numbers in rows],
                raw_columns=["label", "more_than_others", "low", "high"],
                raw_rows=[[label["id"], *numbers] for label, *numbers in rows],
                definition="How often people of this type chose each label beyond what the others chose at the same "
                "images, in percentage points; the interval is over the people of the type.",
                source=below(
                    result, n=result.result["parts"]["n_answers"], n_stimuli=result.result["parts"]["n_stimuli"]
                ),
                css="half",
                links=[images(felt=label["id"]) for label in labels],
            )
        )
    return figures


def overlapping_words(result: AnalysisResult) -> list[str]:
    """The pairs of labels that people use for one another, in words."""
    labels = result.result["labels"]
    return [
        f"{_name(labels[pair['one']])} and {_name(labels[pair['other']]).lower()}: who feels the one names the other "
        f"{as_percent(pair['chance']['value'])} of the time{_ends(pair['chance'])}."
        for pair in result.result["parts"]["overlapping"]
    ]


def types_words(types: dict[str, Any]) -> str:
    """Whether there is more than one type of people, in a sentence."""
    if types["n_types"] is None:
        return str(types["reason"])
    division = types["divisions"][0] if types["divisions"] else None
    told = as_p(division["p"]) if division else ""
    p = f" (dip test, p {'' if told.startswith('<') else '= '}{told})" if division else ""
    if types["n_types"] == 1:
        return (
            f"The {types['n_people']:,} people with enough answers differ smoothly, each in her own way: there are no "
            f"separate types of annotators to tell{p}."
        )
    return f"The {types['n_people']:,} people with enough answers fall into {types['n_types']} types{p}."


def _spoken(bars: list[WholePart]) -> str:
    return ", ".join(f"{bar.name}: {as_percent(bar.share) if bar.share is not None else 'cannot tell'}" for bar in bars)


def _ends(part: dict[str, Any]) -> str:
    if part["low"] is None or part["high"] is None:
        return ""
    return f" (95 % interval {100 * part['low']:.0f} to {100 * part['high']:.0f})"


def _together_words(drawn: list[dict[str, Any]], names: list[str]) -> str:
    if not drawn:
        return "No two labels come together at the same images more often than chance may do."
    first = drawn[0]
    return (
        f"{names[first['one']]} and {names[first['other']].lower()} come together {first['lift']:.1f} times as often "
        f"as by chance; {len(drawn)} pair{'' if len(drawn) == 1 else 's'} of labels do so beyond chance."
    )


def _leaning_words(rows: list[tuple[dict[str, Any], float, float, float]]) -> str:
    clear = sorted((row for row in rows if row[2] > 0 or row[3] < 0), key=lambda row: -abs(row[1]))[:2]
    if not clear:
        return "They choose as the others do."
    return (
        "; ".join(f"{_name(label)} {signed_points(value, 0)} points" for label, value, _, _ in clear)
        + ", beside the others."
    )


def _name(label: dict[str, Any]) -> str:
    return str(label.get("name") or label["id"])
