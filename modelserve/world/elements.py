"""What a scene is made of, how often, and which emotion each part speaks for. Invented; says nothing about people.

Source of the form: naive Bayes. A scene is drawn for an emotion k, each part e of it with P(e | k), which is
proportional to share(e) * exp(leaning(e, k)). So the chance of k given a whole scene is known exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: How often each emotion is the reason for a scene. In the order of no label set: by id.
PRIOR: Mapping[str, float] = {
    "amusement": 0.14, "awe": 0.14, "contentment": 0.23, "excitement": 0.14, "anger": 0.05, "disgust": 0.07,
    "fear": 0.08, "sadness": 0.09, "something_else": 0.06,
}  # fmt: skip

#: What each emotion would be on ratings of valence and arousal from 1 to 7. Invented, as all of this.
VALENCE: Mapping[str, float] = {
    "amusement": 5.8, "awe": 5.6, "contentment": 6.0, "excitement": 6.0, "anger": 2.2, "disgust": 2.0, "fear": 2.2,
    "sadness": 2.1, "something_else": 4.0,
}  # fmt: skip
AROUSAL: Mapping[str, float] = {
    "amusement": 4.5, "awe": 4.6, "contentment": 2.8, "excitement": 5.8, "anger": 5.6, "disgust": 4.6, "fear": 5.9,
    "sadness": 2.9, "something_else": 3.5,
}  # fmt: skip


@dataclass(frozen=True)
class Element:
    """One value that a part of the scene can have.

    share: how often, before any emotion bends it; shares of a part sum to 1. words: ways to name it in an explanation,
    equally likely. leaning: {emotion id: log-weight}; 0 where absent.
    """

    name: str
    share: float
    words: tuple[str, ...]
    leaning: Mapping[str, float]


@dataclass(frozen=True)
class Part:
    """A part of the scene: light, weather, place, the kind or the colour of an object."""

    name: str
    elements: tuple[Element, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(element.name for element in self.elements)

    def chances(self, emotions: Sequence[str], strength: float) -> Array:
        """(K, E) P(e | k): a row per emotion, each summing to 1. strength scales every leaning."""
        leaning = np.array([[one.leaning.get(emotion, 0.0) for one in self.elements] for emotion in emotions])
        weights = np.array([one.share for one in self.elements]) * np.exp(strength * leaning)  # (K, E)
        chances: Array = weights / weights.sum(axis=1, keepdims=True)
        return chances


def _part(name: str, *rows: tuple[str, float, tuple[str, ...], dict[str, float]]) -> Part:
    return Part(name, tuple(Element(*row) for row in rows))


LIGHT = _part(
    "light",
    ("day", 0.5, ("in broad daylight", "by day"), {"amusement": 0.5, "contentment": 0.3, "excitement": 0.4}),
    ("sunset", 0.25, ("at sunset", "in the evening glow"), {"awe": 1.2, "contentment": 0.8, "sadness": 0.2}),
    ("night", 0.25, ("at night", "in the dark"), {"fear": 1.4, "sadness": 0.7, "awe": 0.3, "disgust": 0.2}),
)
WEATHER = _part(
    "weather",
    ("clear", 0.42, ("under a clear sky",), {"contentment": 0.6, "amusement": 0.4, "excitement": 0.3}),
    ("rain", 0.17, ("in the rain", "with all that rain"), {"sadness": 1.4, "anger": 0.4, "something_else": 0.3}),
    ("snow", 0.14, ("in the snow", "with snow falling"), {"excitement": 0.6, "contentment": 0.4, "awe": 0.3}),
    ("storm", 0.13, ("with lightning above", "in the thunderstorm"), {"fear": 1.4, "anger": 0.9, "awe": 0.6}),
    ("rainbow", 0.14, ("under a rainbow", "below the rainbow"), {"awe": 1.2, "amusement": 0.5, "contentment": 0.3}),
)
PLACE = _part(
    "place",
    ("meadow", 0.22, ("in the meadow", "on the grass"), {"contentment": 1.0, "amusement": 0.3}),
    ("sea", 0.18, ("by the sea", "on the water"), {"contentment": 0.7, "awe": 0.6, "excitement": 0.3}),
    ("mountains", 0.18, ("before the mountains", "near the high peaks"), {"awe": 1.4, "excitement": 0.5}),
    (
        "city",
        0.18,
        ("in the city", "between the tall houses"),
        {"excitement": 0.7, "anger": 0.8, "something_else": 0.5},
    ),
    ("desert", 0.12, ("in the desert", "on the dry sand"), {"something_else": 0.9, "sadness": 0.6}),
    ("swamp", 0.12, ("in the swamp", "on the muddy ground"), {"disgust": 1.5, "fear": 0.6}),
)
KIND = _part(
    "kind",
    ("smiling_face", 0.06, ("smiling face", "happy face"), {"amusement": 1.8, "contentment": 1.0}),
    ("crying_face", 0.05, ("crying face", "face in tears"), {"sadness": 2.6}),
    ("angry_face", 0.05, ("angry face", "face full of rage"), {"anger": 2.6, "fear": 0.8}),
    ("frightened_face", 0.05, ("frightened face", "screaming face"), {"fear": 2.0, "excitement": 0.2}),
    ("balloon", 0.06, ("balloon",), {"excitement": 1.3, "amusement": 1.2}),
    ("rocket", 0.06, ("rocket", "spaceship"), {"excitement": 2.2, "awe": 1.0}),
    ("cake", 0.06, ("birthday cake", "cake"), {"amusement": 1.3, "excitement": 1.3}),
    ("flower", 0.06, ("flower", "blossom"), {"contentment": 2.0, "awe": 0.7}),
    ("tree", 0.06, ("tree",), {"contentment": 1.4, "awe": 0.8}),
    ("house", 0.06, ("cottage", "little house"), {"contentment": 1.4, "something_else": 0.4}),
    ("sailing_boat", 0.06, ("sailing boat", "boat"), {"awe": 1.3, "contentment": 1.0, "excitement": 0.5}),
    ("cat", 0.07, ("cat", "kitten"), {"amusement": 2.0, "contentment": 0.8}),
    ("snake", 0.05, ("snake", "serpent"), {"fear": 2.2, "disgust": 1.0}),
    ("spider", 0.05, ("spider",), {"disgust": 1.8, "fear": 1.6}),
    ("rubbish", 0.05, ("rubbish heap", "pile of trash"), {"disgust": 2.6, "anger": 1.3}),
    ("gravestone", 0.05, ("gravestone", "grave"), {"sadness": 2.4, "fear": 0.7}),
    ("broken_window", 0.05, ("broken window", "smashed window"), {"anger": 2.2, "sadness": 0.8}),
    ("box", 0.05, ("cardboard box", "box"), {"something_else": 2.4}),
)
COLOUR = _part(
    "colour",
    ("red", 0.15, ("red",), {"anger": 0.9, "excitement": 0.6}),
    ("yellow", 0.15, ("yellow",), {"amusement": 0.8, "excitement": 0.3}),
    ("green", 0.14, ("green",), {"contentment": 0.4, "disgust": 0.7}),
    ("blue", 0.15, ("blue",), {"awe": 0.5, "contentment": 0.4, "sadness": 0.4}),
    ("purple", 0.12, ("purple",), {"awe": 0.5, "amusement": 0.3, "something_else": 0.3}),
    ("white", 0.15, ("white",), {"awe": 0.3, "contentment": 0.4}),
    ("black", 0.14, ("black",), {"fear": 0.8, "sadness": 0.7, "anger": 0.3, "disgust": 0.3}),
)

BACKGROUND = (PLACE, LIGHT, WEATHER)
"""Parts that every scene has once, in the order in which explanations name them."""

N_OBJECTS: Mapping[int, float] = {1: 0.3, 2: 0.4, 3: 0.3}
"""How many objects a scene has, whatever the emotion. They stand side by side, the first at the left."""
