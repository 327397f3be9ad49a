"""Figures of rated explanations: plausibility per version and feeling, and what seeing them did to later answers."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, dots
from analysis.charts.marks import as_number, as_p, as_percent, signed_points
from analysis.comparison_figures import VERDICTS
from analysis.explorer_links import images
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult
from modelserve.variants import VARIANTS

TICKS = ((1.0, "1 not at all"), (2.0, "2"), (3.0, "3"), (4.0, "4"), (5.0, "5 fully"))
SPLITS = {"unlearned": "Images it had not learned from", "learned": "Images it had learned from"}
OUTCOMES = {
    "distribution": "All feelings together: distance of the two distributions",
    "n_words": "Length of the text, in words",
    "with_others": "Agreement with the others at the image",
    "likeness": "Likeness of the words to the network's",
    "seconds": "Time per answer",
}


def machine_text_figures(row: AnalysisResult) -> list[Figure]:
    """Of each version one figure; then the differences of the feelings' shares, once both sides have people."""
    names = {one["label"]["id"]: one["label"]["name"] for one in row.result["effect"]["labels"]}
    figures = [_plausible(row, version, names) for version in row.result["versions"]]
    differences = _feelings(row)
    return [*figures, *([differences] if differences else [])]


def _plausible(row: AnalysisResult, version: Mapping[str, Any], names: Mapping[str, str]) -> Figure:
    speaking = VARIANTS[version["variant"]].title if version["variant"] in VARIANTS else version["variant"]
    title = f"How plausible: version {version['version']}, {speaking.lower()}"
    groups: list[tuple[str, str, dict[str, Any], str]] = [("all", "All feelings", version["all"], "")]
    groups += [
        (label, str(names.get(label, label)), rated, images(felt=label)) for label, rated in version["labels"].items()
    ]
    groups += [(name, words, version["splits"][name], "") for name, words in SPLITS.items()]
    lead = "Mean of ratings from 1 to 5, with what images and people leave open."
    if version["learned_from_simulated"]:
        lead += " This version learned from simulated answers."
    drawn = [_dot(words, rated, href) for _, words, rated, href in groups]
    return Figure(
        id=f"plausible-{version['version']}-{version['variant'].replace('_', '-')}",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=(1.0, 5.0), ticks=TICKS)),  # noqa: S308
        columns=["Feeling", "Shown", "Rated", "Mean", "1", "2", "3", "4", "5"],
        rows=[
            [words, f"{rated['n_shown']:,}", f"{rated['n_rated']:,}", _mean(rated["mean"]),
             *(f"{count:,}" for count in rated["counts"])]
            for _, words, rated, _href in groups
        ],
        raw_columns=["group", "n_shown", "n_rated", "mean", "low", "high", *(f"rated_{n}" for n in range(1, 6))],
        raw_rows=[
            [name, rated["n_shown"], rated["n_rated"], *(rated["mean"][end] for end in ("value", "low", "high")),
             *rated["counts"]]
            for name, _, rated, _href in groups
        ],
        definition=row.definition["definition"],
        source=_about(row),
        links=[href for _, _, _, href in groups],
    )  # fmt: skip


def _dot(name: str, rated: Mapping[str, Any], href: str) -> Dot:
    mean = rated["mean"]
    return Dot(name, mean["value"], mean["low"], mean["high"], _mean(mean), reason=mean["reason"] or "", href=href)


def _mean(mean: Mapping[str, Any]) -> str:
    if mean["value"] is None:
        return "–"
    if mean["low"] is None:
        return as_number(mean["value"])
    return f"{as_number(mean['value'])} [{as_number(mean['low'])}, {as_number(mean['high'])}]"


def _feelings(row: AnalysisResult) -> Figure | None:
    """None where a side has nobody, so that no share can be said of it."""
    labels = [one for one in row.result["effect"]["labels"] if one["value"] is not None]
    if not labels:
        return None
    title = "Feelings of later answers: shown minus held out"
    lead = "In percentage points, with 95 % intervals; right of 0: chosen more often by those who saw the texts."
    ends = [abs(one[end]) for one in labels for end in ("value", "low", "high") if one[end] is not None]
    reach = max(0.1, math.ceil(max(ends) * 10) / 10)
    drawn = [
        Dot(
            f"{one['label']['name']}: {VERDICTS[one['verdict']]}",
            one["value"],
            one["low"],
            one["high"],
            signed_points(one["value"]),
            reason=one["reason"] or "",
        )
        for one in labels
    ]
    ticks = ((-reach, signed_points(-reach, 0)), (0.0, "0"), (reach, signed_points(reach, 0)))
    return Figure(
        id="feelings",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=(-reach, reach), ticks=ticks)),  # noqa: S308
        columns=[
            "Feeling", "Shown", "Held out", "Difference", "p, corrected", "p of the same, corrected",
            "What can be said",
        ],
        rows=[
            [
                one["label"]["name"],
                as_percent(one["shown"]),
                as_percent(one["held_out"]),
                f"{signed_points(one['value'])}{_between(one, signed_points)}",
                as_p(one["p_corrected"]),
                as_p(one["p_equivalence_corrected"]),
                one["reason"] or str(VERDICTS[one["verdict"]]),
            ]
            for one in labels
        ],
        raw_columns=["label", *_RAW],
        raw_rows=[[one["label"]["id"], *(one[name] for name in _RAW)] for one in labels],
        definition=row.definition["definition"],
        source=_about(row),
        links=[images(felt=one["label"]["id"]) for one in labels],
    )  # fmt: skip


_RAW = ("shown", "held_out", "value", "low", "high", "p", "p_corrected", "p_equivalence", "p_equivalence_corrected",
        "margin", "n", "verdict")  # fmt: skip


def _between(one: Mapping[str, Any], write: Any) -> str:
    return "" if one["low"] is None else f" [{write(one['low'])}, {write(one['high'])}]"


def effect_rows(row: AnalysisResult) -> dict[str, Any]:
    """The hold-out's table in words: rows of name, shown, held_out, difference, p, verdict, reason; and who counts."""
    effect = row.result["effect"]
    rows = [_effect_row(one) for one in [effect["distribution"], *effect["outcomes"]]]
    return {
        "rows": rows,
        "n_people": effect["n_people"],
        "n_answers": effect["n_answers"],
        "cannot_tell": all(one["verdict"] == "cannot_tell" for one in [effect["distribution"], *effect["outcomes"]]),
    }


def _effect_row(one: Mapping[str, Any]) -> dict[str, str]:
    name = one["name"]
    write: Any = as_percent if name in ("with_others", "distribution") else as_number
    shown, held_out = write(one["shown"]), write(one["held_out"])
    difference = "–"
    if name == "distribution" and one["value"] is not None:
        low, high = one["by_chance"]
        difference = f"{as_percent(one['value'])}; by chance alone {as_percent(low)} to {as_percent(high)}"
    elif one["is_log"]:
        shown, held_out = (_seconds(one[side]) for side in ("shown", "held_out"))
        difference = _ratio(one)
    elif one["value"] is not None:
        points = signed_points if name == "with_others" else _signed
        difference = f"{points(one['value'])}{_between(one, points)}"
    return {
        "name": OUTCOMES[name],
        "shown": shown,
        "held_out": held_out,
        "difference": difference,
        "p": as_p(one["p_corrected"]),
        "verdict": str(VERDICTS[one["verdict"]]),
        "reason": one["reason"] or "",
    }


def _signed(number: float, decimals: int = 2) -> str:
    spelled = as_number(number, decimals)
    return f"+{spelled}" if number > 0 and spelled.strip("0.") else spelled


def _seconds(log: float | None) -> str:
    return "–" if log is None else f"{math.exp(log):.1f} s"


def _ratio(one: Mapping[str, Any]) -> str:
    """Of times, as a change in per cent."""
    if one["value"] is None:
        return "–"

    def write(value: float) -> str:
        return f"{_signed(100 * math.expm1(value), 1)} %"

    return f"{write(one['value'])}{_between(one, write)}"


def _about(row: AnalysisResult) -> str:
    found = row.result
    simulated = f", {found['n_simulated']:,} turns of simulated people among them" if found["n_simulated"] else ""
    return (
        f"Ratings: {found['n_rated']:,}, of {found['n_shown']:,} texts shown; people who rated: {found['n_raters']:,}"
        f"{simulated}. Snapshot {row.snapshot_id[:12]}, {moment(row.created_at)}."
    )
