"""Source: none; what the metrics of texts are computed on, so that each of them takes the same thing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Resampling

Tokens = Sequence[str]
LONGEST_NGRAM = 4


@dataclass(frozen=True)
class Captions:
    """Texts to judge, each beside what people wrote about the same image.

    candidates (n): the tokens of each text. references (n): the token lists of the human texts of its image, at least
    one each where a metric compares with them. images (n,): the image of each text, as a number: the unit of
    resampling. Tokens decide the figures: state which were used (docs/researcher/caption_metrics.md).
    Raises ValueError where the three do not have the same length.
    """

    candidates: Sequence[Tokens]
    references: Sequence[Sequence[Tokens]]
    images: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.candidates) == len(self.references) == len(self.images):
            raise ValueError(
                f"Captions: every text needs its references and its image; got {len(self.candidates)} texts, "
                f"{len(self.references)} lists of references and {len(self.images)} images."
            )

    def __len__(self) -> int:
        return len(self.candidates)

    def resampling(self, seed: int = 0) -> Resampling:
        return Resampling(np.asarray(self.images, dtype=np.int64), seed)

    @property
    def texts(self) -> list[str]:
        """(n) each candidate's tokens joined by spaces."""
        return [" ".join(tokens) for tokens in self.candidates]

    @cached_property
    def candidate_ngrams(self) -> list["Counter[tuple[str, ...]]"]:
        return [ngrams(tokens) for tokens in self.candidates]

    @cached_property
    def reference_ngrams(self) -> list[list["Counter[tuple[str, ...]]"]]:
        # Several captions of one image share their references: each is counted once.
        known: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
        counted = []
        for references in self.references:
            row = []
            for tokens in references:
                key = tuple(tokens)
                if key not in known:
                    known[key] = ngrams(key)
                row.append(known[key])
            counted.append(row)
        return counted

    def with_references(self) -> "Captions":
        """Only the texts whose image has at least one human text."""
        kept = [row for row, references in enumerate(self.references) if references]
        return Captions(
            [self.candidates[row] for row in kept], [self.references[row] for row in kept], self.images[kept]
        )

    def left_out(self, seed: int = 0) -> "Captions":
        """The human ceiling's captions: of every image one human text, drawn at random, beside the others.

        Images with fewer than two human texts are left out. People are so judged against one text less than networks.
        """
        first_of_image = {int(image): row for row, image in reversed(list(enumerate(self.images)))}
        candidates: list[Tokens] = []
        references: list[list[Tokens]] = []
        chosen = self.chosen_texts(seed)
        for image, place in chosen.items():
            texts = list(self.references[first_of_image[image]])
            candidates.append(texts[place])
            references.append(texts[:place] + texts[place + 1 :])
        return Captions(candidates, references, np.array(list(chosen), dtype=np.int64))

    def chosen_texts(self, seed: int = 0) -> dict[int, int]:
        """{image: which of its human texts `left_out` draws}, ascending; images with two human texts or more."""
        random = np.random.default_rng(seed)
        n_texts = {
            int(image): len(texts) for image, texts in reversed(list(zip(self.images, self.references, strict=True)))
        }
        return {image: int(random.integers(n)) for image, n in sorted(n_texts.items()) if n >= 2}


def ngrams(tokens: Tokens) -> "Counter[tuple[str, ...]]":
    """How often each run of one to four tokens occurs."""
    return Counter(
        tuple(tokens[start : start + n]) for n in range(1, LONGEST_NGRAM + 1) for start in range(len(tokens) - n + 1)
    )
