"""Explanations of the generated world: written by a grammar whose every choice has a known chance, and read back.

An annotator who gives label l to a scene names each visible part of it independently, the more readily the more the
part speaks for l; then says what it did to her. So P(text | scene, label, annotator) is a product, and P(label | text)
follows without a sum over scenes (likelihoods.py).
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelserve.world.elements import BACKGROUND, COLOUR, KIND, Array, Part
from modelserve.world.people import Habits
from modelserve.world.phrases import (
    BARE_FRAMES,
    CLOSINGS,
    FRAMES,
    PREDICATES,
    SIMILES,
    WHOLE_VIEW,
    chances_by_emotion,
)
from modelserve.world.scene import Feelings, Scene

# How readily a part is named: this much if it says nothing for the label, the most if it says much.
LEAST_THING, MOST_THING = 0.6, 0.98
LEAST_BACKGROUND, MOST_BACKGROUND = 0.4, 0.9
FULL_EVIDENCE = 1.0  # log-evidence from which on a part is named as readily as can be


@dataclass(frozen=True, slots=True)
class NamedThing:
    """An object as a text names it: place in KIND.elements, and in COLOUR.elements if the colour is named."""

    kind: int
    colour: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: a reading of it, from which it can be written again word for word.

    background: per part of BACKGROUND the element named, or None. word_choices: which of the equally likely words.
    closing, simile: places in CLOSINGS and SIMILES, or None. frame: in FRAMES, or BARE_FRAMES if nothing is named.
    """

    frame: int
    predicate: int
    things: tuple[NamedThing, ...]
    background: tuple[int | None, ...]
    thing_words: tuple[int, ...]
    background_words: tuple[int, ...]
    closing: int | None
    simile: int | None

    @property
    def names_something(self) -> bool:
        return bool(self.things) or any(element is not None for element in self.background)


class Grammar:
    """Writes and reads explanations. Labels are numbers, places in feelings.emotions."""

    def __init__(self, feelings: Feelings) -> None:
        self.predicate_chances = chances_by_emotion(PREDICATES, feelings.emotions)  # (K, predicates)
        self.simile_chances = chances_by_emotion(SIMILES, feelings.emotions)  # (K, similes)
        # Readiness to name a part, by label: background per part (K, E); things (K, kinds, colours).
        self.background_readiness = [
            _readiness(evidence, LEAST_BACKGROUND, MOST_BACKGROUND) for evidence in feelings.background_evidence
        ]
        self.thing_readiness = _readiness(feelings.thing_evidence, LEAST_THING, MOST_THING)

    def write(self, scene: Scene, label: int, habits: Habits, random: np.random.Generator) -> str:
        """An explanation of `label` by somebody with these habits, who sees the scene."""
        uniform = iter(random.random(32))
        things, thing_words = [], []
        for thing in scene.things:
            named, coloured, word = next(uniform), next(uniform), next(uniform)
            if named < habits.mentions * self.thing_readiness[label, thing.kind, thing.colour]:
                things.append(NamedThing(thing.kind, thing.colour if coloured < habits.colours else None))
                thing_words.append(int(word * len(KIND.elements[thing.kind].words)))
        background: list[int | None] = []
        background_words = []
        for part, readiness, element in zip(BACKGROUND, self.background_readiness, scene.background, strict=True):
            named, word = next(uniform), next(uniform)
            is_named = named < habits.mentions * readiness[label, element]
            background.append(element if is_named else None)
            background_words.append(int(word * len(part.elements[element].words)) if is_named else 0)
        names_something = bool(things) or any(element is not None for element in background)
        said = Said(
            frame=int(next(uniform) * len(FRAMES if names_something else BARE_FRAMES)),
            predicate=_pick(self.predicate_chances[label], next(uniform)),
            things=tuple(things),
            background=tuple(background),
            thing_words=tuple(thing_words),
            background_words=tuple(background_words),
            closing=_maybe(next(uniform) < habits.closes, int(next(uniform) * len(CLOSINGS))),
            simile=_maybe(next(uniform) < habits.similes, _pick(self.simile_chances[label], next(uniform))),
        )
        return text_of(said)

    def readings(self, scene: Scene, label: int) -> Iterator[Said]:
        """Everything that can be said of the scene for this label: true of what is visible, fit for the emotion.

        Finite, but often more than 100,000: take what you need.
        """
        predicates = np.flatnonzero(self.predicate_chances[label])
        similes: list[int | None] = [None, *(int(place) for place in np.flatnonzero(self.simile_chances[label]))]
        closings: list[int | None] = [None, *range(len(CLOSINGS))]
        named_things = [
            [None, NamedThing(thing.kind, thing.colour), NamedThing(thing.kind, None)] for thing in scene.things
        ]
        named_background = [[None, element] for element in scene.background]
        seen = set()
        for things, background in itertools.product(
            itertools.product(*named_things), itertools.product(*named_background)
        ):
            named = tuple(thing for thing in things if thing is not None)
            if (named, background) in seen:  # two equal objects, one of them named
                continue
            seen.add((named, background))
            frames = FRAMES if named or any(element is not None for element in background) else BARE_FRAMES
            thing_words = [range(len(KIND.elements[thing.kind].words)) for thing in named]
            background_words = [
                range(1 if element is None else len(part.elements[element].words))
                for part, element in zip(BACKGROUND, background, strict=True)
            ]
            for frame, predicate, closing, simile, words, other_words in itertools.product(
                range(len(frames)),
                predicates,
                closings,
                similes,
                itertools.product(*thing_words),
                itertools.product(*background_words),
            ):
                yield Said(frame, int(predicate), named, background, words, other_words, closing, simile)

    def read(self, text: str) -> Said | None:
        """What the text says, or None where it is no text of this grammar. Case and punctuation do not matter."""
        plain = " ".join(re.sub(r"[.,;:!?]", " ", text.lower()).split())
        found = self._reader.fullmatch(plain)
        if found is None:
            return None
        groups = {name: value for name, value in found.groupdict().items() if value is not None}
        frame_group = next(name for name in groups if re.fullmatch(r"[fb]\d+", name))
        number = frame_group[1:]
        is_bare = frame_group[0] == "b"
        named = _Named((), (), (None,) * len(BACKGROUND), (0,) * len(BACKGROUND))
        if not is_bare:
            named = _read_named(groups[f"n{number}"])
        predicate = groups[f"q{number}"] if not is_bare else groups[f"p{number}"]
        return Said(
            frame=int(number),
            predicate=_PLACE_OF_PREDICATE[predicate],
            things=named.things,
            background=named.background,
            thing_words=named.thing_words,
            background_words=named.background_words,
            closing=CLOSINGS.index(groups["closing"]) if "closing" in groups else None,
            simile=_PLACE_OF_SIMILE[groups["simile"]] if "simile" in groups else None,
        )

    @cached_property
    def _reader(self) -> re.Pattern[str]:
        predicates = "|".join(PREDICATES)
        things = rf"{_THING}(?: and {_THING})*"
        surroundings = "".join(f"(?: (?:{_words_of(part)}))?" for part in BACKGROUND)
        named = f"(?:{things}|{WHOLE_VIEW}){surroundings}"
        frames = []
        for number, frame in enumerate(FRAMES):
            filled = frame.format(things=f"(?P<n{number}>{named})", did=f"(?P<q{number}>{predicates})")
            frames.append(f"(?P<f{number}>{filled})")
        for number, frame in enumerate(BARE_FRAMES):
            frames.append(f"(?P<b{number}>{frame.format(did=f'(?P<p{number}>{predicates})')})")
        return re.compile(
            f"(?:{'|'.join(frames)})(?: (?P<closing>{'|'.join(CLOSINGS)}))?(?: (?P<simile>{'|'.join(SIMILES)}))?"
        )


def text_of(said: Said) -> str:
    """The text, with a capital and full stops."""
    names = []
    for thing, word in zip(said.things, said.thing_words, strict=True):
        colour = "" if thing.colour is None else f"{COLOUR.elements[thing.colour].words[0]} "
        names.append(f"the {colour}{KIND.elements[thing.kind].words[word]}")
    around = [
        part.elements[element].words[word]
        for part, element, word in zip(BACKGROUND, said.background, said.background_words, strict=True)
        if element is not None
    ]
    did = _PREDICATES[said.predicate]
    if said.names_something:
        things = " ".join([" and ".join(names) or WHOLE_VIEW, *around])
        sentence = FRAMES[said.frame].format(things=things, did=did)
    else:
        sentence = BARE_FRAMES[said.frame].format(did=did)
    if said.closing is not None:
        sentence += f" {CLOSINGS[said.closing]}"
    sentences = [sentence] + ([] if said.simile is None else [_SIMILES[said.simile]])
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in sentences)


@dataclass(frozen=True, slots=True)
class _Named:
    things: tuple[NamedThing, ...]
    thing_words: tuple[int, ...]
    background: tuple[int | None, ...]
    background_words: tuple[int, ...]


def _read_named(words: str) -> _Named:
    things, thing_words = [], []
    rest = words
    if rest.startswith(WHOLE_VIEW):
        rest = rest[len(WHOLE_VIEW) :]
    else:
        while found := _ONE_THING.match(rest):
            kind, word = _KIND_OF_WORDS[found["kind"]]
            things.append(NamedThing(kind, COLOUR.names.index(found["colour"]) if found["colour"] else None))
            thing_words.append(word)
            rest = rest[found.end() :]
    background: list[int | None] = []
    background_words = []
    for part_words in _BACKGROUND_OF_WORDS:
        rest = rest.removeprefix(" ")
        spoken = next((spoken for spoken in part_words if rest == spoken or rest.startswith(f"{spoken} ")), None)
        element, word = part_words[spoken] if spoken is not None else (None, 0)
        background.append(element)
        background_words.append(word)
        rest = rest[len(spoken or "") :]
    return _Named(tuple(things), tuple(thing_words), tuple(background), tuple(background_words))


def _readiness(evidence: Array, least: float, most: float) -> Array:
    readiness: Array = least + (most - least) * np.clip(evidence / FULL_EVIDENCE, 0.0, 1.0)
    return readiness


def _pick(chances: Array, uniform: float) -> int:
    return min(int(np.searchsorted(np.cumsum(chances), uniform, side="right")), len(chances) - 1)


def _maybe(happens: bool, place: int) -> int | None:
    return place if happens else None


def _words_of(part: Part) -> str:
    words = [words for element in part.elements for words in element.words]
    return "|".join(words)


_PREDICATES, _SIMILES = tuple(PREDICATES), tuple(SIMILES)
_PLACE_OF_PREDICATE = {words: place for place, words in enumerate(_PREDICATES)}
_PLACE_OF_SIMILE = {words: place for place, words in enumerate(_SIMILES)}
_KIND_OF_WORDS = {
    words: (place, number) for place, element in enumerate(KIND.elements) for number, words in enumerate(element.words)
}
_BACKGROUND_OF_WORDS = [
    {words: (place, number) for place, one in enumerate(part.elements) for number, words in enumerate(one.words)}
    for part in BACKGROUND
]
_COLOURS = "|".join(COLOUR.names)
_KINDS = "|".join(sorted(_KIND_OF_WORDS, key=len, reverse=True))
_THING = f"the (?:(?:{_COLOURS}) )?(?:{_KINDS})"
_ONE_THING = re.compile(rf"(?: and )?the (?:(?P<colour>{_COLOURS}) )?(?P<kind>{_KINDS})(?= |$)")
