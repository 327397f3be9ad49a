"""The figures of the language page, drawn from what the analysis `words` found."""

from collections.abc import Callable

from analysis.figures import Figure
from analysis.language.counted import HISTOGRAMS
from analysis.language_figures.counts import alike_emotions, languages, similarity, similes, something_else
from analysis.language_figures.means import by_emotion, by_source, histogram, measures, parts_of_speech
from analysis.language_figures.selection import Selection as Selection

LANGUAGE_FIGURES: dict[str, Callable[[Selection], Figure | None]] = {
    "measures": measures,
    "by_emotion": by_emotion,
    "similes": similes,
    "by_source": by_source,
    **{f"spread_{name}": histogram(name) for name in HISTOGRAMS},
    "different_words": parts_of_speech,
    "similarity": similarity,
    "alike_emotions": alike_emotions,
    "something_else": something_else,
    "languages": languages,
}


def figures(selection: Selection) -> list[Figure]:
    """All that can be drawn of the selection, in their order on the page."""
    made = [make(selection) for make in LANGUAGE_FIGURES.values()]
    return [figure for figure in made if figure is not None]


def figure_named(name: str, selection: Selection) -> Figure | None:
    make = LANGUAGE_FIGURES.get(name)
    return make(selection) if make else None
