"""A snapshot to images with their explanations: what listeners and speakers learn from. Without Django."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.data import Rows, text_rows
from modelserve.errors import NothingToLearn
from snapshots.cleaning import tokens_of
from snapshots.reader import Snapshot

MOST_TEXTS = 16  # of one image; a study may have asked forty people about some


@dataclass(frozen=True, slots=True)
class PairRows:
    """One part of a snapshot: I images, N texts.

    stimulus_keys, image_sha256s: (I); texts: (N), grouped by image; image_of_text: (N,) ascending; labels: (N,) the
    place in the label set of the emotion that the writer chose.
    """

    stimulus_keys: list[str]
    image_sha256s: list[str]
    texts: list[str]
    image_of_text: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.image_sha256s)

    def counts(self, n_labels: int) -> NDArray[np.float64]:
        """(I, K) how many writers chose each emotion."""
        counts = np.zeros((len(self), n_labels))
        np.add.at(counts, (self.image_of_text, self.labels), 1)
        return counts

    def texts_of(self, image: int) -> list[str]:
        start, end = np.searchsorted(self.image_of_text, [image, image + 1])
        return self.texts[start:end]


@dataclass(frozen=True, slots=True)
class SplitPairs:
    """The three parts (85 / 5 / 10, by stimulus) and what a reader must know about them."""

    label_set: list[dict[str, Any]]
    train: PairRows
    validation: PairRows
    test: PairRows
    notes: list[str]


def pair_rows(snapshot: Snapshot) -> SplitPairs:
    """The accepted responses that have an image, an emotion and a text.

    Raises NothingToLearn where there are no responses, images or texts, one emotion only, or hardly any stimuli.
    """
    split = text_rows(snapshot)
    stimuli = snapshot.stimuli()
    image_of = dict(zip(stimuli["stimulus_key"].to_pylist(), stimuli["image_sha256"].to_pylist(), strict=True))
    train, validation, test = (_with_images(rows, image_of) for rows in (split.train, split.validation, split.test))
    if not len(train) or not len(validation):
        raise NothingToLearn(
            "Hardly any of this snapshot's answered stimuli has an image and an explanation, so a network that brings "
            "the two together cannot learn. Add images to the study, collect explanations and train again."
        )
    return SplitPairs(split.label_set, train, validation, test, split.notes)


def _with_images(rows: Rows, image_of: dict[str, str | None]) -> PairRows:
    keys = sorted({key for key in rows.stimulus_keys if image_of.get(key)})
    place = {key: number for number, key in enumerate(keys)}
    chosen = [row for row, key in enumerate(rows.stimulus_keys) if key in place]
    image_of_text = np.array([place[rows.stimulus_keys[row]] for row in chosen], dtype=np.int64)
    order = np.argsort(image_of_text, kind="stable")
    return PairRows(
        keys,
        [str(image_of[key]) for key in keys],
        [rows.items[chosen[row]] for row in order],
        image_of_text[order],
        rows.counts.argmax(axis=1)[chosen][order] if chosen else np.zeros(0, dtype=np.int64),
    )


def short_enough(pairs: SplitPairs, max_tokens: int) -> SplitPairs:
    """Without the texts to learn from that are longer than max_tokens, <sos> and <eos> included.

    Cut off, they would teach a speaker to stop in the middle. Raises NothingToLearn where nothing is left.
    """
    parts = [_shorter(part, max_tokens) for part in (pairs.train, pairs.validation)]
    n_left_out = len(pairs.train.texts) - len(parts[0].texts)
    if not len(parts[0]) or not len(parts[1]):
        raise NothingToLearn(
            f"Hardly any explanation has at most {max_tokens - 2} words, so a speaker of that length cannot learn. "
            "Raise max_tokens and train again."
        )
    note = f"{n_left_out} of {len(pairs.train.texts)} training texts have more than {max_tokens - 2} words: left out."
    return replace(
        pairs, train=parts[0], validation=parts[1], notes=[*pairs.notes, note] if n_left_out else pairs.notes
    )


def _shorter(rows: PairRows, max_tokens: int) -> PairRows:
    kept = np.array([len(tokens_of(text)) + 2 <= max_tokens for text in rows.texts], dtype=np.bool_)
    images, image_of_text = np.unique(rows.image_of_text[kept], return_inverse=True)
    return PairRows(
        [rows.stimulus_keys[image] for image in images],
        [rows.image_sha256s[image] for image in images],
        [text for text, is_kept in zip(rows.texts, kept, strict=True) if is_kept],
        image_of_text.astype(np.int64),
        rows.labels[kept],
    )


def first_images(rows: PairRows, n: int) -> PairRows:
    """The first n images with their texts. Images stand in the order of their hash: these are a random sample."""
    if n >= len(rows):
        return rows
    n_texts = int(np.searchsorted(rows.image_of_text, n))
    return PairRows(
        rows.stimulus_keys[:n],
        rows.image_sha256s[:n],
        rows.texts[:n_texts],
        rows.image_of_text[:n_texts],
        rows.labels[:n_texts],
    )


def text_tensors(rows: PairRows, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """The texts of every image as a network learns them: words (I, R, T) int32, labels (I, R) int64.

    numbers (N, T): the texts' word ids. R is the largest number of texts that an image has, MOST_TEXTS at most. Where
    an image has fewer, its words are padding (0) and its label is -1.
    """
    place = np.arange(len(rows.texts)) - np.searchsorted(rows.image_of_text, rows.image_of_text)  # (N,) within an image
    kept = np.flatnonzero(place < MOST_TEXTS)
    shown = int(place[kept].max()) + 1 if len(kept) else 1
    table = torch.zeros(len(rows), shown, numbers.shape[1], dtype=torch.int32)
    labels = torch.full((len(rows), shown), -1, dtype=torch.int64)
    image, within = torch.from_numpy(rows.image_of_text[kept]), torch.from_numpy(place[kept])
    table[image, within] = numbers[kept].to(torch.int32)
    labels[image, within] = torch.from_numpy(rows.labels[kept])
    return table, labels


def some_texts(words: Tensor, labels: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """At most n texts of every image, drawn at random: words (M, T) int64, labels (M,), image (M,): whose text it is.

    words (B, R, T), labels (B, R). n = 0: all, in their order.
    """
    if 0 < n < words.shape[1]:
        keys = torch.rand(labels.shape, device=labels.device).masked_fill(labels < 0, 2.0)  # texts before padding
        chosen = keys.argsort(dim=1)[:, :n]  # (B, n)
        labels = labels.gather(1, chosen)
        words = words.gather(1, chosen.unsqueeze(2).expand(-1, -1, words.shape[2]))
    image, place = torch.nonzero(labels >= 0, as_tuple=True)  # (M,)
    return words[image, place].long(), labels[image, place], image
