"""The figures of what people made of explanations, with the paper's own beside, marked as published."""

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, dots
from analysis.charts.marks import as_number, as_percent
from analysis.figures import Figure, moment
from analysis.judged.trials import HUMAN
from analysis.models import AnalysisResult

#: Affection (arXiv 2210.01946), emotional Turing test: share in which only the network's text was judged human.
PUBLISHED_NETWORK_ONLY = {
    "default": 0.156,
    "grounded": 0.182,
    "pragmatic": 0.197,
    "grounded_pragmatic": 0.190,
}
PUBLISHED = (
    "Published in Affection (CVPR 2023): “both” in more than 40 % of the trials of every variant; only the network's "
    "text taken for a person's in 15.6 % (default), 18.2 % (emotion-grounded), 19.7 % (pragmatic) and 19.0 % (both); "
    "so about 60 to 65 % pass."
)
PERCENT_TICKS = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))


def judged_figures(result: AnalysisResult, titles: Mapping[str, str]) -> list[Figure]:
    """titles: how variants are called; another one goes by its own name."""
    design = result.result["design"]
    make = {"turing": _passing, "preference": _preferred, "plausibility": _plausible}[design]
    return make(result, {HUMAN: "People", **titles})


def _passing(result: AnalysisResult, titles: Mapping[str, str]) -> list[Figure]:
    found = result.result["variants"]
    title = "Who passes for a person"
    lead = "Share of judgements in which the network's text was taken for a person's: both, or only the network's."
    rows = [_dot(titles.get(name, name), one["passes"]) for name, one in found.items()]
    table, raw = [], []
    for name, one in found.items():
        shares = [one[part] for part in ("both", "network_only", "human_only", "none", "passes")]
        published = PUBLISHED_NETWORK_ONLY.get(name)
        table.append(
            [
                titles.get(name, name),
                f"{one['n_judgements']:,}",
                *(_with_interval(share) for share in shares),
                _monitored(one["monitored"]),
                as_percent(published) if published is not None else "–",
            ]
        )
        raw.append(
            [
                name,
                one["n_judgements"],
                one["n_trials"],
                *(share[part] for share in shares for part in ("value", "low", "high")),
                *(one["monitored"][part] for part in ("n", "n_passed", "low", "high")),
                published,
            ]
        )
    parts = ("both", "network_only", "human_only", "none", "passes")
    return [
        Figure(
            id="passing",
            title=title,
            lead=lead,
            svg=mark_safe(dots(title, lead, rows, axis=(0.0, 1.0), ticks=PERCENT_TICKS)),  # noqa: S308
            columns=[
                "Variant", "Judgements", "Both", "Network only", "Person only", "Neither", "Passes",
                "Passes, at every look", "Network only, published",
            ],
            rows=table,
            raw_columns=[
                "variant", "n_judgements", "n_trials",
                *(f"{part}{end}" for part in parts for end in ("", "_low", "_high")),
                "monitored_n", "monitored_n_passed", "monitored_low", "monitored_high", "published_network_only",
            ],
            raw_rows=raw,
            definition=f"{result.definition['definition']} {PUBLISHED}",
            source=_about(result),
        )
    ]  # fmt: skip


def _preferred(result: AnalysisResult, titles: Mapping[str, str]) -> list[Figure]:
    found = result.result["variants"]
    title = "Which variant explains better"
    lead = "Strength by Bradley and Terry: a lead of 1.1 means that three of four people prefer it."
    ends = [abs(end) for one in found.values() for end in (one["strength"]["low"], one["strength"]["high"]) if end]
    reach = max([1.0, *ends])
    rows = [_dot(titles.get(name, name), one["strength"], words=as_number) for name, one in found.items()]
    order = result.result["order"]
    table = [
        [titles.get(name, name), _with_interval(one["strength"], as_number), *(f"{wins:g}" for wins in one["wins"])]
        for name, one in found.items()
    ]
    raw = [
        [name, *(one["strength"][part] for part in ("value", "low", "high")), *one["wins"]]
        for name, one in found.items()
    ]
    return [
        Figure(
            id="preferred",
            title=title,
            lead=lead,
            svg=mark_safe(  # noqa: S308
                dots(
                    title,
                    lead,
                    rows,
                    axis=(-reach, reach),
                    ticks=((-reach, as_number(-reach)), (0.0, "0"), (reach, as_number(reach))),
                )
            ),
            columns=["Variant", "Strength", *(f"Preferred to {titles.get(name, name)}" for name in order)],
            rows=table,
            raw_columns=["variant", "strength", "low", "high", *(f"preferred_to_{name}" for name in order)],
            raw_rows=raw,
            definition=result.definition["definition"],
            source=_about(result),
        )
    ]


def _plausible(result: AnalysisResult, titles: Mapping[str, str]) -> list[Figure]:
    found, most = result.result["variants"], float(result.result["n_labels"])
    title = "How plausible the explanations are"
    lead = f"Mean place on the scale from 1 to {most:.0f}; what people wrote stands beside."
    rows = [_dot(titles.get(name, name), one["mean"], words=as_number) for name, one in found.items()]
    return [
        Figure(
            id="plausible",
            title=title,
            lead=lead,
            svg=mark_safe(dots(title, lead, rows, axis=(1.0, most), ticks=((1.0, "1"), (most, f"{most:.0f}")))),  # noqa: S308
            columns=["Variant", "Judgements", "Mean"],
            rows=[
                [titles.get(name, name), f"{one['n_judgements']:,}", _with_interval(one["mean"], as_number)]
                for name, one in found.items()
            ],
            raw_columns=["variant", "n_judgements", "mean", "low", "high"],
            raw_rows=[
                [name, one["n_judgements"], *(one["mean"][part] for part in ("value", "low", "high"))]
                for name, one in found.items()
            ],
            definition=result.definition["definition"],
            source=_about(result),
        )
    ]


def _dot(name: str, share: Mapping[str, Any], words: Any = as_percent) -> Dot:
    said = _with_interval(share, words) if share["value"] is not None else ""
    return Dot(name, share["value"], share["low"], share["high"], said, share["reason"] or "")


def _with_interval(share: Mapping[str, Any], words: Any = as_percent) -> str:
    if share["value"] is None:
        return "–"
    if share["low"] is None:
        return str(words(share["value"]))
    return f"{words(share['value'])} [{words(share['low'])}, {words(share['high'])}]"


def _monitored(one: Mapping[str, Any]) -> str:
    return "–" if one["low"] is None else f"{as_percent(one['low'])} to {as_percent(one['high'])} (n = {one['n']:,})"


def _about(result: AnalysisResult) -> str:
    found = result.result
    return (
        f"{found['n_judgements']:,} judgements of {found['n_trials']:,} trials on {found['n_images']:,} images by "
        f"{found['n_judges']:,} people. Snapshot {result.snapshot_id[:12]}, {moment(result.created_at)}."
    )
