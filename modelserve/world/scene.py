"""What a scene shows, drawn for an emotion, and what it makes people feel: exact, by Bayes' rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelserve.world.elements import BACKGROUND, COLOUR, KIND, N_OBJECTS, PRIOR, Array


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: places in KIND.elements and COLOUR.elements."""

    kind: int
    colour: int

    @property
    def name(self) -> str:
        return f"{COLOUR.names[self.colour]} {KIND.names[self.kind].replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Scene:
    """The meaning of an image.

    background: places in the elements of BACKGROUND's parts (place, light, weather). things: 1 to 3, from the left.
    """

    background: tuple[int, ...]
    things: tuple[Thing, ...]

    @property
    def description(self) -> str:
        """One plain sentence that names everything."""
        things = " and ".join(f"a {thing.name}" for thing in self.things)
        words = (part.elements[e].words[0] for part, e in zip(BACKGROUND, self.background, strict=True))
        return f"{things} {' '.join(words)}"


class Feelings:
    """Chances of parts given an emotion, and of emotions given a scene. Arrays are indexed by `emotions`.

    emotions: (K) ids, all of PRIOR; strength: scales every leaning, 0 = no part says anything, 1 = as in elements.py.
    Raises ValueError where the emotions are not those of PRIOR.
    """

    def __init__(self, emotions: Sequence[str], strength: float) -> None:
        if sorted(emotions) != sorted(PRIOR):
            raise ValueError(f"The generated world feels {sorted(PRIOR)}; got the labels {list(emotions)}.")
        self.emotions = tuple(emotions)
        prior = np.array([PRIOR[emotion] for emotion in emotions])
        self.prior: Array = prior / prior.sum()  # (K,)
        self.background = [part.chances(emotions, strength) for part in BACKGROUND]  # each (K, E)
        self.kind = KIND.chances(emotions, strength)  # (K, kinds)
        self.colour = COLOUR.chances(emotions, strength)  # (K, colours)

    @cached_property
    def background_evidence(self) -> list[Array]:
        """Per part (K, E): log of how much more often this element comes with the emotion than overall."""
        return [np.log(chances / (self.prior @ chances)) for chances in self.background]

    @cached_property
    def thing_evidence(self) -> Array:
        """(K, kinds, colours): the same of an object."""
        joint = self.kind[:, :, None] * self.colour[:, None, :]
        evidence: Array = np.log(joint / np.einsum("k,kec->ec", self.prior, joint))
        return evidence

    def draw(self, random: np.random.Generator) -> Scene:
        """A scene from the prior: first the emotion it is made for, then every part by its chances."""
        uniform = random.random(5 + 2 * max(N_OBJECTS))
        emotion = _pick(self.prior, uniform[0])
        background = tuple(
            _pick(chances[emotion], value) for chances, value in zip(self.background, uniform[1:4], strict=True)
        )
        counts = list(N_OBJECTS)
        n_things = counts[_pick(np.array(list(N_OBJECTS.values())), uniform[4])]
        things = tuple(
            Thing(
                _pick(self.kind[emotion], uniform[5 + 2 * place]), _pick(self.colour[emotion], uniform[6 + 2 * place])
            )
            for place in range(n_things)
        )
        return Scene(background, things)

    def of(self, scene: Scene) -> Array:
        """(K,) what people feel about the scene before their habits: the posterior of the emotion. Sums to 1."""
        logs = np.log(self.prior)
        for chances, element in zip(self.background, scene.background, strict=True):
            logs = logs + np.log(chances[:, element])
        for thing in scene.things:
            logs = logs + np.log(self.kind[:, thing.kind]) + np.log(self.colour[:, thing.colour])
        weights = np.exp(logs - logs.max())
        feelings: Array = weights / weights.sum()
        return feelings

    def evidence(self, scene: Scene) -> Array:
        """(K, parts) log-evidence of every part of the scene for every emotion: BACKGROUND's, then the things."""
        columns = [table[:, element] for table, element in zip(self.background_evidence, scene.background, strict=True)]
        columns += [self.thing_evidence[:, thing.kind, thing.colour] for thing in scene.things]
        return np.stack(columns, axis=1)


def _pick(chances: Array, uniform: float) -> int:
    return min(int(np.searchsorted(np.cumsum(chances), uniform * chances.sum(), side="right")), len(chances) - 1)
