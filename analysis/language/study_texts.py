"""The explanations of a study with what each of them belongs to: its emotion, image, source and person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.language.describe import DescribedTexts

MOST_SOURCES = 12


@dataclass(frozen=True)
class StudyTexts:
    """n explanations of I images by people, under K labels, from S sources.

    emotion: (n,) place in labels; K = no label. image: (n,) 0..I-1. person: (n,) any numbers. source_of_image: (I,)
    place in sources; S = one of the sources that are too small to be told apart. labels: id, name, polarity each.
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
    def text_of_word(self) -> NDArray[np.int32]:
        """(T,) which text each word stands in."""
        return self.texts.text_of_word

    @cached_property
    def word_counts(self) -> NDArray[np.int64]:
        """(S + 1, K + 1, V) how often each word stands in each source and emotion."""
        width = len(self.texts.words)
        cells = (len(self.sources) + 1) * (self.n_labels + 1)
        cell = (self.source * (self.n_labels + 1) + self.emotion)[self.text_of_word]
        counts = np.bincount(cell * width + self.texts.ids, minlength=cells * width) if width else np.zeros(0, int)
        return counts.reshape(len(self.sources) + 1, self.n_labels + 1, width)

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
    source_of_image: Sequence[str], n_texts: NDArray[np.integer]
) -> tuple[NDArray[np.int64], list[str]]:
    """(I,) each image's place among the sources with most texts, and their names in alphabetical order.

    Sources beyond the twelve largest get the place after the last; a study of one source has one.
    """
    names, place = np.unique(np.asarray(source_of_image, dtype=object).astype(str), return_inverse=True)
    size = np.bincount(place.reshape(-1), weights=n_texts, minlength=len(names))
    largest = np.sort(np.argsort(-size, kind="stable")[:MOST_SOURCES])
    largest = largest[size[largest] > 0]
    new_place = np.full(len(names), len(largest), np.int64)
    new_place[largest] = np.arange(len(largest))
    return new_place[place.reshape(-1)], [str(names[number]) for number in largest]
