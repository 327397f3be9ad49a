"""A number for each text, by which what was described before is found again."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Texts as they come out of a snapshot.
Texts: TypeAlias = pa.ChunkedArray

Words = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def as_texts(texts: Sequence[str] | Texts) -> Texts:
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([pa.array(texts, pa.string())])


def text_keys(texts: Texts, page_languages: Texts) -> Words:
    """(n,) a hash of each text with its page's language: 64 bits, so that two of a million meet once in 30 million.

    Columns of texts at once and not text by text, since half a million are read whenever a hundred are new.
    """
    hashes = [_hashes(chunk) for chunk in texts.chunks]
    of_text = np.concatenate([np.zeros(0, np.uint64), *hashes])
    spoken = page_languages.combine_chunks().dictionary_encode()
    of_language = _hashes(spoken.dictionary)[spoken.indices.to_numpy()] if len(spoken) else of_text
    return _mixed(of_text ^ (of_language + _STEP))


def _hashes(texts: pa.StringArray) -> Words:
    """(n,) the mixed words of eight bytes of each text, each with its place, summed."""
    if not len(texts):
        return np.zeros(0, np.uint64)
    _, offset_bytes, content = texts.buffers()
    offsets = np.frombuffer(offset_bytes, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    if offsets[-1] == offsets[0]:
        return np.zeros(len(texts), np.uint64)
    # eight bytes more, so that the last word can be read whole
    padded = np.zeros(int(offsets[-1] - offsets[0]) + 8, np.uint8)
    padded[:-8] = np.frombuffer(content, np.uint8)[offsets[0] : offsets[-1]]
    at_each_byte: Words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    lengths = np.diff(offsets)
    n_words = (lengths + 7) // 8
    ends = np.cumsum(n_words)
    place = np.arange(ends[-1]) - np.repeat(ends - n_words, n_words)
    words = at_each_byte[np.repeat(offsets[:-1] - offsets[0], n_words) + 8 * place]
    some = n_words > 0
    # what follows a text is not of it
    words[ends[some] - 1] &= _ALL >> (8 * (8 * n_words - lengths)[some]).astype(np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(words + place.astype(np.uint64) * _STEP))])
    found: Words = (sums[ends] - sums[ends - n_words]) ^ lengths.astype(np.uint64)
    return found


def _mixed(words: Words) -> Words:
    """Each word changed so that every bit depends on every other; wraps around at 2^64, as it should.

    Source: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators (SplitMix64).
    """
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words ^ (words >> np.uint64(31))
