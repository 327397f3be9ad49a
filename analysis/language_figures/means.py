"""Figures of means: measures beside published ones, by emotion and source, spread, words per image."""

import itertools
from collections.abc import Callable, Sequence

from django.utils.safestring import mark_safe

from analysis.charts import Column, Dot, columns, dots, mark_class
from analysis.charts.beside import Beside, beside
from analysis.charts.marks import as_number
from analysis.figures import Figure
from analysis.language.counted import HISTOGRAMS
from analysis.language.measures import MEASURES
from analysis.language.published import COLLECTIONS, PUBLISHED, UNIQUE_PER_IMAGE, UNIQUE_PER_TEXT
from analysis.language_figures.selection import (
    BY_NAME,
    INTERVAL,
    PUBLISHED_SOURCES,
    Selection,
    mean,
    upper,
    with_interval,
    written,
)

_LEXICON_MISSING = "Needs a file that your operator can bring; see below."


def measures(selection: Selection) -> Figure | None:
    """Every measure of the selection beside the published ones."""
    if not selection.cell["n_texts"]:
        return None
    drawn, rows, raw = [], [], []
    for measure in MEASURES:
        value, low, high, n = mean(selection.cell, measure.name)
        published = PUBLISHED.get(measure.name)
        others = [published.of(name) if published else None for name in COLLECTIONS]
        reason = _LEXICON_MISSING if measure.needs and n == 0 else "No text of this part has a value."
        axis = (measure.low, measure.high if measure.high is not None else upper([high or value, *others]))
        drawn.append(
            Beside(measure.title, value, low, high, with_interval(measure, value, low, high), axis, others, reason)
        )
        rows.append(
            [measure.title, written(measure, value), written(measure, low), written(measure, high), f"{n:,}",
             *(written(measure, other) for other in others)]
        )  # fmt: skip
        raw.append([measure.name, value, low, high, n, *others])
    title = "What the explanations are like"
    lead = "Means over the texts, each on a scale of its own. Open signs: published for three collections."
    defined = "\n".join(f"{measure.title}: {measure.definition} Source: {measure.source}." for measure in MEASURES)
    return Figure(
        id="measures",
        title=title,
        lead=lead,
        svg=mark_safe(  # noqa: S308 (our own drawing, every word escaped)
            beside(title, lead, drawn, list(COLLECTIONS.values()))
        ),
        columns=["Measure", "Here", "Low (95 %)", "High (95 %)", "Texts",
                 *(f"{name} (published)" for name in COLLECTIONS.values())],
        rows=rows,
        raw_columns=["measure", "mean", "low", "high", "texts", *(f"published_{name}" for name in COLLECTIONS)],
        raw_rows=raw,
        definition=f"{defined}\n{INTERVAL}\n{PUBLISHED_SOURCES}",
        source=selection.about,
        css="tall",
    )  # fmt: skip


def by_emotion(selection: Selection) -> Figure | None:
    labels = selection.found["labels"]
    if len(labels) < 2:
        return None
    parts = [
        (label["name"], label["id"], mark_class(label["id"], label["polarity"], place), selection.source, label["id"])
        for place, label in enumerate(labels)
    ]
    return _parts(selection, "by_emotion", "by emotion", parts)


def by_source(selection: Selection) -> Figure | None:
    if len(selection.found["sources"]) < 2:
        return None
    parts = [(name, name, f"series-{place % 4 + 1}", name, selection.emotion)
             for place, name in enumerate(selection.found["sources"])]  # fmt: skip
    return _parts(selection, "by_source", "by source", parts)


def _parts(
    selection: Selection, figure_id: str, by: str, parts: Sequence[tuple[str, str, str, str, str]]
) -> Figure | None:
    """One measure of several parts of the study. parts: name, id, css, source and emotion of each."""
    measure = BY_NAME[selection.measure]
    means = [mean(selection.cell_of(source, emotion), measure.name) for _, _, _, source, emotion in parts]
    if all(n == 0 for *_, n in means):
        return None
    numbers = [number for mean in means for number in mean[:3] if number is not None]
    left, right = min(numbers), max(numbers)
    air = (right - left) * 0.08 or 0.05 * (abs(right) or 1)
    axis = (left - air, right + air)
    if measure.high is None or measure.low >= 0:
        axis = (max(axis[0], measure.low), axis[1])
    title = f"{measure.title} {by}"
    highest = max((mean for mean in zip(means, parts, strict=True) if mean[0][0] is not None), key=lambda m: m[0][0])
    lead = f"Highest: {highest[1][0]}. The axis shows the range that is reached."
    drawn = [
        Dot(name, value, low, high, with_interval(measure, value, low, high), "No text with a value.", css)
        for (name, _, css, _, _), (value, low, high, _) in zip(parts, means, strict=True)
    ]
    ticks = [(axis[0], written(measure, axis[0])), (axis[1], written(measure, axis[1]))]
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=axis, ticks=ticks)),  # noqa: S308
        columns=["Part", "Mean", "Low (95 %)", "High (95 %)", "Texts"],
        rows=[[name, *(written(measure, number) for number in mean[:3]), f"{mean[3]:,}"]
              for (name, *_), mean in zip(parts, means, strict=True)],
        raw_columns=["part", "measure", "mean", "low", "high", "texts"],
        raw_rows=[[part_id, measure.name, *mean] for (_, part_id, *_), mean in zip(parts, means, strict=True)],
        definition=f"{measure.title}: {measure.definition} {INTERVAL} Source: {measure.source}.",
        source=selection.about,
        css="half",
    )  # fmt: skip


def histogram(name: str) -> Callable[[Selection], Figure | None]:
    """How one measure is spread over the texts."""

    def figure(selection: Selection) -> Figure | None:
        counts = selection.cell["histograms"].get(name)
        if not counts or not sum(counts):
            return None
        measure = BY_NAME[name]
        low, high, n_bins = HISTOGRAMS[name]
        width = (high - low) / n_bins
        edges = [low + place * width for place in range(n_bins + 1)]
        spans = [f"{as_number(left, 2).removesuffix('.00')} to {as_number(right, 2).removesuffix('.00')}"
                 for left, right in itertools.pairwise(edges)]  # fmt: skip
        if measure.high is None:
            spans[-1] = f"{as_number(edges[-2], 0)} and more"
        fullest = spans[max(range(n_bins), key=lambda place: counts[place])]
        title = f"{measure.title}: how it is spread"
        lead = f"Most texts lie at {fullest}. Mean {written(measure, mean(selection.cell, name)[0])}."
        drawn = [Column(span, n) for span, n in zip(spans, counts, strict=True)]
        last = f"{as_number(high, 0)}{' and more' if measure.high is None else ''}"
        return Figure(
            id=f"spread_{name}",
            title=title,
            lead=lead,
            svg=mark_safe(columns(title, lead, drawn, first=as_number(low, 0), last=last)),  # noqa: S308
            columns=[measure.title, "Texts"],
            rows=[[span, f"{n:,}"] for span, n in zip(spans, counts, strict=True)],
            raw_columns=["from", "to", "texts"],
            raw_rows=[[left, right, n] for left, right, n in zip(edges[:-1], edges[1:], counts, strict=True)],
            definition=f"{measure.title}: {measure.definition} Source: {measure.source}.",
            source=selection.about,
            css="half",
        )

    return figure


def parts_of_speech(selection: Selection) -> Figure | None:
    """Different words of each part of speech per image: of the whole study, as published."""
    found = selection.found["different_words_per_image"]
    if not any(found[name]["per_image"] for name in found):
        return None
    rows, raw, drawn = [], [], []
    for name, of in found.items():
        per_image, per_text = (of[key] or [None, None, None, 0] for key in ("per_image", "per_text"))
        published = [UNIQUE_PER_IMAGE[name].of(which) for which in ("artemis", "coco")]
        drawn.append(
            Beside(
                BY_NAME[name].title, *per_image[:3], as_number(per_image[0], 1),
                (0, upper([per_image[2] or per_image[0], *published])), [None, *published], "No English text.",
            )
        )  # fmt: skip
        written = [as_number(number, 1) for number in (*per_image[:3], per_text[0], *published)]
        rows.append([BY_NAME[name].title, *written, as_number(UNIQUE_PER_TEXT[name].artemis, 1)])
        raw.append([name, *per_image, *per_text, *published, UNIQUE_PER_TEXT[name].artemis])
    title = "How many words an image calls up"
    lead = "Different words per image; more texts bring more words. Open signs: published for two collections."
    return Figure(
        id="different_words",
        title=title,
        lead=lead,
        svg=mark_safe(  # noqa: S308
            beside(title, lead, drawn, list(COLLECTIONS.values()))
        ),
        columns=["Part of speech", "Per image", "Low (95 %)", "High (95 %)", "Per text",
                 "ArtEmis per image (published)", "COCO per image (published)", "ArtEmis per text (published)"],
        rows=rows,
        raw_columns=["part_of_speech", "per_image", "low", "high", "images", "per_text", "per_text_low",
                     "per_text_high", "per_text_images", "published_artemis", "published_coco",
                     "published_artemis_per_text"],
        raw_rows=raw,
        definition="Different words of a part of speech in all English texts of an image, mean over images; per text: "
        f"divided by the image's texts. {INTERVAL} Source: {BY_NAME['nouns'].source}. {PUBLISHED_SOURCES}",
        source=f"{selection.found['n_images']:,} images, whatever part is chosen above. {selection.about}",
        css="half",
    )  # fmt: skip
