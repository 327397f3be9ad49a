"""Texts described once: what every figure of the language page is counted from."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.language import parts_of_speech
from analysis.language.concreteness import concreteness_with_pairs, mean_affect, uses_most_abstract
from analysis.language.lexicons import AffectNorms, ConcretenessNorms
from analysis.language.sentiment import subjectivity, vader
from analysis.language.similes import similes_in
from analysis.language.something_else import UNCLASSIFIED, group_of
from analysis.language.text_keys import Texts, as_texts, text_keys
from analysis.language.text_language import language_of
from snapshots.cleaning import EnglishSpelling, is_english, tokens_of

VERSION = "3"
"""Raised when a text's description would come out differently, so that none is kept from before."""

#: Rows that are taken one by one where fewer than this, on average, follow one another.
_LEAST_RUN = 8
#: Texts whose words are counted at once, so that the memory does not follow the study.
_TEXTS_AT_ONCE = 65_536

NUMBERS = (
    "compound", "polarity", "subjectivity", "concreteness", "most_abstract", "valence", "arousal", "dominance",
)  # fmt: skip


@dataclass(frozen=True)
class DescribedTexts:
    """n texts as columns.

    keys: (n,) uint64, a hash of the text and its page's language. languages: (n,) place in language_names.
    numbers: (n, 8) columns NUMBERS; NaN where the text is not English or holds no rated word.
    similes: (n,) bits of similes.SUBSTRINGS. else_group: (n,) place in something_else.GROUPS, -1 = unclassified.
    offsets: (n + 1,) where the text's words begin in ids and tags. ids: (T,) place in words.
    tags: (T,) place in parts_of_speech.TAGS. words: every word that was met, each once.
    """

    keys: NDArray[np.uint64]
    languages: NDArray[np.int16]
    language_names: tuple[str, ...]
    numbers: NDArray[np.float64]
    similes: NDArray[np.uint16]
    else_group: NDArray[np.int8]
    offsets: NDArray[np.int64]
    ids: NDArray[np.int32]
    tags: NDArray[np.uint8]
    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def n_words(self) -> NDArray[np.int64]:
        """(n,) words per text."""
        return np.diff(self.offsets)

    @cached_property
    def text_of_word(self) -> NDArray[np.int32]:
        """(T,) which text a word stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.n_words)

    @cached_property
    def tag_counts(self) -> NDArray[np.int32]:
        """(n, 12) words per text and tag."""
        n_tags = len(parts_of_speech.TAGS)
        counts = np.zeros((len(self), n_tags), np.int32)
        for start in range(0, len(self), _TEXTS_AT_ONCE):
            stop = min(start + _TEXTS_AT_ONCE, len(self))
            words = slice(self.offsets[start], self.offsets[stop])
            code = (self.text_of_word[words] - np.int32(start)) * np.int32(n_tags) + self.tags[words]
            counts[start:stop] = np.bincount(code, minlength=(stop - start) * n_tags).reshape(-1, n_tags)
        return counts

    def number(self, name: str) -> NDArray[np.float64]:
        """(n,) one column of numbers."""
        column: NDArray[np.float64] = self.numbers[:, NUMBERS.index(name)]
        return column

    def canonical(self) -> "DescribedTexts":
        """The same texts with the words that they use in alphabetical order, whatever was met before them."""
        used = np.zeros(len(self.words), bool)
        used[self.ids] = True
        order = sorted(np.flatnonzero(used).tolist(), key=self.words.__getitem__)
        if order == list(range(len(self.words))):
            return self
        new_place = np.zeros(len(self.words), np.int32)
        new_place[order] = np.arange(len(order), dtype=np.int32)
        return replace(self, ids=new_place[self.ids], words=tuple(self.words[place] for place in order))

    def take(self, rows: NDArray[np.int64]) -> "DescribedTexts":
        """The texts of these rows, in this order; a row may be asked for several times."""
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        if len(starts) * _LEAST_RUN < len(rows):
            return self.stretches([(self, first, stop) for first, stop in _stretches(rows, starts)])
        lengths = self.n_words[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        place = np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return replace(
            self,
            keys=self.keys[rows],
            languages=self.languages[rows],
            numbers=self.numbers[rows],
            similes=self.similes[rows],
            else_group=self.else_group[rows],
            offsets=offsets,
            ids=self.ids[place],
            tags=self.tags[place],
        )

    def stretches(self, pieces: Sequence[tuple["DescribedTexts", int, int]]) -> "DescribedTexts":
        """(texts, first, stop) one after the other, all of them numbered by the words and languages of this."""
        of_words = [(texts, int(texts.offsets[first]), int(texts.offsets[stop])) for texts, first, stop in pieces]

        def cut(name: str, places: Sequence[tuple["DescribedTexts", int, int]]) -> NDArray[Any]:
            return np.concatenate([getattr(texts, name)[first:stop] for texts, first, stop in places])

        lengths = [np.diff(texts.offsets[first : stop + 1]) for texts, first, stop in pieces]
        columns: dict[str, Any] = {
            **{name: cut(name, pieces) for name in ("keys", "languages", "numbers", "similes", "else_group")},
            **{name: cut(name, of_words) for name in ("ids", "tags")},
            "offsets": np.concatenate(([0], np.cumsum(np.concatenate(lengths)))),
        }
        return replace(self, **columns)


def _stretches(rows: NDArray[np.int64], starts: NDArray[np.intp]) -> list[tuple[int, int]]:
    """First and stop of each stretch of rows that follow one another. starts: where the stretches begin in rows."""
    ends = np.append(starts[1:], len(rows)) - 1
    return [(int(first), int(last) + 1) for first, last in zip(rows[starts], rows[ends], strict=True)]


def joined(parts: Sequence[DescribedTexts]) -> DescribedTexts:
    """All texts, in the order of the parts; a word that several parts hold stands once."""
    places: dict[str, int] = {}
    languages: dict[str, int] = {}
    new_places, new_languages = [], []
    for part in parts:
        new_places.append(np.array([places.setdefault(word, len(places)) for word in part.words], np.int32))
        of_part = [languages.setdefault(name, len(languages)) for name in part.language_names]
        new_languages.append(np.array(of_part, np.int16))
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
    return DescribedTexts(
        _in_one([part.keys for part in parts], np.uint64),
        _in_one([new[part.languages] for part, new in zip(parts, new_languages, strict=True)], np.int16),
        tuple(languages),
        np.concatenate([np.zeros((0, len(NUMBERS))), *(part.numbers for part in parts)]),
        _in_one([part.similes for part in parts], np.uint16),
        _in_one([part.else_group for part in parts], np.int8),
        np.concatenate([np.zeros(1, np.int64), *offsets]),
        _in_one([new[part.ids] for part, new in zip(parts, new_places, strict=True)], np.int32),
        _in_one([part.tags for part in parts], np.uint8),
        tuple(places),
    )


def _in_one(arrays: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *arrays])


class Describer:
    """Describes texts, chunk by chunk, with a vocabulary that grows.

    concreteness, affect: the operator's lexicons; None where there is none: their columns are then empty.
    known: described texts to go on from: their words and languages keep their places; they are not in `described`.
    """

    def __init__(
        self,
        concreteness: ConcretenessNorms | None = None,
        affect: AffectNorms | None = None,
        known: DescribedTexts | None = None,
    ) -> None:
        self._concreteness = concreteness
        self._affect = affect
        self._spelling = EnglishSpelling()
        self._places: dict[str, int] = {word: place for place, word in enumerate(known.words if known else ())}
        self._languages: dict[str, int] = {
            name: place for place, name in enumerate(known.language_names if known else ())
        }
        self._chunks: list[DescribedTexts] = []

    def add(self, texts: Sequence[str], page_languages: Sequence[str], keys: NDArray[np.uint64]) -> None:
        """Describes these texts, after those that are there. keys: as of `text_keys`."""
        n = len(texts)
        numbers = np.full((n, len(NUMBERS)), math.nan)
        languages = np.zeros(n, np.int16)
        similes = np.zeros(n, np.uint16)
        groups = np.full(n, UNCLASSIFIED, np.int8)
        lengths = np.zeros(n, np.int64)
        ids: list[int] = []
        tags: list[int] = []
        for row, (text, page_language) in enumerate(zip(texts, page_languages, strict=True)):
            words = tokens_of(text)
            language = language_of(text, words, page_language)
            languages[row] = self._languages.setdefault(language, len(self._languages))
            if is_english(language):
                words = [self._spelling.correct(word) for word in words]
                numbers[row] = self._numbers(text, words)
                tags.extend(parts_of_speech.tag(words))
                similes[row] = similes_in(words)
                groups[row] = group_of(words)
            else:
                tags.extend([parts_of_speech.NONE] * len(words))
            lengths[row] = len(words)
            places = self._places
            ids.extend([places.setdefault(word, len(places)) for word in words])
        self._chunks.append(
            DescribedTexts(
                keys,
                languages,
                (),
                numbers,
                similes,
                groups,
                np.concatenate(([0], np.cumsum(lengths))),
                np.array(ids, np.int32),
                np.array(tags, np.uint8),
                (),
            )
        )

    def described(self) -> DescribedTexts:
        """All texts so far, in the order in which they came."""
        names: dict[str, Any] = {"words": tuple(self._places), "language_names": tuple(self._languages)}
        if not self._chunks:
            return replace(joined([]), **names)
        first = replace(self._chunks[0], **names)
        self._chunks = [first.stretches([(chunk, 0, len(chunk)) for chunk in self._chunks])]
        return self._chunks[0]

    def _numbers(self, text: str, words: list[str]) -> list[float]:
        if not words:
            return [math.nan] * len(NUMBERS)
        polarity, subjective = subjectivity(text)
        rated, abstract = math.nan, math.nan
        if self._concreteness is not None:
            mean, _ = concreteness_with_pairs(words, self._concreteness)
            rated = math.nan if mean is None else mean
            abstract = float(uses_most_abstract(words, self._concreteness))
        affect = mean_affect(words, self._affect)[0] if self._affect is not None else None
        return [vader(text).compound, polarity, subjective, rated, abstract, *(affect or (math.nan,) * 3)]


def describe_all(
    texts: Sequence[str] | Texts,
    page_languages: Sequence[str] | Texts,
    *,
    concreteness: ConcretenessNorms | None = None,
    affect: AffectNorms | None = None,
    known: DescribedTexts | None = None,
    chunk: int = 4_096,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[DescribedTexts, int]:
    """The texts described, in their order, and how many of them were new.

    known: what was described before with the same lexicons; a text that is in it, or twice among the texts, is
    described once. chunk: texts between two calls of progress(done, total), counted in new texts.
    """
    all_texts, all_languages = as_texts(texts), as_texts(page_languages)
    keys = text_keys(all_texts, all_languages)
    places = places_of(keys, known.keys if known is not None else np.zeros(0, np.uint64))
    _, first = np.unique(keys[places < 0], return_index=True)
    new = np.flatnonzero(places < 0)[np.sort(first)]
    describer = Describer(concreteness, affect, known)
    for start in range(0, len(new), chunk):
        progress(start, len(new))
        rows = pa.array(new[start : start + chunk])
        described = all_texts.take(rows).to_pylist(), all_languages.take(rows).to_pylist()
        describer.add(*described, keys[new[start : start + chunk]])
    progress(len(new), len(new))
    added = describer.described()
    if known is None:
        return added.take(places_of(keys, added.keys)), len(new)
    return _taken(known, added, keys, places), len(new)


def _taken(
    known: DescribedTexts, added: DescribedTexts, keys: NDArray[np.uint64], places: NDArray[np.int64]
) -> DescribedTexts:
    """The texts of these keys. places: where each stands in known; -1 = in added, whose words continue the known."""
    whole = replace(known, words=added.words, language_names=added.language_names)
    if not len(known):
        return added.take(places_of(keys, added.keys))
    places = _beside(places, keys, known.keys)
    new = places < 0
    rows = np.where(new, 0, places)
    rows[new] = places_of(keys[new], added.keys) + len(known)
    starts = np.flatnonzero((np.diff(rows, prepend=-2) != 1) | (rows == len(known)))
    if len(starts) * _LEAST_RUN >= len(rows):
        return whole.stretches([(known, 0, len(known)), (added, 0, len(added))]).take(rows)
    pieces = [
        (known, first, stop) if first < len(known) else (added, first - len(known), stop - len(known))
        for first, stop in _stretches(rows, starts)
    ]
    return whole.stretches(pieces)


def _beside(places: NDArray[np.int64], keys: NDArray[np.uint64], among: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Places where the same keys stand, those chosen that follow their neighbours', so that stretches can be copied: a
    key that stands several times was found where it stands first."""
    at = np.arange(len(places))
    follows = np.zeros(len(places), bool)
    follows[1:] = (places[1:] == places[:-1] + 1) & (places[:-1] >= 0)
    follows[:-1] |= follows[1:]
    neighbour = np.maximum.accumulate(np.where(follows, at, -1))
    beside = np.minimum(places[neighbour] + at - neighbour, len(among) - 1)
    return np.where((places >= 0) & (neighbour >= 0) & (among[beside] == keys), beside, places)


def places_of(keys: NDArray[np.uint64], among: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n,) where each key stands first in `among`; -1 where it does not."""
    found = pc.index_in(pa.array(keys), pa.array(among)).fill_null(-1)
    places: NDArray[np.int64] = found.to_numpy().astype(np.int64)
    return places
