"""Figures of means: measures beside published ones, by emotion and source, spread, words per image."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import mark_safe

from analysis.charts import Column, Dot, columns, dots, mark_class
from analysis.charts.beside import Beside, beside
from analysis.charts.marks import as_number
from analysis.explorer_links import images
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
    drawn, rows, raw, links = [], [], [], []
    for measure in MEASURES:
        value, low, high, n = mean(selection.cell, measure.name)
        published = PUBLISHED.get(measure.name)
        others = [published.of(name) if published else None for name in COLLECTIONS]
        reason = _LEXICON_MISSING if measure.needs and n == 0 else "No text of this part has a value."
        axis = (measure.low, measure.high if measure.high is not None else upper([high or value, *others]))
        links.append(_images(selection.source, selection.emotion) if n else "")
        drawn.append(
            Beside(
                measure.title, value, low, high, with_interval(measure, value, low, high), axis, others, reason,
                links[-1],
            )
        )  # fmt: skip
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
        links=links,
    )  # fmt: skip


def by_emotion(selection: Selection) -> Figure | None:
    labels = selection.found["labels"]
    if len(labels) < 2:
        return None
    parts = [
        _Part(
            label["name"], label["id"], mark_class(label["id"], label["polarity"], place), selection.source, label["id"]
        )
        for place, label in enumerate(labels)
    ]
    return _compared(selection, "emotion", parts, selection.cell_of(selection.source, ""))


def by_source(selection: Selection) -> Figure | None:
    sources = selection.found["sources"]
    if len(sources) < 2:
        return None
    parts = [_Part(name, name, f"series-{n % 4 + 1}", name, selection.emotion) for n, name in enumerate(sources)]
    return _compared(selection, "source", parts, selection.cell_of("", selection.emotion))


@dataclass(frozen=True)
class _Part:
    """A part of the study in a comparison; css: the class that colours it."""

    name: str
    id: str
    css: str
    source: str
    emotion: str


def _compared(selection: Selection, by: str, parts: Sequence[_Part], whole: Mapping[str, Any]) -> Figure | None:
    """The chosen measure of several parts of the study; whole: the cell of all of them together."""
    measure = BY_NAME[selection.measure]
    rows = [(part, mean(selection.cell_of(part.source, part.emotion), measure.name)) for part in parts]
    numbers = [number for _, found in rows for number in found[:3] if number is not None]
    if not numbers:
        return None
    air = (max(numbers) - min(numbers)) * 0.08 or 0.05 * (abs(max(numbers)) or 1)
    axis = (max(min(numbers) - air, measure.low), max(numbers) + air)
    title = f"{measure.title} by {by}"
    highest = max((part for part in rows if part[1][0] is not None), key=lambda part: part[1][0] or 0.0)[0]
    lead = f"Highest: {highest.name}. Dashed: all together. The axis shows the range that is reached."
    everybody = mean(whole, measure.name)[0]
    drawn = [
        Dot(
            part.name, value, low, high, with_interval(measure, value, low, high), "No text with a value.", part.css,
            everybody, _images(part.source, part.emotion),
        )
        for part, (value, low, high, _) in rows
    ]  # fmt: skip
    ticks = [(axis[0], written(measure, axis[0])), (axis[1], written(measure, axis[1]))]
    return Figure(
        id=f"by_{by}",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=axis, ticks=ticks)),  # noqa: S308
        columns=[by.capitalize(), "Mean", "Low (95 %)", "High (95 %)", "Texts"],
        rows=[[part.name, *(written(measure, number) for number in found[:3]), f"{found[3]:,}"]
              for part, found in rows],
        raw_columns=[by, "measure", "mean", "low", "high", "texts"],
        raw_rows=[[part.id, measure.name, *found] for part, found in rows],
        definition=f"{measure.title}: {measure.definition} {INTERVAL} Source: {measure.source}.",
        source=selection.about,
        css="half",
        links=[_images(part.source, part.emotion) for part in parts],
    )  # fmt: skip


def _images(source: str, emotion: str) -> str:
    """The explorer with the images of a source that somebody answered with an emotion; '' = any."""
    return images(**({"source": source} if source else {}), **({"felt": emotion} if emotion else {}))


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
        spans = spans_of(name)
        fullest = spans[max(range(n_bins), key=lambda place: counts[place])]
        title = f"{measure.title}: how it is spread"
        lead = f"Most texts lie at {fullest}. Mean {written(measure, mean(selection.cell, name)[0])}."
        # the images behind a span are kept for the whole study
        behind = selection.found.get("spread", {}).get(name, []) if not selection.part else []
        links = [f"words?spread={name}.{place}#behind" if n and behind else "" for place, n in enumerate(counts)]
        drawn = [Column(span, n, href) for span, n, href in zip(spans, counts, links, strict=True)]
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
            links=links,
        )

    return figure


def spans_of(name: str) -> list[str]:
    """The bins of a measure's distribution in words."""
    measure = BY_NAME[name]
    low, high, n_bins = HISTOGRAMS[name]
    edges = [low + place * (high - low) / n_bins for place in range(n_bins + 1)]
    spans = [f"{as_number(left, 2).removesuffix('.00')} to {as_number(right, 2).removesuffix('.00')}"
             for left, right in itertools.pairwise(edges)]  # fmt: skip
    if measure.unit == "words":
        spans = [f"{left:.0f} to {right - 1:.0f}" for left, right in itertools.pairwise(edges)]
    if measure.high is None:
        spans[-1] = f"{as_number(edges[-2], 0)} and more"
    return spans


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
                BY_NAME[name].title, per_image[0], per_image[1], per_image[2], as_number(per_image[0], 1),
                (0, upper([per_image[2] or per_image[0], *published])), [None, *published], "No English text.",
                images() if per_image[3] else "",
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
        links=[images()] * len(rows),
    )  # fmt: skip
