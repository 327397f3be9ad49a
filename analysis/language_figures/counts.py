"""Figures of counts: similes, what 'something else' was, languages; and how alike texts are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import mark_safe

from analysis.charts import Dot, ShareBar, dots, share_bars
from analysis.charts.marks import as_number, as_percent
from analysis.charts.shaded_table import shaded_table
from analysis.explorer_links import images
from analysis.figures import Figure
from analysis.language.published import PUBLISHED, SOMETHING_ELSE_ARTEMIS, SOURCES
from analysis.language.similes import SUBSTRINGS
from analysis.language.something_else import GROUPS
from analysis.language.text_language import UNKNOWN
from analysis.language_figures.selection import BY_NAME, Selection
from analysis.statistics.wilson import wilson_interval
from snapshots.cleaning import is_english

MOST_LABELS_DRAWN = 12
_SAMPLED = (
    "Of a seeded sample of whole images, which falls into random groups; pairs are taken within a group, and intervals "
    "are Student's over the groups (Wolter 2007). TF-IDF: Salton and Buckley 1988. Embeddings: Reimers and Gurevych "
    "2019."
)


def similes(selection: Selection) -> Figure | None:
    mean = selection.cell["measures"].get("similes")
    if mean is None:
        return None
    named = sorted(zip(SUBSTRINGS, selection.cell["similes"], strict=True), key=lambda row: -row[1])
    return _counts(
        selection,
        "similes",
        "Which similes people use",
        f"{as_percent(mean[0])} of the texts hold one of 13 phrases; {as_percent(PUBLISHED['similes'].affection)} in "
        "Affection (published).",
        "Phrase",
        [(f"“{phrase}”", phrase, n, None) for phrase, n in named],
        mean[3],
        f"{BY_NAME['similes'].definition} A text with two phrases counts for both. Source: "
        f"{BY_NAME['similes'].source}.",
        words_of=lambda phrase: phrase,
    )


def something_else(selection: Selection) -> Figure | None:
    *counts, n_unclassified = selection.cell["else_groups"]
    total = sum(counts) + n_unclassified
    if not total:
        return None
    n_artemis = SOMETHING_ELSE_ARTEMIS["n"]
    found = sorted(
        ((n, words[0]) for words, n in zip(GROUPS, counts, strict=True) if n), key=lambda row: (-row[0], row[1])
    )
    named = [(name, name, n, SOMETHING_ELSE_ARTEMIS.get(name, 0) / n_artemis) for n, name in found[:15]]
    named.append(("Not classified", "unclassified", n_unclassified, SOMETHING_ELSE_ARTEMIS["unclassified"] / n_artemis))
    return _counts(
        selection,
        "something_else",
        "What ‘something else’ was",
        "Groups of words that the texts name. Dashed: the share in ArtEmis (published).",
        "Group",
        named,
        total,
        "An English text under 'something else' belongs to a group if exactly one of its words is of exactly one of 28 "
        f"groups, each named by its first word; all others are not classified. Source: {SOURCES['artemis']}.",
        "published_artemis",
        lambda name: "" if name == "unclassified" else name,
    )


def languages(selection: Selection) -> Figure | None:
    found = sorted(selection.cell["languages"].items(), key=lambda row: (-row[1], row[0]))
    if not found:
        return None
    names = {UNKNOWN: "Too short to tell"}
    other = sum(n for language, n in found if not is_english(language))
    lead = f"{other:,} texts are in another language than English: their words count, lexicons are not asked."
    return _counts(
        selection,
        "languages",
        "In which language people wrote",
        lead if other else "All texts are read as English.",
        "Language",
        [(names.get(language, language), language, n, None) for language, n in found[:12]],
        sum(n for _, n in found),
        "The language recognised with a probability of at least 0.95 in texts of 20 letters or more; else that of the "
        "page the person read. Source: py3langid 0.4, after Lui and Baldwin 2012.",
    )


def alike_emotions(selection: Selection) -> Figure | None:
    """Whose texts are alike, emotion by emotion, on different images."""
    found, _ = _method(selection)
    labels = selection.found["labels"]
    numbers = [(value, row, column) for row, cells in enumerate(found["table"]) for column, value in enumerate(cells)]
    apart = [(value, row, column) for value, row, column in numbers if value is not None and row < column]
    if not apart or len(labels) > MOST_LABELS_DRAWN:
        return None
    names = [label["name"] for label in labels]
    _, first, second = max(apart)
    title = "Which emotions are written about alike"
    lead = f"Mean cosine of texts on different images. Most alike of two: {names[first]} and {names[second]}."
    source = {"source": selection.source} if selection.source else {}
    hrefs = [
        [images(**source, felt=sorted({one["id"], other["id"]})) for other in labels] for one in labels
    ]  # the images of both feelings
    return Figure(
        id="alike_emotions",
        title=title,
        lead=lead,
        svg=mark_safe(shaded_table(title, lead, names, found["table"], hrefs)),  # noqa: S308 (our own drawing)
        columns=["Emotion", *names],
        rows=[[name, *(as_number(value, 3) for value in row)] for name, row in zip(names, found["table"], strict=True)],
        raw_columns=["emotion", *(label["id"] for label in labels)],
        raw_rows=[[label["id"], *row] for label, row in zip(labels, found["table"], strict=True)],
        definition="Mean cosine over pairs of texts by different people on different images, by their two emotions. "
        f"{_SAMPLED}",
        source=f"{found['n_texts']:,} texts in {found['n_groups']} groups of images, of the whole study. "
        f"{selection.about}",
        css="half",
        links=[images(**source, felt=label["id"]) for label in labels],
    )


def similarity(selection: Selection) -> Figure | None:
    found, how = _method(selection)
    names = {
        "same_image_same_emotion": "Same image, same emotion",
        "same_image_other_emotion": "Same image, another emotion",
        "other_image_same_emotion": "Another image, same emotion",
        "other_image_other_emotion": "Another image, another emotion",
    }
    figures_of = {name: found["figures"][name] for name in names if found["figures"][name][0] is not None}
    if not figures_of:
        return None
    top = max(number for figure in figures_of.values() for number in figure[:3] if number is not None)
    axis = (min(0.0, *(figure[0] for figure in figures_of.values())), top * 1.05 or 1)
    method = (
        f"sentence embeddings ({found['encoder']})" if how == "embeddings" else "words weighted by TF-IDF, not meaning"
    )
    title = "How alike two people's texts are"
    lead = f"Mean cosine by {method}. What two share beyond the lowest row is the image's and the feeling's doing."
    # of one image two people's texts are compared where two wrote; of two images, all that were written about
    links = [images(responses_min=2) if name.startswith("same_image") else images() for name in figures_of]
    drawn = [
        Dot(names[name], figure[0], figure[1], figure[2], _spelled(figure), "", href=link)
        for (name, figure), link in zip(figures_of.items(), links, strict=True)
    ]
    ticks = [(axis[0], as_number(axis[0])), (axis[1], as_number(axis[1]))]
    return Figure(
        id="similarity",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=axis, ticks=ticks)),  # noqa: S308
        columns=["Pairs of texts", "Mean cosine", "Low (95 %)", "High (95 %)", "Pairs"],
        rows=[[names[name], *(as_number(number, 3) for number in figure[:3]), f"{figure[3]:,}"]
              for name, figure in figures_of.items()],
        raw_columns=["pairs", "method", "cosine", "low", "high", "n_pairs"],
        raw_rows=[[name, how, *figure] for name, figure in figures_of.items()],
        definition=f"Cosine of two texts by different people. {_SAMPLED}",
        source=f"{found['n_texts']:,} texts in {found['n_groups']} groups of images, of the whole study. "
        f"{selection.about}",
        css="half",
        links=links,
    )  # fmt: skip


def _method(selection: Selection) -> tuple[Mapping[str, Any], str]:
    """What was found by sentence embeddings where there is an encoder, else by TF-IDF; and which of the two."""
    by = selection.found["similarity"]
    if "figures" in by.get("embeddings", {}):
        return by["embeddings"], "embeddings"
    return by["tf_idf"], "tf_idf"


def _counts(
    selection: Selection,
    figure_id: str,
    title: str,
    lead: str,
    heading: str,
    named: Sequence[tuple[str, str, int, float | None]],
    total: int,
    definition: str,
    published: str = "",
    words_of: Callable[[str], str] | None = None,
) -> Figure:
    """Counts as shares of all. named: name, id, how many, a published share to compare with.

    words_of: the word of an id, whose images the page of words shows; None where there is no such word.
    """
    words = [words_of(key) if words_of is not None and n else "" for _, key, n, _ in named]
    part = {name: value for name, value in (("source", selection.source), ("emotion", selection.emotion)) if value}
    links = [f"words?{urlencode({'word': word, **part})}#behind" if word else "" for word in words]
    bars, rows, raw = [], [], []
    for (name, key, n, other), link in zip(named, links, strict=True):
        low, high = wilson_interval(n, total) or (None, None)
        bars.append(ShareBar(name, n / total if total else None, low, high, "series-2", f"{n:,}", other, href=link))
        share = n / total if total else None
        rows.append([name, f"{n:,}", as_percent(share), *([as_percent(other)] if published else [])])
        raw.append([key, n, share, low, high, *([other] if published else [])])
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars)),  # noqa: S308
        columns=[heading, "Texts", "Share", *(["ArtEmis (published)"] if published else [])],
        rows=rows,
        raw_columns=[heading.lower(), "texts", "share", "low", "high", *([published] if published else [])],
        raw_rows=raw,
        definition=f"{definition} The line is the 95 % interval after Wilson (1927), taking texts as independent.",
        source=selection.about,
        css="half",
        links=links,
    )


def _spelled(figure: Sequence[float | None]) -> str:
    value, low, high = figure[:3]
    return as_number(value, 3) + (f" [{as_number(low, 3)}, {as_number(high, 3)}]" if low is not None else "")
