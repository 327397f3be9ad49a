"""The words of the generated world's explanations; each phrase can be told from every other, so texts can be read."""

from collections.abc import Mapping, Sequence

import numpy as np

from modelserve.world.elements import Array

#: {predicate: {emotion: weight}}: said of what is named, in the past tense, singular or plural alike.
PREDICATES: Mapping[str, Mapping[str, float]] = {
    "made me laugh": {"amusement": 3},
    "put a grin on my face": {"amusement": 2, "excitement": 0.4},
    "struck me as funny": {"amusement": 2, "something_else": 0.4},
    "took my breath away": {"awe": 3, "fear": 0.4, "excitement": 0.5},
    "left me speechless": {"awe": 2, "anger": 0.4, "sadness": 0.4},
    "seemed grand and wonderful": {"awe": 2.5, "contentment": 0.3},
    "made me feel calm": {"contentment": 3},
    "gave me a peaceful mood": {"contentment": 2.5, "awe": 0.4},
    "felt cosy and right": {"contentment": 2, "amusement": 0.3},
    "gave me a rush of energy": {"excitement": 3, "awe": 0.3},
    "made me want to join in at once": {"excitement": 2.5, "amusement": 0.4},
    "made my heart beat faster": {"excitement": 1.5, "fear": 1.3, "awe": 0.4},
    "made me furious": {"anger": 3},
    "annoyed me a lot": {"anger": 2.5, "disgust": 0.6},
    "seemed unfair to me": {"anger": 1.5, "sadness": 0.8},
    "turned my stomach": {"disgust": 3, "fear": 0.2},
    "made me want to wash my hands": {"disgust": 2.5},
    "looked revolting": {"disgust": 2, "anger": 0.4},
    "scared me": {"fear": 3},
    "gave me the creeps": {"fear": 2, "disgust": 1.0},
    "made me want to run away": {"fear": 2, "disgust": 0.6, "anger": 0.2},
    "made me want to cry": {"sadness": 3},
    "left me with a heavy heart": {"sadness": 2.5, "anger": 0.3},
    "felt lonely and lost": {"sadness": 2, "fear": 0.4, "something_else": 0.4},
    "left me rather indifferent": {"something_else": 2.5, "contentment": 0.15},
    "confused me": {"something_else": 2.5, "fear": 0.3, "amusement": 0.3},
    "made me curious": {"something_else": 2, "excitement": 0.8, "awe": 0.5, "amusement": 0.3},
    "made me feel good": {"amusement": 3.0, "contentment": 3.6, "excitement": 2.4, "awe": 0.8},
    "looked beautiful": {"awe": 3.6, "contentment": 3.2, "excitement": 0.6},
    "brightened my day": {"amusement": 2.4, "contentment": 1.8, "excitement": 2.0},
    "made me stop and look": {"awe": 1.8, "something_else": 1.8, "excitement": 0.8, "fear": 0.6},
    "made me uneasy": {"fear": 2.4, "disgust": 1.8, "sadness": 1.0, "anger": 0.8, "something_else": 1.0},
    "was hard to look at": {"disgust": 2.0, "sadness": 2.0, "anger": 1.4, "fear": 0.8},
}

#: {simile: {emotion: weight}}; each holds one of the marks of snapshots/simile_marks.py, and nothing else here does.
SIMILES: Mapping[str, Mapping[str, float]] = {
    "it looks like a joke from an old film": {"amusement": 3, "something_else": 0.5},
    "it reminds me of a day at the fair": {"amusement": 1.5, "excitement": 2.5},
    "it looks like a painting in a great hall": {"awe": 3, "contentment": 1},
    "it reminds me of my childhood": {"contentment": 2.5, "amusement": 1, "sadness": 1},
    "it seems like a perfect sunday": {"contentment": 3, "amusement": 0.6},
    "it could be the start of an adventure": {"excitement": 3, "awe": 1, "fear": 0.4},
    "it seems like nobody cared": {"anger": 3, "sadness": 1.2, "disgust": 0.8},
    "it reminds me of a dirty kitchen": {"disgust": 3, "anger": 0.3},
    "it looks like a bad dream": {"fear": 3, "disgust": 0.7, "sadness": 0.4},
    "it reminds me of a funeral": {"sadness": 3, "fear": 0.6},
    "it could be a puzzle without an answer": {"something_else": 3, "awe": 0.3},
}

#: Said whatever the emotion.
CLOSINGS: Sequence[str] = (
    "and i kept looking at it",
    "which i did not expect",
    "even after a second look",
    "from the first moment",
    "and i could not say it better",
    "more than i would have thought",
)

#: Sentences around what is named ({things}) and the predicate ({did}).
FRAMES: Sequence[str] = (
    "{things} {did}",
    "this picture {did} because of {things}",
    "seeing {things} {did}",
    "i looked at {things} and it {did}",
    "it was {things} that {did}",
)

#: The same where nothing is named.
BARE_FRAMES: Sequence[str] = ("this picture {did}", "all of it {did}", "somehow it {did}")

#: Stands in for objects where only the surroundings are named.
WHOLE_VIEW = "the whole view"


def chances_by_emotion(weights: Mapping[str, Mapping[str, float]], emotions: Sequence[str]) -> Array:
    """(K, phrases) chance of every phrase given the emotion; rows sum to 1."""
    table = np.array([[of.get(emotion, 0.0) for of in weights.values()] for emotion in emotions])
    chances: Array = table / table.sum(axis=1, keepdims=True)
    return chances
