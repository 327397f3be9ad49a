"""How concrete a text's words are, by two published rules that differ; each has its own name."""

import itertools
from collections.abc import Sequence

from analysis.language.lexicons import AffectNorms, ConcretenessNorms


def concreteness_with_pairs(words: Sequence[str], norms: ConcretenessNorms) -> tuple[float | None, int]:
    """Mean rating (1 to 5) and how many ratings it is the mean of; None where no word is rated.

    Rated pairs of neighbouring words count first, every time they occur, and are taken out; then single words.
    Articles are not rated. Rated pairs that overlap all count; the first takes the shared word out.
    Source: ArtEmis, notebook on concreteness, which Affection follows.
    """
    pairs = norms.pairs
    found: list[float] = []
    left: Sequence[str] = words
    seen = [pair for pair in itertools.pairwise(words) if pair in pairs]
    if seen:
        found.extend(pairs[pair] for pair in seen)
        gaps: list[str] = list(words)
        for pair in dict.fromkeys(seen):
            _take_out(gaps, pair)
        left = gaps
    rated = norms.words
    found.extend(rated[word] for word in left if word in rated)
    return (sum(found) / len(found), len(found)) if found else (None, 0)


def concreteness_of_single_words(words: Sequence[str], norms: ConcretenessNorms) -> tuple[float | None, int]:
    """Mean rating (1 to 5) over the words that have an entry of one word, articles included, and how many these are."""
    rated = norms.single_words
    found = [rated[word] for word in words if word in rated]
    return (sum(found) / len(found), len(found)) if found else (None, 0)


def uses_most_abstract(words: Sequence[str], norms: ConcretenessNorms) -> bool:
    """Whether a word or a pair of neighbouring words is among the most abstract 1 % of the entries.

    Source: ArtEmis, the same notebook (31.5 % of its texts, 2.6 % of COCO's captions).
    """
    abstract = norms.most_abstract
    if not abstract.isdisjoint(words):
        return True
    return any(f"{first} {second}" in abstract for first, second in itertools.pairwise(words))


def mean_affect(words: Sequence[str], norms: AffectNorms) -> tuple[tuple[float, float, float] | None, int]:
    """Mean (valence, arousal, dominance), 1 to 9, over the rated words, and how many these are."""
    found = [norms.ratings[word] for word in words if word in norms.ratings]
    if not found:
        return None, 0
    valence, arousal, dominance = (sum(column) / len(found) for column in zip(*found, strict=True))
    return (valence, arousal, dominance), len(found)


def _take_out(words: list[str], pair: tuple[str, str]) -> None:
    """Empties every place, from left to right, where both words still stand side by side."""
    place = 0
    while place < len(words) - 1:
        if words[place] == pair[0] and words[place + 1] == pair[1]:
            words[place] = words[place + 1] = ""
            place += 2
        else:
            place += 1
