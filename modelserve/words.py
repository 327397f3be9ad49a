"""Explanations to numbers of words, as the text network reads them."""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from snapshots.cleaning import Vocabulary, tokens_of


def vocabulary_of(texts: Sequence[str], *, min_count: int) -> list[str]:
    """The words that these texts use at least min_count times, special tokens first; the first is the padding."""
    return list(Vocabulary.from_texts((tokens_of(text) for text in texts), min_count=min_count).words)


def word_ids(texts: Sequence[str], words: Sequence[str], max_tokens: int) -> NDArray[np.int64]:
    """(n, T) a word's place in `words`, T = max_tokens; 0 = padding at the end; what is longer is cut."""
    vocabulary = _vocabulary_of(words)
    table = np.zeros((len(texts), max_tokens), dtype=np.int64)
    for row, text in enumerate(texts):
        numbers = vocabulary.encode(tokens_of(text))[:max_tokens]
        table[row, : len(numbers)] = numbers
    return table


KEPT = 16  # vocabularies; a serving process holds some networks
_KEPT: OrderedDict[int, tuple[Sequence[str], Vocabulary]] = OrderedDict()


def _vocabulary_of(words: Sequence[str]) -> Vocabulary:
    """The vocabulary of this very list, made once: its table of numbers costs more than reading a text.

    The list is kept beside it, so that no other one can come to have its address.
    """
    kept = _KEPT.get(id(words))
    if kept is not None and kept[0] is words and len(kept[1].words) == len(words):
        return kept[1]
    vocabulary = Vocabulary(tuple(words))
    _KEPT[id(words)] = words, vocabulary
    while len(_KEPT) > KEPT:
        _KEPT.popitem(last=False)
    return vocabulary
