"""Sentiment and subjectivity of an English text, by two libraries that carry their lexicons."""

from functools import cache
from typing import Any, NamedTuple

NEUTRAL_BELOW = 0.05
SENTIMENTS = ("negative", "neutral", "positive")


class Vader(NamedTuple):
    """Shares of the text that are negative, neutral, positive (sum 1), and the compound score, -1 to 1."""

    negative: float
    neutral: float
    positive: float
    compound: float


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def _pattern() -> Any:
    # imported late: TextBlob brings NLTK, which takes a second to import
    from textblob import en

    return en.sentiment


def vader(text: str) -> Vader:
    """VADER's scores of the text as it was written: capitals and exclamation marks speak.

    Source: Hutto and Gilbert, VADER, ICWSM 2014; package vaderSentiment 3.3.
    """
    scores = _vader().polarity_scores(text)
    return Vader(scores["neg"], scores["neu"], scores["pos"], scores["compound"])


def vader_class(compound: float) -> str:
    """negative (at most -0.05), positive (at least 0.05) or neutral. Source: VADER's README, ArtEmis' notebook."""
    if abs(compound) < NEUTRAL_BELOW:
        return "neutral"
    return "positive" if compound > 0 else "negative"


def subjectivity(text: str) -> tuple[float, float]:
    """TextBlob's polarity (-1 to 1) and subjectivity (0 to 1): means over the text's words that its lexicon knows.

    Source: De Smedt and Daelemans, Pattern for Python, JMLR 13 (2012); package textblob 0.20.
    """
    found = _pattern()(text)
    return float(found[0]), float(found[1])
