"""Explanations to numbers of words, as the text network reads them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from snapshots.cleaning import Vocabulary, tokens_of


def vocabulary_of(texts: Sequence[str], *, min_count: int) -> list[str]:
    """The words that these texts use at least min_count times, special tokens first; the first is the padding."""
    return list(Vocabulary.from_texts((tokens_of(text) for text in texts), min_count=min_count).words)


def word_ids(texts: Sequence[str], words: Sequence[str], max_tokens: int) -> NDArray[np.int64]:
    """(n, T) a word's place in `words`, T = max_tokens; 0 = padding at the end; what is longer is cut."""
    vocabulary = Vocabulary(tuple(words))
    table = np.zeros((len(texts), max_tokens), dtype=np.int64)
    for row, text in enumerate(texts):
        numbers = vocabulary.encode(tokens_of(text))[:max_tokens]
        table[row, : len(numbers)] = numbers
    return table
