"""Which texts are shown together, and in which order: drawn from a seed, hidden from whoever judges."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from snapshots.cleaning import tokens_of

HUMAN = "human"
TURING, PREFERENCE, PLAUSIBILITY = "turing", "preference", "plausibility"
DESIGNS = (TURING, PREFERENCE, PLAUSIBILITY)


@dataclass(frozen=True)
class Trial:
    """One image with its texts in the order in which they are shown; origins: whose each is, never shown."""

    image: str
    texts: tuple[str, ...]
    origins: tuple[str, ...]


def draw_trials(
    design: str,
    humans: Mapping[str, Sequence[str]],
    machines: Mapping[str, Mapping[str, str]],
    seed: int,
) -> list[Trial]:
    """The trials of every image that has what the design needs, ascending by image.

    humans: {image: what people wrote}; machines: {image: {variant: what the network wrote}}.
    turing: per image and variant one text of a person and one of the network, in an order drawn for each; no human text
        stands beside two variants of one image while there are others. preference: per image each pair of variants.
    plausibility: per image each variant's text, and one of a person, alone.
    Where a person's text may be told from a network's, all are written alike (`plain`).
    The same seed gives the same trials, whatever other images there are.
    Raises ValueError for a design that there is not.
    """
    if design not in DESIGNS:
        raise ValueError(f"A design is one of {', '.join(DESIGNS)}, not {design!r}.")
    write: Callable[[str], str] = str.strip if design == PREFERENCE else plain
    trials: list[Trial] = []
    for image in sorted(machines):
        draw = random.Random(f"{seed}/{image}")
        by_variant = sorted((variant, said) for variant, text in machines[image].items() if (said := write(text)))
        people = sorted(said for text in humans.get(image, ()) if (said := write(text)))
        draw.shuffle(people)
        if design == TURING and people:
            for place, (variant, text) in enumerate(by_variant):
                trials.append(_shuffled(image, [(people[place % len(people)], HUMAN), (text, variant)], draw))
        elif design == PREFERENCE:
            for one, other in combinations(by_variant, 2):
                trials.append(_shuffled(image, [(one[1], one[0]), (other[1], other[0])], draw))
        elif design == PLAUSIBILITY:
            alone = [*((text, variant) for variant, text in by_variant), *((text, HUMAN) for text in people[:1])]
            trials += [Trial(image, (text,), (origin,)) for text, origin in alone]
    return trials


def plain(text: str) -> str:
    """The words as a speaker writes them: lower case, no punctuation, contractions expanded, one space between.

    Our speakers know no other form, so a capital letter, a full stop or an "it's" would tell at a glance who is human.
    """
    return " ".join(tokens_of(text))


def _shuffled(image: str, pair: list[tuple[str, str]], draw: random.Random) -> Trial:
    draw.shuffle(pair)
    return Trial(image, tuple(text for text, _ in pair), tuple(origin for _, origin in pair))
