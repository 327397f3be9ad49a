"""Writes an explanation: a few plain sentences that name something visible and say why it moves the writer so.

The sentences are ours and few; the variety comes from combining them with the words of the stimulus. The texts look
like explanations (length, similes, slips of the keyboard), so that pages, exports and statistics can be tried on them.
They are not what people would write, and every place that stores them marks them as simulated.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.emotions import Label
from annotation.simulator.feelings import known_emotion
from snapshots.simile_marks import SIMILE_MARKS

# Every piece works with a singular and a plural thing: no present tense follows {thing} or {other}.
# {thing} is what the writer looks at, {other} something beside it, {feeling} the emotion as a noun.
_OPENINGS = (
    "the {thing} gave me a feeling of {feeling}",
    "i felt {feeling} because of the {thing}",
    "when i saw the {thing} i felt {feeling} at once",
    "the {thing} filled me with {feeling}",
    "there is {feeling} for me in the {thing}",
    "my first reaction to the {thing} was {feeling}",
    "the {thing} caught my eye and left me with {feeling}",
    "what i felt was {feeling}, mostly because of the {thing}",
)

_OPENINGS_OF: Mapping[str, tuple[str, ...]] = {
    "amusement": (
        "the {thing} made me smile",
        "i had to laugh a little at the {thing}",
        "i find something really funny about the {thing}",
        "the {thing} cheered me up straight away",
    ),
    "awe": (
        "the {thing} took my breath away",
        "i could stare at the {thing} for a long time",
        "it is hard to believe how grand the {thing} can be",
        "i am amazed by the {thing}",
    ),
    "contentment": (
        "the {thing} made me feel calm",
        "i feel at peace when i see the {thing}",
        "the {thing} put me in a quiet, warm mood",
        "everything about the {thing} feels right and easy",
    ),
    "excitement": (
        "the {thing} made me want to be there",
        "i felt a rush when i saw the {thing}",
        "the {thing} gave me a lot of energy",
        "i would love to see the {thing} in real life",
    ),
    "anger": (
        "the {thing} made me angry",
        "i get upset when i see the {thing}",
        "it annoys me that nobody did anything about the {thing}",
        "the {thing} made my blood boil",
    ),
    "disgust": (
        "the {thing} made my skin crawl",
        "i do not want to be anywhere near the {thing}",
        "the {thing} turned my stomach",
        "i would not touch the {thing} with bare hands",
    ),
    "fear": (
        "the {thing} scared me",
        "i would run away from the {thing}",
        "the {thing} made my heart beat faster",
        "i feel in danger just from seeing the {thing}",
    ),
    "sadness": (
        "the {thing} made me sad",
        "i feel sorry when i see the {thing}",
        "the {thing} left me with a heavy heart",
        "there is something lonely about the {thing}",
    ),
    "something_else": (
        "the {thing} did not stir much in me",
        "i am mostly curious about the {thing}",
        "i do not know what to feel about the {thing}",
        "the {thing} left me rather indifferent",
    ),
}

# A label that is no emotion we know may be any kind of word, so it is only quoted.
_OPENINGS_OF_ANY_LABEL = (
    "i chose {feeling} because of the {thing}",
    "the {thing} made me choose {feeling}",
    "for me this is {feeling}, mostly the {thing}",
    "i went for {feeling} when i saw the {thing}",
    "{feeling} fits the {thing} best",
)

_REASONS_OF: Mapping[str, tuple[str, ...]] = {
    "amusement": (
        "it is so silly and cute",
        "nobody expects that in a picture",
        "it has such a playful look",
        "the whole scene is a bit absurd",
        "the colours and the shape are cheerful",
    ),
    "awe": (
        "nature can be this powerful",
        "the light and the colours are stunning",
        "everything is so much bigger than me",
        "such a moment must be rare",
        "the scale of it is hard to grasp",
    ),
    "contentment": (
        "everything is quiet and in its place",
        "the colours are soft and gentle",
        "nothing there is in a hurry",
        "it is a place where i could rest",
        "it is simple and good",
    ),
    "excitement": (
        "so much is going on",
        "the colours are bright and alive",
        "i can almost feel the energy",
        "it would be a real adventure",
        "anything can happen next",
    ),
    "anger": (
        "somebody should have taken better care",
        "people let this happen",
        "it is such a waste",
        "it could so easily have been avoided",
        "we keep doing this to the world",
    ),
    "disgust": (
        "it is dirty and i can nearly smell it",
        "i imagine it touching me",
        "the texture is awful",
        "it must be full of germs",
        "something about it is unhealthy",
    ),
    "fear": (
        "somebody might get hurt",
        "there would be no way out",
        "it is dark and i cannot tell what comes next",
        "it is so much stronger than a person",
        "everything could go wrong in a second",
    ),
    "sadness": (
        "nobody is there any more",
        "something has been lost for good",
        "the colours are cold and dull",
        "it must have been beautiful once",
        "somebody has to live with this",
    ),
    "something_else": (
        "it is an everyday thing",
        "i cannot tell what it is for",
        "nothing really happens in it",
        "i have seen it many times",
        "it is neither good nor bad",
    ),
    "positive": (
        "it is pleasant and bright",
        "it feels good and friendly",
        "there is nothing bad in it",
        "i would like more of this",
    ),
    "negative": (
        "it is unpleasant",
        "something is clearly wrong there",
        "i would not want to be there",
        "it feels cold and hostile",
    ),
    "neutral": (
        "that is how it came across to me",
        "it is what stands out",
        "i could not say it otherwise",
        "it fits best",
    ),
}

_DETAILS = (
    "the {other} made it even stronger",
    "i also noticed the {other}",
    "together with the {other} it feels complete",
    "the {other} added a lot to that",
    "the way the picture was taken, with the {other} so close, helped as well",
    "next to the {other} it stands out even more",
)

_SIMILES_OF: Mapping[str, tuple[str, ...]] = {
    "positive": (
        "it looks like a scene from a holiday",
        "it reminds me of summers with my family",
        "the {thing} could be in a fairy tale",
        "it makes me think of home",
        "it seems like a good dream",
        "it reminds me of my childhood",
    ),
    "negative": (
        "it looks like the start of a bad dream",
        "it reminds me of a scary film",
        "the {thing} could be in a nightmare",
        "it makes me think of bad news on television",
        "it seems like the end of something",
        "it reminds me of a place i wanted to leave",
    ),
    "neutral": (
        "it looks like something from a catalogue",
        "it reminds me of a school book",
        "the {thing} could be anywhere",
        "it makes me think of an ordinary monday",
        "it seems like a picture for a calendar",
    ),
}

_CLOSINGS = (
    "i looked at it for quite a while",
    "that is my honest reaction",
    "i noticed it right away",
    "it stays in my mind",
    "others may see it differently",
    "it is in the middle of the picture",
    "the light plays a part too",
    "i cannot explain it much better",
    "even after a second look",
    "i would show it to a friend",
)

_SHORT = (
    "the {thing}",
    "because of the {thing}",
    "i noticed the {thing} first",
    "{feeling}, the {thing}",
    "just the {thing} really",
)

_FEELINGS: Mapping[str, str] = {"something_else": "something hard to name"}


@dataclass(frozen=True)
class TextLimits:
    """What the study accepts: between min_characters and max_characters. Raises ValueError if nothing fits."""

    min_characters: int = 1
    max_characters: int = 2000

    def __post_init__(self) -> None:
        if not (0 <= self.min_characters <= self.max_characters and self.max_characters >= 1):
            raise ValueError(
                f"Text limits need 0 <= min_characters <= max_characters and max_characters >= 1; got {self}."
            )


@dataclass(frozen=True)
class Style:
    """How one text is to be written.

    target_words: the length aimed at, in words; the text comes out within a few words of it.
    has_simile: whether the text holds one of SIMILE_MARKS; otherwise it holds none of them.
    has_typo: whether one longer word gets a slip of the keyboard.
    is_tidy: capitals and full stops, or none of either.
    """

    target_words: int
    has_simile: bool
    has_typo: bool = False
    is_tidy: bool = True


def explanation(
    label: Label | None,
    things: Sequence[str],
    polarity: str,
    style: Style,
    limits: TextLimits,
    draw: np.random.Generator,
) -> str:
    """One explanation of why `label` was chosen; never empty, within `limits`.

    label: the chosen option; None where the study asks for a text only.
    things: visible things, at least one; the first is the likeliest to be named first.
    polarity: positive, negative or else: the side from which reasons and similes are picked where the label has none of
        its own.
    """
    kind = (known_emotion(label) if label else None) or ""
    feeling = _FEELINGS.get(kind, kind) or (f'"{label["name"].strip()}"' if label else "a lot")
    position = 0 if draw.random() < 0.7 else int(draw.integers(len(things)))
    thing = things[position]
    others = [other for other in things if other != thing] or ["background"]

    def piece(options: Sequence[str]) -> str:
        chosen = options[int(draw.integers(len(options)))]
        return chosen.format(thing=thing, other=others[int(draw.integers(len(others)))], feeling=feeling)

    side = polarity if polarity in ("positive", "negative") else "neutral"
    reasons = _REASONS_OF.get(kind) or _REASONS_OF[side]
    if style.target_words < 8 and not style.has_simile:
        sentences = [piece(_SHORT)]
    else:
        has_own_words = draw.random() < 0.7
        if kind:
            first = piece(_OPENINGS_OF[kind] if has_own_words else _OPENINGS)
        else:
            first = piece(_OPENINGS_OF_ANY_LABEL if label else _OPENINGS)
        sentences = [piece(_SIMILES_OF[side]) if style.has_simile and style.target_words < 12 else first]
        if style.has_simile and style.target_words >= 12:
            sentences.append(piece(_SIMILES_OF[side]))
    is_short = style.target_words < 8
    for options in [_CLOSINGS] if is_short else [reasons, _DETAILS, reasons, _CLOSINGS] * 5:
        addition = piece(options)
        missing = style.target_words - _n_words(sentences)
        # Clearly nearer to the length than without it: "just nearer" would make texts a word too long on average.
        if addition in sentences or len(addition.split()) > 1.4 * missing:
            continue
        # A reason belongs right behind the opening, where 'because' can join them.
        if options is reasons and len(sentences) == 1 and draw.random() < 0.6 and " because " not in sentences[0]:
            sentences[0] = f"{sentences[0]} because {addition}"
        else:
            sentences.append(addition)
    while sum(len(sentence) for sentence in sentences) < limits.min_characters:
        sentences.append(piece(_CLOSINGS))
    text = _joined(sentences, style.is_tidy, draw)
    if style.has_typo:
        text = with_typo(text, draw)
    return _cut(text, limits)


def _n_words(sentences: Sequence[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)


def _joined(sentences: Sequence[str], is_tidy: bool, draw: np.random.Generator) -> str:
    text = sentences[0]
    for sentence in sentences[1:]:
        text += (". ", ". ", ", and ", ", ")[int(draw.integers(4))] + sentence
    if not is_tidy:
        return text
    text = re.sub(r"\bi\b", "I", text)
    return re.sub(r"(^|\. )([a-z])", lambda found: found[1] + found[2].upper(), text) + "."


def with_typo(text: str, draw: np.random.Generator) -> str:
    """The text with one slip in a word of five letters or more: two letters swapped, one dropped, or one doubled.

    The words of SIMILE_MARKS are spared, or the share of similes would depend on the share of typos. A text without
    such a word stays as it is.
    """
    spared = {word for mark in SIMILE_MARKS for word in mark.split()}
    words = [found for found in re.finditer(r"[A-Za-z]{5,}", text) if found[0].lower() not in spared]
    if not words:
        return text
    word = words[int(draw.integers(len(words)))]
    place = word.start() + int(draw.integers(1, len(word[0]) - 1))
    here, following = text[place], text[place + 1]
    slips = [following + here, following, here + here + following]
    return text[:place] + slips[int(draw.integers(3))] + text[place + 2 :]


def _cut(text: str, limits: TextLimits) -> str:
    """The text up to the last word that fits; up to the last character where that would fall below the minimum."""
    if len(text) <= limits.max_characters:
        return text
    whole_words = text[: limits.max_characters + 1].rpartition(" ")[0].rstrip(" ,")
    if len(whole_words) >= max(limits.min_characters, 1):
        return whole_words
    return re.sub(r"\s$", ".", text[: limits.max_characters])
