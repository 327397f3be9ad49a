"""The explanations of a study with what each of them belongs to: its emotion, image, source and person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts
from analysis.language.word_index import WordIndex

MOST_SOURCES = 12
#: Words that are counted at once, few enough that they stay near the processor.
_WORDS_AT_ONCE = 1 << 19


@dataclass(frozen=True)
class StudyTexts:
    """n explanations of I images by people, under K labels, from S sources.

    emotion: (n,) place in labels; K = no label. image: (n,) 0..I-1, ascending. person: (n,) any numbers.
    source_of_image: (I,) place in sources; S = one of the sources that are too small to be told apart. labels: id,
    name, polarity each.
    """

    texts: DescribedTexts
    emotion: NDArray[np.int64]
    image: NDArray[np.int64]
    person: NDArray[np.int64]
    source_of_image: NDArray[np.int64]
    labels: Sequence[dict[str, str]]
    sources: Sequence[str]

    @property
    def n_labels(self) -> int:
        return len(self.labels)

    @property
    def n_images(self) -> int:
        return len(self.source_of_image)

    @cached_property
    def source(self) -> NDArray[np.int64]:
        """(n,) place in sources."""
        found: NDArray[np.int64] = self.source_of_image[self.image]
        return found

    @cached_property
    def index(self) -> WordIndex:
        """Where each word stands."""
        return WordIndex.of(self.texts)

    @cached_property
    def word_counts(self) -> NDArray[np.int64]:
        """(S + 1, K + 1, V) how often each word stands in each source and emotion."""
        width, index = len(self.texts.words), self.index
        n_cells = (len(self.sources) + 1) * (self.n_labels + 1)
        cell = (self.source * (self.n_labels + 1) + self.emotion).astype(np.int32)
        counts = np.zeros((width, n_cells), np.int64)
        for start in range(0, len(index.texts), _WORDS_AT_ONCE):
            some = slice(start, start + _WORDS_AT_ONCE)
            first, last = int(index.words[some][0]), int(index.words[some][-1])
            code = (index.words[some] - np.int32(first)) * np.int32(n_cells) + cell[index.texts[some]]
            counted = np.bincount(code, minlength=(last + 1 - first) * n_cells)
            counts[first : last + 1] += counted.reshape(-1, n_cells)
        by_cell: NDArray[np.int64] = np.ascontiguousarray(counts.T)
        return by_cell.reshape(len(self.sources) + 1, self.n_labels + 1, width)

    def cells(self) -> Iterator[tuple[str, slice | int, slice | int]]:
        """Every part of the study that a page may ask for: its name "source|emotion" ('' = all), and both places."""
        everything = slice(None)
        sources: list[tuple[str, slice | int]] = [
            ("", everything),
            *((name, place) for place, name in enumerate(self.sources)),
        ]
        labels: list[tuple[str, slice | int]] = [
            ("", everything),
            *((label["id"], place) for place, label in enumerate(self.labels)),
        ]
        for source, source_place in sources:
            for label, label_place in labels:
                yield f"{source}|{label}", source_place, label_place


def largest_sources(
    source_of_image: Sequence[str] | pa.StringArray, n_texts: NDArray[np.integer]
) -> tuple[NDArray[np.int64], list[str]]:
    """(I,) each image's place among the sources with most texts, and their names in alphabetical order.

    Sources beyond the twelve largest get the place after the last; a study of one source has one.
    """
    given = pa.array(source_of_image, pa.string()) if not isinstance(source_of_image, pa.Array) else source_of_image
    coded = given.dictionary_encode()
    met = [str(name) for name in coded.dictionary.to_pylist()]
    alphabet = np.array(sorted(range(len(met)), key=met.__getitem__), np.int64)
    names = [met[number] for number in alphabet]
    place = np.argsort(alphabet)[coded.indices.to_numpy()] if len(met) else np.zeros(0, np.int64)
    size = np.bincount(place, weights=n_texts, minlength=len(names))
    largest = np.sort(np.argsort(-size, kind="stable")[:MOST_SOURCES])
    largest = largest[size[largest] > 0]
    new_place = np.full(len(names), len(largest), np.int64)
    new_place[largest] = np.arange(len(largest))
    return new_place[place], [names[number] for number in largest]
