"""Where each word stands: the texts of a study word by word instead of text by text."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts


@dataclass(frozen=True)
class WordIndex:
    """T words of n texts, ascending by word and then by text.

    texts: (T,) the text. tags: (T,) place in parts_of_speech.TAGS. starts: (V + 1,) where each word begins.
    """

    texts: NDArray[np.int32]
    tags: NDArray[np.uint8]
    starts: NDArray[np.integer]

    @classmethod
    def of(cls, texts: DescribedTexts) -> "WordIndex":
        """In time that grows with the number of words and no faster, as no word is compared with another."""
        from scipy import sparse  # here: SciPy is slow to load, and few need it

        shape = (len(texts), max(len(texts.words), 1))
        rows = sparse.csr_array((texts.tags, texts.ids, texts.offsets.astype(np.int32)), shape=shape)
        columns = rows.tocsc()
        return cls(columns.indices, columns.data, columns.indptr[: len(texts.words) + 1])

    @cached_property
    def words(self) -> NDArray[np.int32]:
        """(T,) the word."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))
