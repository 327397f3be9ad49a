"""What is measured of a text, one row each: name, definition, source, and how it is read from described texts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts
from analysis.language.parts_of_speech import NAMES, NONE, TAGS
from analysis.language.sentiment import NEUTRAL_BELOW

Values = NDArray[np.float64]

OF_EVERY_TEXT, OF_ENGLISH = "every text", "English texts"
CONCRETENESS, AFFECT = "concreteness", "affect"


@dataclass(frozen=True)
class Measure:
    """A mean over texts. unit: words, share (0 to 1) or the scale's ends. needs: a lexicon of the operator, or ''."""

    name: str
    title: str
    unit: str
    low: float
    high: float | None
    definition: str
    source: str
    values: Callable[[DescribedTexts], Values]
    needs: str = ""


def _pos(tag: str) -> Callable[[DescribedTexts], Values]:
    place = TAGS.index(tag)

    def values(texts: DescribedTexts) -> Values:
        found = texts.tag_counts[:, place].astype(np.float64)
        found[(texts.tag_counts[:, NONE] > 0) | (texts.n_words == 0)] = np.nan
        return found

    return values


def _column(name: str) -> Callable[[DescribedTexts], Values]:
    return lambda texts: texts.number(name)


def _n_words(texts: DescribedTexts) -> Values:
    n = texts.n_words.astype(np.float64)
    return np.where(n > 0, n, np.nan)


def _similes(texts: DescribedTexts) -> Values:
    return np.where(np.isnan(texts.number("compound")), np.nan, (texts.similes > 0).astype(np.float64))


def _sentiment(wanted: int) -> Callable[[DescribedTexts], Values]:
    def values(texts: DescribedTexts) -> Values:
        compound = texts.number("compound")
        sign = np.where(np.abs(compound) < NEUTRAL_BELOW, 0, np.sign(compound))
        return np.where(np.isnan(compound), np.nan, (sign == wanted).astype(np.float64))

    return values


_POS_SOURCE = "Affection, sec. 3; tagger: Pattern's, as packaged with TextBlob (the paper used NLTK's)"
_VADER_SOURCE = "Hutto and Gilbert 2014; thresholds as in ArtEmis' notebook, which Affection follows"
_TEXTBLOB = "De Smedt and Daelemans 2012 (TextBlob)"
_WARRINER = "Warriner, Kuperman and Brysbaert 2013"
_BRYSBAERT = "Brysbaert, Warriner and Kuperman 2014, by the rule of ArtEmis' notebook, which Affection follows"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "n_words", "Words", "words", 0, None,
        "Words of a text after cleaning: lower case, contractions expanded, punctuation removed. Empty texts are left "
        "out.", "Affection, sec. 3", _n_words,
    ),
    *(
        Measure(
            NAMES[tag], NAMES[tag].capitalize(), "words", 0, None,
            f"Words of a text that are tagged {tag} of the universal tag set. English texts only.", _POS_SOURCE,
            _pos(tag),
        )
        for tag in NAMES
    ),
    Measure(
        "concreteness", "Concreteness", "1 to 5", 1, 5,
        "Mean rating of the text's rated words, from 1, abstract, to 5, concrete. Rated pairs of words count first and "
        "are taken out; articles do not count; a text without a rated word is left out. English texts only.",
        _BRYSBAERT, _column("concreteness"), CONCRETENESS,
    ),
    Measure(
        "most_abstract", "Most abstract words", "share", 0, 1,
        "Share of texts with a word or pair among the 1 % of entries that are rated most abstract. English texts only.",
        _BRYSBAERT, _column("most_abstract"), CONCRETENESS,
    ),
    Measure(
        "subjectivity", "Subjectivity", "0 to 1", 0, 1,
        "Mean subjectivity of the words that the lexicon knows, from 0, matter of fact, to 1, personal. English texts "
        "only.", _TEXTBLOB, _column("subjectivity"),
    ),
    Measure(
        "polarity", "Polarity of words", "−1 to 1", -1, 1,
        "Mean polarity of the words that the lexicon knows, from -1, negative, to 1, positive. English texts only.",
        _TEXTBLOB, _column("polarity"),
    ),
    Measure(
        "sentiment", "Sentiment", "−1 to 1", -1, 1,
        "VADER's compound score of the text as written, from -1 to 1. English texts only.", _VADER_SOURCE,
        _column("compound"),
    ),
    Measure(
        "sentiment_strength", "Strength of sentiment", "0 to 1", 0, 1,
        "Absolute value of VADER's compound score. English texts only.", _VADER_SOURCE,
        lambda texts: np.abs(texts.number("compound")),
    ),
    Measure(
        "sentiment_negative", "Negative in tone", "share", 0, 1,
        "Share of texts with a compound score of -0.05 or less. English texts only.", _VADER_SOURCE, _sentiment(-1),
    ),
    Measure(
        "sentiment_neutral", "Neutral in tone", "share", 0, 1,
        "Share of texts with a compound score between -0.05 and 0.05. English texts only.", _VADER_SOURCE,
        _sentiment(0),
    ),
    Measure(
        "sentiment_positive", "Positive in tone", "share", 0, 1,
        "Share of texts with a compound score of 0.05 or more. English texts only.", _VADER_SOURCE, _sentiment(1),
    ),
    Measure(
        "similes", "Similes", "share", 0, 1,
        "Share of texts that contain one of 13 phrases such as 'looks like' or 'reminds me'. English texts only.",
        "ArtEmis, evaluation code; Affection, sec. 3", _similes,
    ),
    *(
        Measure(
            name, name.capitalize(), "1 to 9", 1, 9,
            f"Mean {name} of the text's rated words, {ends}. English texts only.", _WARRINER, _column(name), AFFECT,
        )
        for name, ends in (
            ("valence", "from 1, unpleasant, to 9, pleasant"),
            ("arousal", "from 1, calm, to 9, aroused"),
            ("dominance", "from 1, controlled, to 9, in control"),
        )
    ),
)  # fmt: skip
"""Every measure. `values` gives (n,) numbers, NaN where a text has none."""
