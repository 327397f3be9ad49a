"""What variants wrote, judged: a column of Affection's table 2 each, with intervals, and the paired differences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelserve.evaluation.caption_report import CaptionMetric, EmotionReader, Encoder, caption_report
from modelserve.evaluation.captions import Captions
from modelserve.evaluation.clip_score import clip_scores
from modelserve.evaluation.listener_accuracy import listener_hits
from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean
from modelserve.evaluation.training_overlap import training_overlap
from modelserve.explaining import image_points
from modelserve.networks.saved import SavedNetwork
from modelserve.pairs import PairRows
from modelserve.training import limited_threads, predict_shares
from modelserve.words import word_ids
from snapshots.cleaning import tokens_of

MOST_TRAIN_TEXTS = 25_000  # ArtEmis compares with so many
NOBODY = float("nan")
AT_ONCE = 256
COLUMN = 19  # characters
IN_NATS_OR_TOKENS = ("XENT", "okens", "CIDEr")
"""Parts of names of figures that are no shares; all others are printed times 100, as the paper does."""


@dataclass(frozen=True, slots=True)
class Column:
    """One variant. per_image: name -> (n,), nan where an image says nothing; they are compared image by image."""

    title: str
    report: list[CaptionMetric]
    per_image: dict[str, Array]


@dataclass(frozen=True)
class Judges:
    """What all columns are judged by: people's texts and emotions, the text network, the second listener."""

    test: PairRows
    counts: Array  # (n, K)
    train: list[list[str]]
    reader: SavedNetwork
    listener: SavedNetwork
    points: Array  # (n, D) what the second listener makes of the images

    @classmethod
    def of(
        cls,
        test: PairRows,
        train: PairRows,
        n_labels: int,
        *,
        reader: SavedNetwork,
        listener: SavedNetwork,
        pixels: torch.Tensor,
    ) -> "Judges":
        chosen = np.random.default_rng(0).permutation(len(train.texts))[:MOST_TRAIN_TEXTS]
        tokens = [tokens_of(train.texts[row]) for row in chosen]
        points = image_points(listener, pixels).double().numpy()
        return cls(test, test.counts(n_labels), tokens, reader, listener, points)

    @cached_property
    def references(self) -> list[list[list[str]]]:
        return [[tokens_of(text) for text in self.test.texts_of(image)] for image in range(len(self.test))]

    def column(self, title: str, texts: Sequence[str]) -> Column:
        """texts: one per test image, in order."""
        images: NDArray[np.int64] = np.arange(len(texts))
        captions = Captions([tokens_of(text) for text in texts], self.references, images)
        report = caption_report(
            captions,
            training_texts=self.train,
            encoder=Encoder(self._told, dict(enumerate(self.points))),
            emotions=EmotionReader(self._read, dict(enumerate(self.counts))),
        )
        told, times = self._told(captions.texts), Counter(captions.texts)
        majority = unique_strong_majority(self.counts)
        aligned = (self._read(captions.texts).argmax(axis=1) == majority).astype(np.float64)
        found = listener_hits(told, self.points, images)
        per_image = {
            "Listener score": clip_scores(told, self.points),
            "Found of 11": found,
            # of k equal texts each counts 1 / k: their mean is distinct texts / texts
            "Unique-Productions": np.array([1 / times[text] for text in captions.texts]),
            "Max-LCS": training_overlap(captions.candidates, self.train).longest_share,
            "Emo-Alignment": np.where(majority >= 0, aligned, NOBODY),
        }
        human = self._found_people()
        game = CaptionMetric("Found of 11", "more", _mean(found), human)
        return Column(title, [*report, game], per_image)

    def _told(self, texts: Sequence[str]) -> Array:
        network = self.listener.network
        with torch.inference_mode(), limited_threads():
            found = [
                network.embed_texts(network.read(texts[at : at + AT_ONCE], self.listener.words))
                for at in range(0, len(texts), AT_ONCE)
            ]
        points: Array = torch.cat(found).double().numpy()
        return points

    def _read(self, texts: Sequence[str]) -> Array:
        numbers = word_ids(texts, self.reader.words, self.reader.network.options.max_tokens)
        shares: Array = predict_shares(self.reader.network, torch.from_numpy(numbers)).double().numpy()
        return shares

    def _found_people(self) -> Estimate:
        """How often the second listener finds an image by one of its people's texts, drawn at random."""
        random = np.random.default_rng(0)
        texts = [" ".join(of_image[int(random.integers(len(of_image)))]) for of_image in self.references]
        return _mean(listener_hits(self._told(texts), self.points, np.arange(len(texts))))


def directions(columns: dict[str, Column]) -> list[dict[str, Any]]:
    """The paper's directions by the paired difference over images; printed, and returned as JSON."""
    wanted = [(one, other, "Emo-Alignment", 1) for one, other in (("grounded", "default"), _BOTH_PRAGMATIC)]
    for one, other in (("pragmatic", "default"), ("grounded_pragmatic", "grounded")):
        names = (("Listener score", 1), ("Found of 11", 1), ("Unique-Productions", 1), ("Max-LCS", -1))
        wanted += [(one, other, name, sign) for name, sign in names]
    found = []
    print("\nDirections: the paired difference over images, times 100, with its 95 % interval")
    for one, other, name, sign in wanted:
        difference = _mean(columns[one].per_image[name] - columns[other].per_image[name])
        low, high = difference.low or 0.0, difference.high or 0.0
        holds = low > 0 if sign > 0 else high < 0
        found.append({"of": one, "beside": other, "metric": name, "wanted": sign, "holds": holds, **asdict(difference)})
        print(
            f"  {name:<19}{one:<19} - {other:<10}{100 * (difference.value or 0):+7.2f}  "
            f"({100 * low:+.2f} to {100 * high:+.2f})  {'above' if sign > 0 else 'below'} 0: "
            f"{'holds' if holds else 'NOT SHOWN'}"
        )
    return found


_BOTH_PRAGMATIC = ("grounded_pragmatic", "pragmatic")


def print_table(columns: Sequence[Column]) -> None:
    """The paper's layout with a metric per line; below each value its interval. The last column is people."""
    titles = [*(column.title for column in columns), "People"]
    print("\n" + " " * 22 + "".join(f"{title[: COLUMN - 1]:>{COLUMN}}" for title in titles))
    for number, metric in enumerate(columns[0].report):
        found = [*(column.report[number].machine for column in columns), metric.people]
        if all(one.value is None for one in found):
            print(f"{metric.name:<22}{metric.note.splitlines()[0] if metric.note else ''}")
            continue
        scale = 1 if any(part in metric.name for part in IN_NATS_OR_TOKENS) else 100
        digits = 2 if scale == 1 else 1
        cells = ["–" if one.value is None else f"{scale * one.value:.{digits}f}" for one in found]
        ranges = [
            "" if one.low is None or one.high is None
            else f"{scale * one.low:.{digits}f} to {scale * one.high:.{digits}f}"
            for one in found
        ]  # fmt: skip
        print(f"{metric.name:<22}" + "".join(f"{cell:>{COLUMN}}" for cell in cells))
        print(" " * 22 + "".join(f"{text:>{COLUMN}}" for text in ranges))


def _mean(rows: Array) -> Estimate:
    known: NDArray[np.bool_] = ~np.isnan(rows)
    return estimate(weighted_mean(rows[known]), Resampling(np.arange(len(rows))).of(known))
