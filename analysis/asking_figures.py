"""The figures of the page on how the asking shaped the answer."""

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, dots, mark_class
from analysis.charts.marks import as_p, signed_points
from analysis.disagreement_figures import below
from analysis.explorer_links import images
from analysis.figures import Figure
from analysis.models import AnalysisResult

CAUSAL = "Chance decided what is compared, so this is an effect of the asking."
NOT_CAUSAL = "People were not put into these by chance: a difference, not an effect of the asking."


def asking_figures(result: AnalysisResult) -> list[Figure]:
    """All that can be drawn, in their order on the page; effects that cannot be told say why in their row."""
    found = result.result
    place, carried, session = found["place"], found["carry_over"], found["session"]
    per = session["per_images"]
    slopes = {slope["name"]: slope for slope in session["slopes"]}
    figures = [
        _figure(
            result,
            "place",
            "The place on the screen",
            [
                ("Shown first", place["first"]),
                *((f"Place {one['name']}", one) for one in place["places"][1:]),
                ("Each place further down", place["slope"]),
            ],
            definition="How often the label at a place was chosen, in percentage points beyond the share of others "
            f"who chose that label at the same image with their own orders. {CAUSAL}",
        ),
        _figure(
            result,
            "carry-over",
            "The image before",
            [
                ("The image before moves people to a label", carried["before"]),
                ("The own answer before, again", carried["own"]),
                *((f"The own answer {one['name']} images ago, again", one) for one in carried["lags"][1:]),
            ],
            definition="First row: if all others felt a label at the image before, how many points more often it is "
            "chosen here, comparing people who came to the same image from different ones; which image came before "
            "was drawn by chance, so this is an effect of the asking. The other rows: how many points more often one's "
            "own label of an earlier answer is given again, less the same five to nine answers ago, which holds habit; "
            "a mood that lasts some images counts here, too, so this is a difference, not an effect.",
        ),
        _figure(
            result,
            "going-on",
            f"Going on: per {per} further images of a session",
            [
                ("Agreement with the others", slopes["agreement"]),
                ("The same label as the time before", slopes["same again"]),
                ("Time for an answer", slopes["speed"]),
            ],
            definition=f"Each person beside herself, per {per} further images of a session (which ends with half an "
            "hour of nothing): the share of others who chose the same label, and the same label as the time before "
            "beyond what others chose, in percentage points; the time for an answer in percent. The order of the "
            f"images was drawn by chance. {CAUSAL}",
        ),
    ]
    if len(session["curve"]) > 1:
        figures.append(_curve(result))
    for circumstance in found["circumstances"]:
        for value in circumstance["values"]:
            figure = _circumstance(result, circumstance["name"], value)
            # two languages may be spelled with the same letters, such as zh-Hans and zh_Hans
            taken = {each.id for each in figures}
            names = [figure.id, *(f"{figure.id}-{number}" for number in range(2, len(taken) + 2))]
            figure.id = next(name for name in names if name not in taken)
            figures.append(figure)
    return figures


def _figure(
    result: AnalysisResult, figure_id: str, title: str, rows: Sequence[tuple[str, dict[str, Any]]], *, definition: str
) -> Figure:
    told = [effect for _, effect in rows if effect["value"] is not None]
    lead = _lead(rows) if told else (rows[0][1]["reason"] or "")
    return _drawn(result, figure_id, title, lead, rows, definition=definition)


def _curve(result: AnalysisResult) -> Figure:
    curve = result.result["session"]["curve"]
    ends = [one["first"] - 1 for one in curve[1:]]
    rows = [
        (f"Images {one['first']} to {end}" if end else f"Image {one['first']} and later", one)
        for one, end in zip(curve, [*ends, None], strict=True)
    ]
    return _drawn(
        result,
        "session-curve",
        "Agreement along a session",
        "Each person's agreement with the others beside her own mean, in percentage points.",
        rows,
        definition="The share of others at the same image who chose the same label, less the person's own mean; by "
        "the place of the image in its session.",
    )


def _circumstance(result: AnalysisResult, name: str, value: dict[str, Any]) -> Figure:
    labels = result.result["labels"]
    rows = [
        (str(label.get("name") or label["id"]), effect) for label, effect in zip(labels, value["labels"], strict=True)
    ]
    beyond = [rows[at][0] for at in value["beyond_chance"]]
    lead = (
        f"{value['n']:,} answers of {value['n_people']:,} people. Beyond chance: {', '.join(beyond)}."
        if beyond
        else f"{value['n']:,} answers of {value['n_people']:,} people. No label differs beyond chance."
    )
    title = f"{name.capitalize()}: {value['value'] or 'unknown'}"
    css = [mark_class(label["id"], label.get("polarity"), at) for at, label in enumerate(labels)]
    slug = "".join(each if each.isascii() and each.isalnum() else "-" for each in value["value"].lower()) or "unknown"
    return _drawn(
        result,
        f"{name}-{slug}",
        title,
        lead,
        rows,
        css=css,
        definition="How often each label was chosen, in percentage points beyond the others' shares at the same "
        f"images. Which labels differ beyond chance is judged over all of them together (Holm). {NOT_CAUSAL}",
        half=True,
        links=[images(felt=label["id"]) for label in labels],
    )


def _drawn(
    result: AnalysisResult,
    figure_id: str,
    title: str,
    lead: str,
    rows: Sequence[tuple[str, dict[str, Any]]],
    *,
    definition: str,
    css: Sequence[str] = (),
    half: bool = False,
    links: Sequence[str] = (),
) -> Figure:
    ends = [abs(effect[key]) for _, effect in rows for key in ("value", "low", "high") if effect[key] is not None]
    reach = max([*ends, 0.01]) * 1.05
    points = [
        Dot(
            name,
            effect["value"],
            effect["low"],
            effect["high"],
            signed_points(effect["value"]),
            effect["reason"] or "",
            css[at] if css else "series-1",
            href=links[at] if links else "",
        )
        for at, (name, effect) in enumerate(rows)
    ]
    ticks = [(-reach, signed_points(-reach)), (0.0, "0"), (reach, signed_points(reach))]
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, points, axis=(-reach, reach), ticks=ticks)),  # noqa: S308
        columns=["", "Difference", "Low (95 %)", "High (95 %)", "p", "Answers", "People", "An effect of the asking"],
        rows=[
            [
                name,
                *(signed_points(effect[key]) for key in ("value", "low", "high")),
                as_p(effect["p"]),
                f"{effect['n']:,}",
                f"{effect['n_people']:,}",
                "yes" if effect["causal"] else "no",
            ]
            for name, effect in rows
        ],
        raw_columns=["what", "value", "low", "high", "p", "n", "n_people", "causal", "reason"],
        raw_rows=[
            [name, *(effect[key] for key in ("value", "low", "high", "p", "n", "n_people", "causal", "reason"))]
            for name, effect in rows
        ],
        definition=f"{definition} Intervals are robust to people and to images. Source: {result.definition['source']}.",
        source=below(result, n=result.result["n_answers"], n_stimuli=result.result["n_stimuli"]),
        css="half" if half else "",
        links=links,
    )


def _lead(rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    clear = [
        (name, effect)
        for name, effect in rows
        if effect["low"] is not None and (effect["low"] > 0 or effect["high"] < 0)
    ]
    if not clear:
        return "No effect that the answers could show: every interval holds 0."
    name, effect = clear[0]
    return (
        f"{name}: {signed_points(effect['value'])} ({signed_points(effect['low'])} to {signed_points(effect['high'])})."
    )
