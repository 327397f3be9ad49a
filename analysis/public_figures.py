"""The figures of the public explorer: those of the study's own page, but for counts so small that they are not told."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.timezone import now

from analysis.charts import ShareBar, mark_class
from analysis.charts.marks import as_percent
from analysis.figures import Figure, agreement, entropy, majority, mixing, shares_of_responses
from analysis.models import StudyStatistics
from analysis.public.make import LEAST_CELL
from analysis.public.shown import Shown
from analysis.statistics.wilson import wilson_interval

_LINK = re.compile(r"</?a\b[^>]*>")


def public_figures(shown: Shown) -> list[Figure]:
    """In the order of the page; none where nothing is shown."""
    if not shown.study["n_responses"]:
        return []
    statistics = _statistics(shown)
    drawn = [_emotions(shown), *(make(statistics) for make in (agreement, majority, mixing, entropy))]
    figures = [figure for figure in drawn if figure is not None]
    for figure in figures:
        figure.source = about(shown)
        # on the study's own page names lead into its explorer, where visitors may not go
        figure.links = ()
        figure.svg = mark_safe(_LINK.sub("", figure.svg))  # noqa: S308 (our own drawing, less its links)
    return figures


def public_figure(name: str, shown: Shown) -> Figure | None:
    return next((figure for figure in public_figures(shown) if figure.id == name), None)


def image_figure(shown: Shown, stimulus: Mapping[str, Any]) -> Figure:
    """What people felt at one image, each label with the interval of its share."""
    n = sum(stimulus["counts"])
    bars, rows, raw = [], [], []
    for place, (label, count) in enumerate(zip(shown.study["labels"], stimulus["counts"], strict=True)):
        name, share = label["name"] or label["id"], count / n
        low, high = wilson_interval(count, n) or (None, None)
        bars.append(ShareBar(name, share, low, high, mark_class(label["id"], label["polarity"], place), f"{count:,}"))
        rows.append([name, f"{count:,}", *(as_percent(number) for number in (share, low, high))])
        raw.append([label["id"], count, share, low, high])
    return shares_of_responses(
        "distribution",
        "What people felt",
        "",
        "Label",
        bars,
        rows,
        raw,
        "Share of the responses to this image that chose the label. The line is the 95 % interval after Wilson (1927), "
        "taking the answers as independent.",
        f"{n:,} responses to this image"
        + (f", {stimulus['n_simulated']:,} of them simulated" if stimulus["n_simulated"] else "")
        + f". Snapshot {shown.study['snapshot'][:12]}.",
        css="",
        full=1,
    )


def about(shown: Shown) -> str:
    told = shown.study
    simulated = f", {told['n_simulated']:,} of them simulated" if told["n_simulated"] else ""
    return (
        f"{told['n_responses']:,} responses to {told['n_stimuli']:,} images{simulated}. "
        f"Snapshot {told['snapshot'][:12]}."
    )


def _statistics(shown: Shown) -> StudyStatistics:
    """As the study's own figures want them; never saved."""
    told = shown.study
    return StudyStatistics(
        study_id=0,
        labels=told["labels"],
        estimates=told["estimates"],
        # only whether there are polarities is asked
        polarity_totals={} if told["estimates"]["positive_and_negative"]["value"] is not None else None,
        n_responses=told["n_responses"],
        n_stimuli=told["n_stimuli"],
        n_simulated=told["n_simulated"],
        as_of=now(),
    )


def _emotions(shown: Shown) -> Figure:
    told = shown.study
    bars: list[ShareBar] = []
    rows: list[list[str]] = []
    raw: list[list[Any]] = []
    for place, label in enumerate(told["labels"]):
        name, total = label["name"] or label["id"], told["label_totals"][label["id"]]
        estimate = told["estimates"].get(f"label_share.{label['id']}")
        css = mark_class(label["id"], label["polarity"], place)
        if estimate is None:
            bars.append(ShareBar(name, None, css=css, detail=f"fewer than {LEAST_CELL}"))
            rows.append([name, f"fewer than {LEAST_CELL}", "–", "–", "–"])
            raw.append([label["id"], None, None, None, None])
            continue
        numbers = [estimate[end] for end in ("value", "low", "high")]
        bars.append(ShareBar(name, numbers[0], numbers[1], numbers[2], css, f"{total:,}"))
        rows.append([name, f"{total:,}", *(as_percent(number) for number in numbers)])
        raw.append([label["id"], total, *numbers])
    return shares_of_responses(
        "emotions",
        "Which labels people chose",
        "Of all responses that are shown; lines are 95 % intervals.",
        "Label",
        bars,
        rows,
        raw,
        "Share of all responses that chose the label. Interval: 95 % of resamples of the images. "
        f"Counts below {LEAST_CELL} are not told. ArtEmis, sec. 3.",
        about(shown),
        css="half tall",
    )
