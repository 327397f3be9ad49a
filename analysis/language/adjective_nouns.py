"""Adjective-noun pairs, such as *happy dog*: an adjective with its noun right behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts
from analysis.language.parts_of_speech import ADJ, NOUN


@dataclass(frozen=True)
class AdjectiveNouns:
    """P pairs of words and where they stand.

    pairs: (P, 2) places in words: adjective, noun. pair: (m,) which pair; text: (m,) in which text.
    """

    pairs: NDArray[np.int64]
    pair: NDArray[np.int64]
    text: NDArray[np.int32]


def adjective_nouns(texts: DescribedTexts) -> AdjectiveNouns:
    """Every adjective followed by a noun in the same text. Source: ArtEmis, adjective_noun_pairs."""
    if len(texts.ids) < 2:
        none = np.zeros(0, np.int64)
        return AdjectiveNouns(np.zeros((0, 2), np.int64), none, none.astype(np.int32))
    first = np.flatnonzero((texts.tags[:-1] == ADJ) & (texts.tags[1:] == NOUN))
    text = texts.text_of_word[first]
    inside = text == texts.text_of_word[first + 1]
    first, text = first[inside], text[inside]
    width = len(texts.words)
    code = texts.ids[first].astype(np.int64) * width + texts.ids[first + 1]
    codes, pair = np.unique(code, return_inverse=True)
    return AdjectiveNouns(np.stack([codes // width, codes % width], axis=1), pair.reshape(-1), text)
