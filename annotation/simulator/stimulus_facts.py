"""What a simulated annotator knows about a stimulus: a few words and, perhaps, ratings."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

LOWEST_RATING, HIGHEST_RATING = 1.0, 7.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PREPOSITIONS = _words(
    "with in on at by near beside behind below above under over between among through towards toward along across from "
    "after before beyond against into onto around inside outside while and or as to for seen"
)
_ARTICLES = _words("a an the some several many few one two three four five six its their his her")
_COLOURS = _words("red green blue yellow white black grey brown pink purple orange ginger")
_NOT_A_THING = _COLOURS | _words(
    "background foreground top side left right middle edge picture image view photograph photo other each them it "
    "shade dark distance night"
)
_COLOUR = f"({'|'.join(sorted(_COLOURS))})"
_TWO_COLOURS = re.compile(rf"\b{_COLOUR} and {_COLOUR}\b", re.IGNORECASE)
_NOUNS_LIKE_VERBS = _words(
    "wedding building lightning evening morning painting string ring wing spring ceiling bed shed sled"
)
# Two words that work as one preposition.
_WORD_PAIRS = re.compile(r"\b(?:in front of|full of|made of|on top of|next to)\b", re.IGNORECASE)
_FRAMING = re.compile(
    r"^(?:an? |the )?(?:artist's view|close-up|picture|photograph|photo|view|image) of ", re.IGNORECASE
)


class UnusableRating(ValueError):
    """A valence or arousal that is not a number on the scale."""


@dataclass(frozen=True)
class StimulusFacts:
    """What the crowd reacts to.

    key: the stimulus's key; whatever is drawn for this stimulus is drawn from it.
    description, theme, category: words, each may be empty.
    valence_mean, arousal_mean: mean ratings on 1..7, or None where nobody rated the stimulus.
    valence_sd, arousal_sd: standard deviation between raters (0 or more), or None.
    """

    key: str
    description: str = ""
    theme: str = ""
    category: str = ""
    valence_mean: float | None = None
    valence_sd: float | None = None
    arousal_mean: float | None = None
    arousal_sd: float | None = None

    @property
    def things(self) -> tuple[str, ...]:
        """Visible things, each to be written after 'the': from the description, else the theme, else the category."""
        found = things_named_in(self.description)
        for words in (self.theme, self.category):
            if not found:
                found = things_named_in(re.sub(r"[\d_]+", " ", words))
        return found or ("picture",)


def facts_of(
    key: str, *, name: str = "", description: str = "", metadata: Mapping[str, object] | None = None
) -> StimulusFacts:
    """The facts of a stored stimulus.

    metadata: may hold theme, category, valence_mean, valence_sd, arousal_mean, arousal_sd (the ratings as numbers or as
        text); a missing or empty one is unknown. Without a theme, the file's name stands in where it holds words.
    Raises UnusableRating for a rating that is no number or lies outside 1..7.
    """
    metadata = metadata or {}
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    # A name such as 000000391895 or IMG_2041 says nothing that a person could see.
    theme_of_name = stem if re.search(r"[a-z]{3}", stem) else ""
    return StimulusFacts(
        key=key,
        description=description,
        theme=str(metadata.get("theme") or theme_of_name),
        category=str(metadata.get("category") or ""),
        valence_mean=_rating(key, metadata, "valence_mean", LOWEST_RATING, HIGHEST_RATING),
        valence_sd=_rating(key, metadata, "valence_sd", 0.0, HIGHEST_RATING - LOWEST_RATING),
        arousal_mean=_rating(key, metadata, "arousal_mean", LOWEST_RATING, HIGHEST_RATING),
        arousal_sd=_rating(key, metadata, "arousal_sd", 0.0, HIGHEST_RATING - LOWEST_RATING),
    )


def _rating(key: str, metadata: Mapping[str, object], field: str, lowest: float, highest: float) -> float | None:
    written = metadata.get(field)
    if written is None or written == "":
        return None
    try:
        value = float(str(written))
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise UnusableRating(
            f"Stimulus {key}, metadata field {field}: {written!r} is not a number from {lowest:g} to {highest:g}. "
            "Correct it, or remove it and the simulator draws one itself. Nothing was simulated for this stimulus."
        )
    return value


def things_named_in(description: str) -> tuple[str, ...]:
    """The noun phrases of a short description without articles: 'A dog lying in the grass' gives ('dog', 'grass').

    A rule of thumb for one plain sentence, not a parser: it cuts at prepositions, punctuation and verbs in -ing or -ed.
    """
    plain = description.strip()
    # The sentence's first word loses its capital; names further on keep theirs.
    plain = plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain
    plain = _WORD_PAIRS.sub("with", _FRAMING.sub("", plain))
    plain = _TWO_COLOURS.sub(r"\1-and-\2", plain)
    things: list[str] = []
    for piece in re.split(r"[,.;:()!?]+", plain):
        chunk: list[str] = []
        words = piece.split()
        for word, following in pairwise([*words, "and"]):
            lower = word.lower()
            if lower in _PREPOSITIONS or (chunk and _is_verb(lower, following.lower())):
                _add_thing(things, chunk)
                chunk = []
            elif chunk or lower not in _ARTICLES:
                chunk.append(word)
        _add_thing(things, chunk)
    return tuple(things)


def _is_verb(word: str, following: str) -> bool:
    """'walking' is one in 'a lamb walking over grass', and none in 'a walking stick'."""
    if word in _NOUNS_LIKE_VERBS or word.endswith("eed") or not word.endswith(("ing", "ed")):
        return False
    return len(word) > 3 and (following in _PREPOSITIONS or following in _ARTICLES)


def _add_thing(things: list[str], chunk: list[str]) -> None:
    # A long phrase keeps its end, where the noun stands; one with 'of' keeps its beginning as well.
    thing = " ".join(chunk[:6] if "of" in chunk else chunk[-4:])
    if thing and thing != "each other" and thing.lower() not in _NOT_A_THING and thing not in things:
        things.append(thing)
