"""Source: longest common subsequences by bit-parallel dynamic programming (Hyyro 2004), as in rapidfuzz's LCSseq."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from modelserve.evaluation.captions import Tokens

CELLS_AT_ONCE = 20_000_000  # lengths kept at once, 4 bytes each


class WordCodes:
    """A character for every token, so that texts become strings that compiled code compares."""

    def __init__(self) -> None:
        self._character: dict[str, str] = {}

    def encode(self, texts: Sequence[Tokens]) -> list[str]:
        """Each text as a string with one character per token.

        Raises ValueError beyond 1.1 million different tokens, which is what Unicode holds.
        """
        character = self._character
        for tokens in texts:
            for token in tokens:
                if token not in character:
                    if len(character) >= 0x110000:
                        raise ValueError("More than 1,114,112 different tokens cannot be compared at once.")
                    character[token] = chr(len(character))
        return ["".join([character[token] for token in tokens]) for tokens in texts]


def common_lengths(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.int32]:
    """(n, m) length of the longest common subsequence of every encoded text with every other; one thread."""
    lengths: NDArray[np.int32] = cdist(texts, others, scorer=LCSseq.similarity, dtype=np.int32, workers=1)
    return lengths
