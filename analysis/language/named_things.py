"""What of an image is named: things that several people name of the same image, each in her own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analysis.language.parts_of_speech import NOUN
from analysis.language.word_index import WordIndex
from snapshots.cleaning import tokens_of

CONCRETE_FROM = 4.0
_NOTHING_SEEN = (
    "image picture photo photograph pic photography scene painting shot background foreground view thing something "
    "anything nothing everything someone somebody anyone everyone way lot kind sort bit part"
)
NOT_IN_THE_IMAGE = frozenset(_NOTHING_SEEN.split())
"""Nouns for the image itself, and for nothing in particular."""


_IRREGULAR = frozenset(("men", "women", "children", "feet", "teeth", "mice", "geese"))


@dataclass(frozen=True)
class NamedThings:
    """Per text (n,): n_things it names, n_shared of them that another text of its image names, too.

    thing: (m,) place in words of each thing named of an image by at least two texts; image: (m,) that image;
    n_texts: (m,) how many of the image's texts name it.
    """

    n_things: NDArray[np.int64]
    n_shared: NDArray[np.int64]
    thing: NDArray[np.int64]
    image: NDArray[np.int64]
    n_texts: NDArray[np.int64]


@cache
def _singular(word: str) -> str:
    from textblob.en.inflect import singularize

    return str(singularize(word))


def one_form(words: Sequence[str]) -> NDArray[np.int64]:
    """(V,) for each word the place of its singular, if that is among the words, else its own."""
    places = {word: place for place, word in enumerate(words)}
    forms = np.arange(len(words), dtype=np.int64)
    for place, word in enumerate(words):
        # only what ends like a plural is asked about: the rules see plurals in many a singular
        if word in _IRREGULAR or (len(word) > 3 and word.endswith("s") and not word.endswith("ss")):
            forms[place] = places.get(_singular(word), place)
    return forms


def is_thing(words: Sequence[str], concreteness: Mapping[str, float] | None) -> NDArray[np.bool_]:
    """(V,) whether a noun of this form may be something seen.

    With concreteness ratings: rated 4 or more, or unrated (names of places and brands). Without: every noun. Never
    words for the image itself.
    """
    rated = concreteness or {}
    return np.fromiter(
        (word not in NOT_IN_THE_IMAGE and rated.get(word, 5.0) >= CONCRETE_FROM and len(word) > 1 for word in words),
        bool,
        count=len(words),
    )


def named_things(
    index: WordIndex, image: NDArray[np.integer], forms: NDArray[np.int64], thing: NDArray[np.bool_]
) -> NamedThings:
    """image: (n,) the image of each text, ascending. forms: (V,) as of `one_form`. thing: (V,) as of `is_thing`."""
    n = len(image)
    names_a_thing = thing[forms] if len(forms) else np.zeros(1, bool)
    places = np.flatnonzero(index.tags == NOUN)
    word = index.words[places]
    named = names_a_thing[word]
    form = forms[word[named]]
    code = form * max(n, 1) + index.texts[places[named]]
    # most things have one form only and stand in order already
    has_several = np.bincount(forms, minlength=len(forms)) > 1
    mixed = has_several[form] if len(forms) else np.zeros(0, bool)
    code = np.concatenate((code[~mixed], np.sort(code[mixed])))
    # once per text, however often it says so
    code = code[np.diff(code, prepend=-1) != 0]
    form, text = np.divmod(code, max(n, 1))
    # the texts of an image that name it stand side by side
    of_image = image[text]
    is_new = np.ones(len(text), bool)
    is_new[1:] = (of_image[1:] != of_image[:-1]) | (form[1:] != form[:-1])
    begin = np.flatnonzero(is_new)
    n_texts = np.diff(begin, append=len(text))
    several = n_texts > 1
    return NamedThings(
        np.bincount(text, minlength=n),
        np.bincount(text[np.repeat(several, n_texts)], minlength=n),
        form[begin[several]],
        of_image[begin[several]].astype(np.int64),
        n_texts[several],
    )


def described_things(description: str) -> set[str]:
    """The words of a stimulus's own description or tags that its explanations may take up: 3 letters or more."""
    return {word for word in tokens_of(description) if len(word) > 2 and word not in NOT_IN_THE_IMAGE}
