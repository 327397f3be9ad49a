"""The live figures of the page on common ground: majorities and polarities beside what papers printed, each feeling,
the human ceiling.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Dot, ShareBar, dots, mark_class, share_bars
from analysis.charts.marks import as_number, as_percent
from analysis.explorer_links import images
from analysis.figures import Figure, about, agreement, catalogue_definition, emotions
from analysis.models import StudyStatistics
from analysis.published_figures import PUBLICATIONS, comparable
from analysis.statistics import MAJORITY_RULES, POLARITIES
from analysis.statistics.ceiling import CEILING_FIGURES

Estimates = Mapping[str, Mapping[str, Any]]
DEFAULT_RULE = MAJORITY_RULES[0]
RULES = {rule.name: rule for rule in MAJORITY_RULES}


def shared(statistics: StudyStatistics) -> Figure | None:
    """By the four rules, beside what papers printed."""
    if "majority.half_or_more" not in statistics.estimates:
        return None
    rows = [(rule.title, f"majority.{rule.name}", "series-2", images(majority=rule.name)) for rule in MAJORITY_RULES]
    return _beside_papers(
        statistics,
        "shared",
        "How many images have a majority",
        "The literature knows four rules; each is drawn, since they differ.",
        "Share of images",
        rows,
        "\n".join(f"{rule.title}: {rule.sentence} Source: {rule.source}." for rule in MAJORITY_RULES),
    )


def sides(statistics: StudyStatistics) -> Figure | None:
    """Positive, negative, else, and how they mix."""
    if statistics.polarity_totals is None:
        return None
    rows = [
        (f"Responses: {polarity}", f"polarity_share.{polarity}", f"polarity-{polarity}", images(mix=f"has_{polarity}"))
        for polarity in POLARITIES
    ]
    rows += [
        ("Images: positive and negative", "positive_and_negative", "series-2", images(mix="positive_and_negative")),
        ("Images: at least two of the three", "mixed_polarity", "series-2", images(mix="mixed")),
    ]
    return _beside_papers(
        statistics,
        "sides",
        "Positive, negative, something else",
        "Shares of responses, and of images that stir both sides.",
        "Share",
        rows,
        "\n".join(catalogue_definition(name) for name in ("polarity_share", "positive_and_negative", "mixed_polarity")),
    )


def majority_labels(statistics: StudyStatistics, rule_name: str) -> Figure | None:
    """What the images with a majority have in common (the supplement's fig. 7 under half_or_more)."""
    rule = RULES[rule_name]
    return _majorities_by_label(
        statistics,
        rule_name,
        "majority_label",
        "majority-labels",
        "What people share where they share one feeling",
        f"Of the images with a majority ({rule.title[0].lower()}{rule.title[1:]}), which feeling it is.",
        "Share of images with a majority",
    )


def majorities_per_response(statistics: StudyStatistics, rule_name: str) -> Figure | None:
    """How often feeling it oneself goes with most others feeling it: images with the majority by all its responses."""
    return _majorities_by_label(
        statistics,
        rule_name,
        "majority_per_response",
        "majorities-per-response",
        "Feelings that gather people, and feelings that stay alone",
        "Images with this majority, divided by all responses that chose the feeling.",
        "Images per response",
    )


def _majorities_by_label(
    statistics: StudyStatistics, rule_name: str, estimate: str, figure_id: str, title: str, lead: str, column: str
) -> Figure | None:
    """One row per label of an estimate that stands for each rule and label; nothing where it was not counted."""
    names = [f"{estimate}.{rule_name}.{label['id']}" for label in statistics.labels]
    if not names or names[0] not in statistics.estimates:
        return None
    rows = [
        (
            label["name"],
            name,
            mark_class(label["id"], label["polarity"], place),
            images(majority=rule_name, emotion=label["id"]),
        )
        for place, (label, name) in enumerate(zip(statistics.labels, names, strict=True))
    ]
    definition = catalogue_definition(f"{estimate}.{rule_name}") + f"\nThe rule: {RULES[rule_name].sentence}"
    return _beside_papers(statistics, figure_id, title, lead, column, rows, definition)


def label_alphas(statistics: StudyStatistics) -> Figure | None:
    """Agreement on each feeling alone."""
    names = [f"label_alpha.{label['id']}" for label in statistics.labels]
    if not names or names[0] not in statistics.estimates:
        return None
    rows = [
        (label["name"], name, images(sort=f"share:{label['id']}"))
        for label, name in zip(statistics.labels, names, strict=True)
    ]
    css = [mark_class(label["id"], label["polarity"], place) for place, label in enumerate(statistics.labels)]
    return _dots(
        statistics.estimates,
        "label-alphas",
        "How far people agree on each feeling",
        "This feeling against all others: 1 would be everyone, 0 chance.",
        rows,
        catalogue_definition("label_alpha"),
        about(statistics),
        css=css,
    )


_ON_IMAGES = {
    "accuracy": "On all images",
    **{
        f"accuracy_{rule.name}": f"Where the others have: {rule.title[0].lower()}{rule.title[1:]}"
        for rule in MAJORITY_RULES
    },
}


def ceiling(statistics: StudyStatistics) -> Figure | None:
    """How well people tell each other's answer."""
    if "human_ceiling.accuracy" not in statistics.estimates:
        return None
    shares = [figure for figure in CEILING_FIGURES if figure.unit == "share of responses"]
    rows = [
        (_ON_IMAGES.get(figure.name, figure.title), f"human_ceiling.{figure.name}", _ceiling_images(figure.name))
        for figure in shares
    ]
    figure = _dots(
        statistics.estimates,
        "ceiling",
        "The human ceiling",
        "How often one person's answer is what most of the others chose. No network can be asked for more.",
        rows,
        "\n".join(f"{each.title}: {each.definition}" for each in CEILING_FIGURES),
        about(statistics),
        percent=True,
    )
    for each in CEILING_FIGURES:
        if each not in shares:
            estimate = statistics.estimates[f"human_ceiling.{each.name}"]
            figure.rows.append([each.title.removeprefix("Human ceiling: ").capitalize() + " (nats)", *_cells(estimate)])
            figure.raw_rows.append([f"human_ceiling.{each.name}", *_raw(estimate)])
            figure.links = [*figure.links, images(responses_min=2)]
    return figure


def _ceiling_images(name: str) -> str:
    """The images that a ceiling rests on: those with an answer to leave out and others to tell it."""
    rule = name.removeprefix("accuracy_")
    return images(majority=rule, responses_min=2) if rule in RULES else images(responses_min=2)


LIVE: dict[str, Callable[[StudyStatistics], Figure | None]] = {
    "shared": shared,
    "ceiling": ceiling,
    "agreement": agreement,
    "sides": sides,
    "emotions": emotions,
    "label-alphas": label_alphas,
}
BY_RULE: dict[str, Callable[[StudyStatistics, str], Figure | None]] = {
    "majority-labels": majority_labels,
    "majorities-per-response": majorities_per_response,
}


def _beside_papers(
    statistics: StudyStatistics,
    figure_id: str,
    title: str,
    lead: str,
    column: str,
    rows: Sequence[tuple[str, str, str, str]],
    definition: str,
) -> Figure:
    """rows: (words, name of the estimate, class, where it leads). The first paper is drawn, all are listed."""
    papers = PUBLICATIONS if comparable(statistics.labels) else ()
    marked = [paper for paper in papers if any(name in paper.figures for _, name, _, _ in rows)]
    marks_of = marked[0] if marked else None
    bars = []
    for words, name, css, href in rows:
        estimate = statistics.estimates[name]
        marker = marks_of.figures.get(name) if marks_of else None
        bars.append(ShareBar(words, estimate["value"], estimate["low"], estimate["high"], css, "", marker, href))
    if marks_of:
        lead += f" Dashed: published for {marks_of.title}."
    published = "".join(f"\n{paper.title} (published): {paper.cite}." for paper in marked)
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=None)),  # noqa: S308 (our own drawing)
        columns=[column, "Value", "Low (95 %)", "High (95 %)", "Images", *(f"{p.title} (published)" for p in marked)],
        rows=[
            [
                words,
                *(as_percent(number) for number in _raw(statistics.estimates[name])[:3]),
                f"{statistics.estimates[name]['n']:,}",
                *(as_percent(paper.figures.get(name)) for paper in marked),
            ]
            for words, name, _, _ in rows
        ],
        raw_columns=["statistic", "value", "low", "high", "stimuli", *(f"published_{p.title.lower()}" for p in marked)],
        raw_rows=[
            [name, *_raw(statistics.estimates[name]), *(paper.figures.get(name) for paper in marked)]
            for _, name, _, _ in rows
        ],
        definition=definition + published,
        source=about(statistics),
        css="half",
        links=[href for _, _, _, href in rows],
    )


def _dots(
    estimates: Estimates,
    figure_id: str,
    title: str,
    lead: str,
    rows: Sequence[tuple[str, str, str]],
    definition: str,
    source: str,
    *,
    percent: bool = False,
    css: Sequence[str] = (),
) -> Figure:
    """rows: (words, name of the estimate, where it leads)."""
    write = as_percent if percent else as_number
    drawn, lowest = [], 0.0
    for number, (words, name, href) in enumerate(rows):
        estimate = estimates[name]
        lowest = min([lowest, *(value for value in (estimate["low"], estimate["value"]) if value is not None)])
        told = write(estimate["value"])
        if estimate["low"] is not None and not percent:  # as shares, both ends would not fit on a phone
            told += f" [{write(estimate['low'])}, {write(estimate['high'])}]"
        drawn.append(
            Dot(
                words,
                estimate["value"],
                estimate["low"],
                estimate["high"],
                told,
                estimate["reason"] or "",
                css[number] if css else "series-1",
                href=href,
            )
        )
    left = 0.0 if lowest >= 0 else -0.5 if lowest >= -0.5 else -1.0
    middle = [(0.0, write(0.0))] if left < 0 else []
    ticks = [(left, write(left)), *middle, (0.5, write(0.5)), (1.0, write(1.0))]
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=(left, 1.0), ticks=ticks)),  # noqa: S308 (our own drawing)
        columns=["Figure", "Value", "Low (95 %)", "High (95 %)", "Images"],
        rows=[
            [words, *(write(number) for number in _raw(estimates[name])[:3]), f"{estimates[name]['n']:,}"]
            for words, name, _ in rows
        ],
        raw_columns=["statistic", "value", "low", "high", "stimuli"],
        raw_rows=[[name, *_raw(estimates[name])] for _, name, _ in rows],
        definition=definition,
        source=source,
        css="half",
        links=[href for _, _, href in rows],
    )


def _raw(estimate: Mapping[str, Any]) -> list[Any]:
    return [estimate["value"], estimate["low"], estimate["high"], estimate["n"]]


def _cells(estimate: Mapping[str, Any]) -> list[str]:
    return [*(as_number(number, 3) for number in _raw(estimate)[:3]), f"{estimate['n']:,}"]
