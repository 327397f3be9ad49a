"""The label sets of affective science that we ship: name, order, polarity. The only place, below every app.

Colours stand in static/css/tokens.css as --label-<id>, one per row, since only style sheets use them.
"""

from typing import TypedDict


class Label(TypedDict):
    """One option of a choice step. polarity: positive, negative, else, or None where the set has no such notion."""

    id: str
    name: str
    polarity: str | None


POLARITIES = ("positive", "negative", "else")

# Affection (CVPR 2023), after ArtEmis (CVPR 2021), artemis/emotions.py: names, order and polarity.
AFFECTION: list[Label] = [
    {"id": "amusement", "name": "Amusement", "polarity": "positive"},
    {"id": "awe", "name": "Awe", "polarity": "positive"},
    {"id": "contentment", "name": "Contentment", "polarity": "positive"},
    {"id": "excitement", "name": "Excitement", "polarity": "positive"},
    {"id": "anger", "name": "Anger", "polarity": "negative"},
    {"id": "disgust", "name": "Disgust", "polarity": "negative"},
    {"id": "fear", "name": "Fear", "polarity": "negative"},
    {"id": "sadness", "name": "Sadness", "polarity": "negative"},
    {"id": "something_else", "name": "Something else", "polarity": "else"},
]

LABEL_SETS: dict[str, list[Label]] = {"affection": AFFECTION}
