"""The figures of pages: drawing, table, CSV, definition and source of each, made from stored results."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from analysis.charts import Column, Dot, ShareBar, columns, dots, mark_class, share_bars
from analysis.charts.marks import as_number, as_percent
from analysis.explorer_links import answered, images
from analysis.models import AnnotatorStatistics, StimulusStatistics, StudyStatistics
from analysis.queries import pace_bars
from analysis.statistics import MAJORITY_RULES, POLARITIES, STATISTICS
from analysis.statistics.wilson import wilson_interval

_CATALOGUE = {statistic.name: statistic for statistic in STATISTICS}
_ESTIMATE_COLUMNS = ["Value", "Low (95 %)", "High (95 %)", "Images"]
NO_LABEL_CHOSEN = "No response chose a label yet."
_WILSON = "The line is the 95 % interval after Wilson (1927), taking the answers as independent."


@dataclass
class Figure:
    """As templates/_figure.html wants it.

    raw_rows: the table's numbers unrounded, for the CSV. links: per row where it leads ("" = nowhere): the explorer
    with the filters that find the images behind the row (`explorer_links.images`).
    """

    id: str
    title: str
    lead: str
    svg: SafeString
    columns: list[str]
    rows: list[list[str]]
    raw_columns: list[str]
    raw_rows: list[list[Any]]
    definition: str
    source: str = ""
    csv_url: str = ""
    css: str = field(default="")
    links: Sequence[str] = ()


def study_figures(statistics: StudyStatistics) -> list[Figure]:
    """All figures of the study at a glance that can be drawn by now, in their order on the page."""
    figures = [make(statistics) for make in STUDY_FIGURES.values()]
    return [figure for figure in figures if figure is not None]


def study_figure(name: str, statistics: StudyStatistics) -> Figure | None:
    """One of them by its name; None if there is none of that name for this study."""
    make = STUDY_FIGURES.get(name)
    return make(statistics) if make else None


def about(statistics: StudyStatistics) -> str:
    """Below every figure: what it rests on, how much of that is simulated, and when it was counted."""
    # a number, since 450 of 452 rounds to a hundred per cent, which would be wrong
    simulated = _of_which(statistics.n_simulated)
    return (
        f"{statistics.n_responses:,} accepted responses to {statistics.n_stimuli:,} images{simulated}. "
        f"Counted {moment(statistics.as_of)}."
    )


def moment(when: datetime) -> str:
    return f"{when:%-d %B %Y, %H:%M:%S} UTC"


# The study's figures


def emotions(statistics: StudyStatistics) -> Figure | None:
    if not statistics.label_totals:
        return None
    bars, rows, raw = [], [], []
    for place, label in enumerate(statistics.labels):
        estimate = statistics.estimates[f"label_share.{label['id']}"]
        total = statistics.label_totals[label["id"]]
        css = mark_class(label["id"], label["polarity"], place)
        bars.append(_bar(label["name"], estimate, css, f"{total:,}", images(felt=label["id"])))
        rows.append([label["name"], f"{total:,}", *_percents(estimate)])
        raw.append([label["id"], total, *_raw(estimate)])
    title = "Which emotions people felt" if _is_affect(statistics) else "Which labels people chose"
    lead = _chosen_most(statistics)
    definition = catalogue_definition("label_share")
    return shares_of_responses(
        "emotions", title, lead, "Label", bars, rows, raw, definition, about(statistics), css="half tall"
    )


def _chosen_most(statistics: StudyStatistics) -> str:
    most = max(statistics.label_totals.values())
    if not most:
        return NO_LABEL_CHOSEN
    top = [label for label in statistics.labels if statistics.label_totals[label["id"]] == most]
    share = as_percent(statistics.estimates[f"label_share.{top[0]['id']}"]["value"])
    if len(top) == 1:
        return f"{top[0]['name']} was chosen most, in {share} of the responses."
    names = " and ".join(label["name"] for label in top) if len(top) < 4 else f"{len(top)} labels"
    return f"{names} were chosen most, each in {share} of the responses."


def polarity(statistics: StudyStatistics) -> Figure | None:
    if statistics.polarity_totals is None:
        return None
    bars, rows, raw = [], [], []
    for name in POLARITIES:
        estimate, total = statistics.estimates[f"polarity_share.{name}"], statistics.polarity_totals[name]
        bars.append(_bar(name.capitalize(), estimate, f"polarity-{name}", f"{total:,}", images(mix=f"has_{name}")))
        rows.append([name.capitalize(), f"{total:,}", *_percents(estimate)])
        raw.append([name, total, *_raw(estimate)])
    title = "Positive, negative, something else"
    share = statistics.estimates["polarity_share.positive"]["value"]
    lead = NO_LABEL_CHOSEN if share is None else f"{as_percent(share)} of the responses are positive."
    definition = catalogue_definition("polarity_share")
    return shares_of_responses(
        "polarity", title, lead, "Polarity", bars, rows, raw, definition, about(statistics), css="half", full=1
    )


def majority(statistics: StudyStatistics) -> Figure | None:
    if not statistics.estimates:
        return None
    named = [(rule.title, statistics.estimates[f"majority.{rule.name}"]) for rule in MAJORITY_RULES]
    title = "Images with a majority"
    lead = "The literature knows four rules; each is drawn, since they differ."
    return _stimulus_shares(
        statistics,
        "majority",
        title,
        lead,
        named,
        [f"majority.{rule.name}" for rule in MAJORITY_RULES],
        "\n".join(f"{rule.title}: {rule.sentence} Source: {rule.source}." for rule in MAJORITY_RULES),
        [images(majority=rule.name) for rule in MAJORITY_RULES],
    )


def mixing(statistics: StudyStatistics) -> Figure | None:
    if statistics.polarity_totals is None:
        return None
    names = ["positive_and_negative", "mixed_polarity"]
    return _stimulus_shares(
        statistics,
        "mixing",
        "Images that stir mixed feelings",
        "Looked at by several people, one image can please some and trouble others.",
        [(_CATALOGUE[name].title, statistics.estimates[name]) for name in names],
        names,
        "\n".join(catalogue_definition(name) for name in names),
        [images(mix="positive_and_negative"), images(mix="mixed")],
    )


def agreement(statistics: StudyStatistics) -> Figure | None:
    if not statistics.estimates:
        return None
    names = ["krippendorff_alpha", "fleiss_kappa", "pairwise_agreement"]
    estimates = [statistics.estimates[name] for name in names]
    lowest = min([number for e in estimates for number in (e["low"], e["value"]) if number is not None], default=0.0)
    left = -1.0 if lowest < -0.5 else -0.5 if lowest < 0 else 0.0
    alpha = statistics.estimates["krippendorff_alpha"]
    title = "How far people agree"
    lead = (
        f"Alpha {_words(alpha)}: 1 would be everyone, 0 chance."
        if alpha["value"] is not None
        else "Agreement needs two responses on one image."
    )
    middle = [(0.0, "0 = chance")] if left < 0 else []
    by_agreement = images(sort="agreement_low")
    ticks = [(left, as_number(left, 1) if left else "0 = chance"), *middle, (0.5, "0.5"), (1.0, "1 = everyone")]
    rows = [
        Dot(_CATALOGUE[name].title, e["value"], e["low"], e["high"], _words(e), e["reason"] or "", href=by_agreement)
        for name, e in zip(names, estimates, strict=True)
    ]
    return Figure(
        id="agreement",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, rows, axis=(left, 1), ticks=ticks)),  # noqa: S308
        columns=["Statistic", *_ESTIMATE_COLUMNS],
        rows=[[_CATALOGUE[name].title, *_numbers(e), f"{e['n']:,}"] for name, e in zip(names, estimates, strict=True)],
        raw_columns=["statistic", "value", "low", "high", "stimuli"],
        raw_rows=[[name, *_raw(e), e["n"]] for name, e in zip(names, estimates, strict=True)],
        definition="\n".join(catalogue_definition(name) for name in names),
        source=about(statistics),
        css="half",
        links=[by_agreement] * len(names),
    )


def entropy(statistics: StudyStatistics) -> Figure | None:
    if not statistics.estimates or len(statistics.labels) < 2:
        return None
    estimate = statistics.estimates["mean_entropy_nats"]
    most = math.log(len(statistics.labels))
    title = "How spread out the answers to an image are"
    lead = f"0 nats: always one label; {most:.2f} nats: all {len(statistics.labels)} evenly."
    words = f"{_words(estimate)} nats" if estimate["value"] is not None else ""
    link = images(sort="entropy_high")
    row = Dot(
        "Mean entropy", estimate["value"], estimate["low"], estimate["high"], words, estimate["reason"] or "", href=link
    )
    ticks = [(0.0, "0 = one label"), (most, f"{most:.2f} = all evenly")]
    return Figure(
        id="entropy",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, [row], axis=(0, most), ticks=ticks)),  # noqa: S308
        columns=["Statistic", *_ESTIMATE_COLUMNS],
        rows=[["Mean entropy (nats)", *_numbers(estimate), f"{estimate['n']:,}"]],
        raw_columns=["statistic", "value", "low", "high", "stimuli"],
        raw_rows=[["mean_entropy_nats", *_raw(estimate), estimate["n"]]],
        definition=catalogue_definition("mean_entropy_nats"),
        source=about(statistics),
        css="half",
        links=[link],
    )


def pace(statistics: StudyStatistics) -> Figure | None:
    width, bars = pace_bars(statistics.study_id)
    if not bars:
        return None
    span = _span(width)
    form = "%-d %b %Y" if width >= 86_400 else "%-d %b, %H:%M"
    title = "When the responses came in"
    most = max(bars, key=lambda bar: bar[1])
    lead = f"One column is {span}; the tallest holds {most[1]:,}, from {most[0]:{form}} UTC."
    links = [images(**answered(start, start + timedelta(seconds=width))) if n else "" for start, n in bars]
    drawn = [Column(f"{start:{form}}", n, link) for (start, n), link in zip(bars, links, strict=True)]
    last = f"{bars[-1][0]:{form}}" if len(bars) > 1 else ""
    return Figure(
        id="pace",
        title=title,
        lead=lead,
        svg=mark_safe(columns(title, lead, drawn, first=f"{bars[0][0]:{form}}", last=last)),  # noqa: S308
        columns=[f"From (UTC), {span}", "Responses"],
        rows=[[f"{start:%Y-%m-%d %H:%M}", f"{n:,}"] for start, n in bars],
        raw_columns=["from_utc", "seconds", "responses"],
        raw_rows=[[start.isoformat(), width, n] for start, n in bars],
        definition="Accepted responses by the time they were first saved, in equal spans of UTC time.",
        source=about(statistics),
        css="half",
        links=links,
    )


STUDY_FIGURES: dict[str, Callable[[StudyStatistics], Figure | None]] = {
    "emotions": emotions,
    "agreement": agreement,
    "entropy": entropy,
    "majority": majority,
    "polarity": polarity,
    "mixing": mixing,
    "pace": pace,
}


# One stimulus, one person


def stimulus_distribution(statistics: StimulusStatistics, study: StudyStatistics) -> Figure:
    labels = study.labels
    n = sum(statistics.counts)
    title = "What people felt"
    top = [labels[place]["name"] for place in statistics.top_labels]
    times = statistics.counts[statistics.top_labels[0]] if statistics.top_labels else 0
    lead = f"{' and '.join(top)}: {times} of {n} people{' each' if len(top) > 1 else ''}." if top else "Nobody yet."
    rows, raw, bars = [], [], []
    for place, (label, count) in enumerate(zip(labels, statistics.counts, strict=True)):
        low, high = wilson_interval(count, n) or (None, None)
        share = count / n if n else None
        css = mark_class(label["id"], label["polarity"], place)
        bars.append(ShareBar(label["name"], share, low, high, css, f"{count:,}"))
        rows.append([label["name"], f"{count:,}", as_percent(share), as_percent(low), as_percent(high)])
        raw.append([label["id"], count, share, low, high])
    return Figure(
        id="distribution",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308
        columns=["Label", "People", "Share", "Low (95 %)", "High (95 %)"],
        rows=rows,
        raw_columns=["label", "responses", "share", "low", "high"],
        raw_rows=raw,
        definition=f"Share of the accepted responses to this image that chose the label. {_WILSON}",
        source=f"{n:,} accepted responses{_of_which(statistics.n_simulated)}. Counted {moment(study.as_of)}.",
    )


def person_distribution(person: AnnotatorStatistics, study: StudyStatistics) -> Figure:
    """One person's shares beside those of everybody in the study."""
    n = sum(person.label_counts)
    title = "This person's answers beside everybody's"
    lead = "Bars: this person. Dashed lines: all people of the study."
    rows, raw, bars = [], [], []
    for place, (label, count) in enumerate(zip(study.labels, person.label_counts, strict=True)):
        low, high = wilson_interval(count, n) or (None, None)
        share, crowd = (count / n if n else None), study.estimates[f"label_share.{label['id']}"]["value"]
        css = mark_class(label["id"], label["polarity"], place)
        bars.append(ShareBar(label["name"], share, low, high, css, f"{count:,}", marker=crowd))
        cells = [as_percent(number) for number in (share, low, high, crowd)]
        rows.append([label["name"], f"{count:,}", *cells])
        raw.append([label["id"], count, share, low, high, crowd])
    return Figure(
        id="distribution",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars)),  # noqa: S308
        columns=["Label", "Answers", "Share", "Low (95 %)", "High (95 %)", "Everybody"],
        rows=rows,
        raw_columns=["label", "responses", "share", "low", "high", "share_of_everybody"],
        raw_rows=raw,
        definition=f"Share of the person's accepted responses that chose the label. {_WILSON} Everybody: share of all "
        "accepted responses of the study, this person's included.",
        source=f"{n:,} accepted responses of this person. {about(study)}",
    )


# How numbers are written


def shares_of_responses(
    figure_id: str,
    title: str,
    lead: str,
    what: str,
    bars: Sequence[ShareBar],
    rows: list[list[str]],
    raw: list[list[Any]],
    definition: str,
    source: str,
    *,
    css: str,
    full: float | None = None,
) -> Figure:
    """How many responses chose each `what`, and their share of all. full: as `share_bars` takes it."""
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=full)),  # noqa: S308 (our own drawing, every word escaped)
        columns=[what, "Responses", "Share", "Low (95 %)", "High (95 %)"],
        rows=rows,
        raw_columns=[what.lower(), "responses", "share", "low", "high"],
        raw_rows=raw,
        definition=definition,
        source=source,
        css=css,
        links=[bar.href for bar in bars],
    )


def _stimulus_shares(
    statistics: StudyStatistics,
    figure_id: str,
    title: str,
    lead: str,
    named: Sequence[tuple[str, dict[str, Any]]],
    names: Sequence[str],
    definition: str,
    links: Sequence[str],
) -> Figure:
    bars = [_bar(name, estimate, "series-2", href=link) for (name, estimate), link in zip(named, links, strict=True)]
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308
        columns=["Share of images", "Value", "Low (95 %)", "High (95 %)", "Images"],
        rows=[[name, *_percents(estimate), f"{estimate['n']:,}"] for name, estimate in named],
        raw_columns=["statistic", "value", "low", "high", "stimuli"],
        raw_rows=[[key, *_raw(e), e["n"]] for key, (_, e) in zip(names, named, strict=True)],
        definition=definition,
        source=about(statistics),
        css="half",
        links=links,
    )


def _bar(name: str, estimate: dict[str, Any], css: str, detail: str = "", href: str = "") -> ShareBar:
    return ShareBar(name, estimate["value"], estimate["low"], estimate["high"], css, detail, href=href)


def _raw(estimate: dict[str, Any]) -> list[Any]:
    return [estimate["value"], estimate["low"], estimate["high"]]


def _percents(estimate: dict[str, Any]) -> list[str]:
    return [as_percent(number) for number in _raw(estimate)]


def _numbers(estimate: dict[str, Any]) -> list[str]:
    return [as_number(number, 3) for number in _raw(estimate)]


def _words(estimate: dict[str, Any]) -> str:
    """0.42 [0.31, 0.52]."""
    if estimate["value"] is None:
        return str(estimate["reason"] or "")
    value = as_number(estimate["value"])
    if estimate["low"] is None:
        return value
    return f"{value} [{as_number(estimate['low'])}, {as_number(estimate['high'])}]"


def catalogue_definition(name: str) -> str:
    """Title, definition, kind of interval and source of a figure or of its family."""
    statistic = _CATALOGUE.get(name) or _CATALOGUE[name.split(".")[0]]
    return f"{statistic.title}: {statistic.definition} Interval: 95 % of resamples of the images. {statistic.source}."


def _is_affect(statistics: StudyStatistics) -> bool:
    return statistics.polarity_totals is not None


def _of_which(n_simulated: int) -> str:
    return f", {n_simulated:,} of them simulated" if n_simulated else ""


def _span(seconds: int) -> str:
    for size, name in ((7 * 86_400, "week"), (86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            n = seconds // size
            return f"{n} {name}s" if n > 1 else f"one {name}"
    return f"{seconds} seconds"
