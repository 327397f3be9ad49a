"""What a speaker wrote, judged: a column of Affection's table 2 with intervals, and image by image for differences.

Imports torch, no Django. Who judges is given: a text network reads the emotion, a listener finds the image.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from modelserve.caption_directions import FOUND
from modelserve.evaluation.caption_names import MORE
from modelserve.evaluation.caption_report import CaptionMetric, EmotionReader, Encoder, caption_report
from modelserve.evaluation.captions import Captions
from modelserve.evaluation.cider import cider_scores
from modelserve.evaluation.clip_score import clip_scores
from modelserve.evaluation.listener_accuracy import DISTRACTORS, listener_hits
from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean
from modelserve.evaluation.rouge_l import rouge_l_scores
from modelserve.evaluation.training_overlap import training_overlap
from modelserve.explaining import image_points
from modelserve.features import text_inputs
from modelserve.networks.clip_listener import ClipListener
from modelserve.networks.saved import SavedNetwork
from modelserve.pairs import PairRows
from modelserve.training import limited_threads, predict_shares
from snapshots.cleaning import tokens_of

MOST_TRAIN_TEXTS = 25_000  # ArtEmis compares with so many
NOBODY = float("nan")
AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Column:
    """One way of speaking. per_image: name -> (n,), nan where an image says nothing; compared image by image."""

    title: str
    report: list[CaptionMetric]
    per_image: dict[str, Array]


@dataclass(frozen=True)
class Judges:
    """What all columns are judged by. reader or listener None: what needs them is left out.

    test: people's texts; counts (n, K): people's answers to each image; train: tokens of training texts; points (n, D):
    what the listener makes of the images.
    """

    test: PairRows
    counts: Array
    train: list[list[str]]
    reader: SavedNetwork | None
    listener: SavedNetwork | None
    points: Array

    @classmethod
    def of(
        cls,
        test: PairRows,
        train: PairRows,
        n_labels: int,
        *,
        reader: SavedNetwork | None,
        listener: SavedNetwork | None,
        pixels: torch.Tensor | None,
    ) -> "Judges":
        """pixels (n, S, S, 3): the test images as the listener sees them; None without one."""
        chosen = np.random.default_rng(0).permutation(len(train.texts))[:MOST_TRAIN_TEXTS]
        tokens = [tokens_of(train.texts[row]) for row in chosen]
        points = np.zeros((0, 0))
        if listener is not None and pixels is not None:
            points = image_points(listener, pixels).double().cpu().numpy()
        return cls(test, test.counts(n_labels), tokens, reader, listener, points)

    @cached_property
    def references(self) -> list[list[list[str]]]:
        return [[tokens_of(text) for text in self.test.texts_of(image)] for image in range(len(self.test))]

    @property
    def score_name(self) -> str:
        """The published name is only for a CLIP's embeddings."""
        is_clip = self.listener is not None and isinstance(self.listener.network, ClipListener)
        return "CLIPScore" if is_clip else "Listener score"

    def column(self, title: str, texts: Sequence[str]) -> Column:
        """texts: one per test image, in order."""
        images: NDArray[np.int64] = np.arange(len(texts))
        captions = Captions([tokens_of(text) for text in texts], self.references, images)
        report = self._report(captions, self._people)
        times = Counter(captions.texts)
        per_image = {
            "CIDEr": cider_scores(captions),
            "ROUGE-L": rouge_l_scores(captions),
            # of k equal texts each counts 1 / k: their mean is distinct texts / texts
            "Unique-Productions": np.array([1 / times[text] for text in captions.texts]),
        }
        if self.train:
            per_image["Max-LCS"] = training_overlap(captions.candidates, self.train).longest_share
        if self.reader is not None:
            majority = unique_strong_majority(self.counts)
            aligned = (self._read(captions.texts).argmax(axis=1) == majority).astype(np.float64)
            per_image["Emo-Alignment"] = np.where(majority >= 0, aligned, NOBODY)
        if self.listener is not None:
            told = self._told(captions.texts)
            per_image[self.score_name] = clip_scores(told, self.points)
            if len(texts) > DISTRACTORS:
                per_image[FOUND] = listener_hits(told, self.points, images)
                report.append(CaptionMetric(FOUND, MORE, mean_of(per_image[FOUND]), self._found_people))
        return Column(title, report, per_image)

    def _report(self, captions: Captions, people: dict[str, Estimate] | None) -> list[CaptionMetric]:
        encoder = None
        if self.listener is not None:
            is_clip = isinstance(self.listener.network, ClipListener)
            encoder = Encoder(self._told, dict(enumerate(self.points)), is_clip=is_clip)
        reader = None
        if self.reader is not None:
            bounds = np.searchsorted(self.test.image_of_text, np.arange(len(self.test) + 1))
            labels = self.test.labels.tolist()
            writers = {image: labels[bounds[image] : bounds[image + 1]] for image in range(len(self.test))}
            reader = EmotionReader(self._read, dict(enumerate(self.counts)), writers)
        return caption_report(captions, training_texts=self.train, encoder=encoder, emotions=reader, people=people)

    @cached_property
    def _people(self) -> dict[str, Estimate]:
        """The human ceiling, the same beside every column."""
        any_texts = [of_image[0] for of_image in self.references]
        captions = Captions(any_texts, self.references, np.arange(len(any_texts)))
        return {metric.name: metric.people for metric in self._report(captions, None)}

    def _told(self, texts: Sequence[str]) -> Array:
        assert self.listener is not None
        network = self.listener.network
        with torch.inference_mode(), limited_threads():
            found = [
                network.embed_texts(network.read(texts[at : at + AT_ONCE], self.listener.words).to(network.bank.device))
                for at in range(0, len(texts), AT_ONCE)
            ]
        points: Array = torch.cat(found).double().cpu().numpy()
        return points

    def _read(self, texts: Sequence[str]) -> Array:
        assert self.reader is not None
        inputs = text_inputs(self.reader.network, texts, self.reader.words)
        shares: Array = predict_shares(self.reader.network, inputs).double().numpy()
        return shares

    @cached_property
    def _found_people(self) -> Estimate:
        """How often the listener finds an image by one of its people's texts, drawn at random."""
        random = np.random.default_rng(0)
        texts = [" ".join(of_image[int(random.integers(len(of_image)))]) for of_image in self.references]
        return mean_of(listener_hits(self._told(texts), self.points, np.arange(len(texts))))


def mean_of(rows: Array) -> Estimate:
    """The mean over images (n,), nan left out, with its interval from resampling images."""
    known: NDArray[np.bool_] = ~np.isnan(rows)
    return estimate(weighted_mean(rows[known]), Resampling(np.arange(len(rows))).of(known))
