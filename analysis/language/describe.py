"""Texts described once: what every figure of the language page is counted from."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.language import parts_of_speech
from analysis.language.concreteness import concreteness_with_pairs, mean_affect, uses_most_abstract
from analysis.language.lexicons import AffectNorms, ConcretenessNorms
from analysis.language.sentiment import subjectivity, vader
from analysis.language.similes import similes_in
from analysis.language.something_else import UNCLASSIFIED, group_of
from analysis.language.text_language import language_of
from snapshots.cleaning import EnglishSpelling, is_english, tokens_of

VERSION = "1"
"""Raised when a text's description would come out differently, so that none is kept from before."""

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

    @property
    def text_of_word(self) -> NDArray[np.int32]:
        """(T,) which text a word stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.n_words)

    @cached_property
    def tag_counts(self) -> NDArray[np.int64]:
        """(n, 12) words per text and tag."""
        n_tags = len(parts_of_speech.TAGS)
        code = self.text_of_word * np.int64(n_tags) + self.tags
        return np.bincount(code, minlength=len(self) * n_tags).reshape(len(self), n_tags)

    def number(self, name: str) -> NDArray[np.float64]:
        """(n,) one column of numbers."""
        column: NDArray[np.float64] = self.numbers[:, NUMBERS.index(name)]
        return column

    def canonical(self) -> "DescribedTexts":
        """The same texts with the words that they use in alphabetical order, whatever was met before them."""
        used = np.flatnonzero(np.bincount(self.ids, minlength=len(self.words)))
        order = sorted(used.tolist(), key=self.words.__getitem__)
        new_place = np.zeros(len(self.words), np.int32)
        new_place[order] = np.arange(len(order), dtype=np.int32)
        return replace(self, ids=new_place[self.ids], words=tuple(self.words[place] for place in order))

    def take(self, rows: NDArray[np.int64]) -> "DescribedTexts":
        """The texts of these rows, in this order; a row may be asked for several times."""
        lengths = self.n_words[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        place = np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return DescribedTexts(
            self.keys[rows],
            self.languages[rows],
            self.language_names,
            self.numbers[rows],
            self.similes[rows],
            self.else_group[rows],
            offsets,
            self.ids[place],
            self.tags[place],
            self.words,
        )


def text_keys(texts: Sequence[str], page_languages: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) a hash of each text with its page's language: 64 bits, so that two of a million meet once in 30 million."""
    digest = hashlib.blake2b
    joined = b"".join(
        digest(f"{language}\n{text}".encode(), digest_size=8).digest()
        for text, language in zip(texts, page_languages, strict=True)
    )
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64)


class Describer:
    """Describes texts, chunk by chunk, with a vocabulary that grows.

    concreteness, affect: the operator's lexicons; None where there is none: their columns are then empty.
    known: described texts to go on from; their words keep their places.
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
        self._chunks: list[DescribedTexts] = [known] if known is not None else []

    def add(self, texts: Sequence[str], page_languages: Sequence[str]) -> None:
        """Describes these texts, after those that are there."""
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
                text_keys(texts, page_languages),
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
        chunks = self._chunks
        starts = np.cumsum([0, *(len(chunk.ids) for chunk in chunks)])
        offsets = [chunk.offsets[1:] + start for chunk, start in zip(chunks, starts[:-1], strict=True)]
        nothing = np.zeros(0)
        whole = DescribedTexts(
            np.concatenate([nothing.astype(np.uint64), *(chunk.keys for chunk in chunks)]),
            np.concatenate([nothing.astype(np.int16), *(chunk.languages for chunk in chunks)]),
            tuple(self._languages),
            np.concatenate([np.zeros((0, len(NUMBERS))), *(chunk.numbers for chunk in chunks)]),
            np.concatenate([nothing.astype(np.uint16), *(chunk.similes for chunk in chunks)]),
            np.concatenate([nothing.astype(np.int8), *(chunk.else_group for chunk in chunks)]),
            np.concatenate([np.zeros(1, np.int64), *offsets]),
            np.concatenate([nothing.astype(np.int32), *(chunk.ids for chunk in chunks)]),
            np.concatenate([nothing.astype(np.uint8), *(chunk.tags for chunk in chunks)]),
            tuple(self._places),
        )
        self._chunks = [whole]
        return whole

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
    texts: Sequence[str],
    page_languages: Sequence[str],
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
    keys = text_keys(texts, page_languages)
    known_keys = known.keys if known is not None else np.zeros(0, np.uint64)
    places = places_of(keys, known_keys)
    _, first = np.unique(keys[places < 0], return_index=True)
    new = np.flatnonzero(places < 0)[np.sort(first)]
    if known is not None and not len(new):
        return known.take(places), 0
    describer = Describer(concreteness, affect, known)
    for start in range(0, len(new), chunk):
        progress(start, len(new))
        rows = new[start : start + chunk]
        describer.add([texts[row] for row in rows], [page_languages[row] for row in rows])
    progress(len(new), len(new))
    whole = describer.described()
    return whole.take(places_of(keys, whole.keys)), len(new)


def places_of(keys: NDArray[np.uint64], among: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n,) where each key stands in `among`; -1 where it does not."""
    if not len(among):
        return np.full(len(keys), -1, np.int64)
    order = np.argsort(among, kind="stable")
    place = np.searchsorted(among, keys, sorter=order)
    found = order[np.minimum(place, len(among) - 1)]
    return np.where(among[found] == keys, found, -1)
