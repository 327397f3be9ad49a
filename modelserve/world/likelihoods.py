"""Exact chances of texts in the generated world: P(text | image), P(text, label), and so P(label | text).

Source: Bayes' rule over the world's own chances. Parts of a scene are drawn independently given the emotion felt, and
named independently given the label reported, so what a text leaves unnamed is summed over part by part.
"""

import itertools
from math import comb

import numpy as np

from modelserve.world.elements import BACKGROUND, KIND, N_OBJECTS, Array
from modelserve.world.grammar import Grammar, Said
from modelserve.world.people import Habits
from modelserve.world.phrases import BARE_FRAMES, CLOSINGS, FRAMES
from modelserve.world.scene import Feelings, Scene


class Likelihoods:
    """Chances under a random annotator of a pool. K labels, A annotators."""

    def __init__(self, feelings: Feelings, grammar: Grammar, people: list[Habits]) -> None:
        self._feelings, self._grammar = feelings, grammar
        self._reports = np.stack([habits.reports for habits in people])  # (A, K felt, K reported)
        self._mentions = np.array([habits.mentions for habits in people])  # (A,)
        self._colours = np.array([habits.colours for habits in people])
        self._closes = np.array([habits.closes for habits in people])
        self._similes = np.array([habits.similes for habits in people])
        # Chance that a part is shown (given the emotion felt, row) and would be named by somebody with mentions = 1
        # (given the label reported, column).
        self._named_background = [
            chances @ readiness.T
            for chances, readiness in zip(feelings.background, grammar.background_readiness, strict=True)
        ]
        self._thing_chances = feelings.kind[:, :, None] * feelings.colour[:, None, :]  # (K, kinds, colours)
        self._named_thing = np.einsum("kec,lec->kl", self._thing_chances, grammar.thing_readiness)

    def text_and_label(self, said: Said) -> Array:
        """(K,) P(text, label reported) for an image, an annotator and an answer at random."""
        mentions = self._mentions[:, None, None]
        chance = np.ones((1, 1, 1))  # (A, K felt, K reported)
        for part, named, element in zip(range(len(BACKGROUND)), self._named_background, said.background, strict=True):
            if element is None:
                chance = chance * (1.0 - mentions * named)
            else:
                shown = self._feelings.background[part][:, element]
                ready = self._grammar.background_readiness[part][:, element]
                chance = chance * mentions * np.outer(shown, ready)
        for thing in said.things:
            shown, ready = self._thing_chances[:, thing.kind], self._grammar.thing_readiness[:, thing.kind]
            if thing.colour is None:
                coloured, both = 1.0 - self._colours, shown @ ready.T
            else:
                coloured, both = self._colours, np.outer(shown[:, thing.colour], ready[:, thing.colour])
            chance = chance * mentions * coloured[:, None, None] * both
        n_named = len(said.things)
        unnamed = 1.0 - mentions * self._named_thing
        chance = chance * sum(
            share * comb(n, n_named) * unnamed ** (n - n_named) for n, share in N_OBJECTS.items() if n >= n_named
        )
        chance = chance * self._feelings.prior[None, :, None] * self._reports * self._wording(said)[:, None, :]
        joint: Array = chance.sum(axis=(0, 1)) / len(self._mentions)
        return joint

    def text_given_scene(self, said: Said, scene: Scene) -> float:
        """P(text | scene) by an annotator and with a label at random; 0 where it names what is not there."""
        mentions = self._mentions[:, None]
        chance = np.ones((1, 1))  # (A, K reported)
        for readiness, shown, named in zip(
            self._grammar.background_readiness, scene.background, said.background, strict=True
        ):
            if named not in (None, shown):
                return 0.0
            named_chance = mentions * readiness[:, shown]
            chance = chance * (1.0 - named_chance if named is None else named_chance)
        choices = [
            chosen
            for chosen in itertools.combinations(range(len(scene.things)), len(said.things))
            if all(
                named.kind == scene.things[place].kind and named.colour in (None, scene.things[place].colour)
                for named, place in zip(said.things, chosen, strict=True)
            )
        ]
        if not choices:
            return 0.0
        things = np.zeros((1, 1))
        for chosen in choices:
            one = np.ones((1, 1))
            for place, thing in enumerate(scene.things):
                named_chance = mentions * self._grammar.thing_readiness[:, thing.kind, thing.colour]
                one = one * (named_chance if place in chosen else 1.0 - named_chance)
            things = things + one
        for named_thing in said.things:
            chance = chance * (self._colours if named_thing.colour is not None else 1.0 - self._colours)[:, None]
        reported = self._feelings.of(scene) @ self._reports  # (A, K)
        return float((chance * things * reported * self._wording(said)).sum() / len(self._mentions))

    def _wording(self, said: Said) -> Array:
        """(A, K reported) chance of frame, predicate, synonyms, closing and simile."""
        frames = FRAMES if said.names_something else BARE_FRAMES
        synonyms = 1
        for thing in said.things:
            synonyms *= len(KIND.elements[thing.kind].words)
        for part, element in zip(BACKGROUND, said.background, strict=True):
            synonyms *= 1 if element is None else len(part.elements[element].words)
        closing = 1.0 - self._closes if said.closing is None else self._closes / len(CLOSINGS)
        simile = (
            (1.0 - self._similes)[:, None]
            if said.simile is None
            else np.outer(self._similes, self._grammar.simile_chances[:, said.simile])
        )
        wording: Array = (
            closing[:, None] * simile * self._grammar.predicate_chances[:, said.predicate] / len(frames) / synonyms
        )
        return wording


def names_only_what_is_visible(said: Said, scene: Scene) -> bool:
    """Whether everything that a text names is to be seen in the scene, in the order from left to right."""
    if any(named not in (None, shown) for named, shown in zip(said.background, scene.background, strict=True)):
        return False
    rest = iter(scene.things)
    return all(
        any(named.kind == thing.kind and named.colour in (None, thing.colour) for thing in rest)
        for named in said.things
    )
