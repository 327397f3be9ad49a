"""Affection's table 2 for one speaker: every way in which it can speak, the nearest neighbour and people.

Imports torch, no Django. Measured as it is served: a beam of 5, of 20 where a listener chooses (arXiv 2210.01946).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from modelserve.caption_directions import FOUND
from modelserve.caption_judges import Judges
from modelserve.caption_record import NEAREST, CaptionTable
from modelserve.explaining import candidates, choose, image_points
from modelserve.nearest_text import nearest_texts
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork
from modelserve.networks.speaker import UNTOLD, Speaker
from modelserve.pairs import PairRows, SplitPairs, first_images, pair_rows
from modelserve.recipes.pair_inputs import BATCH, pixels_for
from modelserve.recipes.recipe import ReadImage
from modelserve.recipes.speaker import images_for
from modelserve.reranking import CANDIDATES
from modelserve.training import limited_threads, predict_shares
from modelserve.variants import VARIANTS
from snapshots.reader import Snapshot

PIECE = 32  # images written about between two looks at whether to go on


@dataclass(frozen=True, slots=True)
class Beside:
    """The networks that stand beside a speaker, where the study has them.

    chooser: the listener of the pragmatic variants; judge: the listener that measures, better another one; reader: the
    text network of Emo-Alignment; eye: says the likeliest emotion, which the grounded variants are told.
    """

    chooser: SavedNetwork | None = None
    judge: SavedNetwork | None = None
    reader: SavedNetwork | None = None
    eye: SavedNetwork | None = None


def caption_table(
    speaker: SavedNetwork,
    snapshot: Snapshot,
    beside: Beside,
    *,
    cache: Path,
    read_image: ReadImage,
    device: torch.device,
    most_images: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CaptionTable | None:
    """Let the speaker write about the first test images, in every variant that it can, and judge what it wrote.

    None where the snapshot has no test image with a text. progress(done, total) counts texts and may end the work by
    raising. The networks are left on the CPU.
    """
    pairs = pair_rows(snapshot)
    test = first_images(pairs.test, most_images)
    if not len(test):
        return None
    label_ids = [str(label["id"]) for label in pairs.label_set]
    if beside.reader is not None and beside.reader.label_ids != label_ids:
        beside = replace(beside, reader=None)  # it answers with other labels than people did
    if beside.eye is not None and (
        not isinstance(beside.eye.network, ImageEmotion) or beside.eye.label_ids != speaker.label_ids
    ):
        beside = replace(beside, eye=None)  # what it says cannot be told to this speaker
    judge = beside.judge or beside.chooser
    judges = Judges.of(
        test,
        pairs.train,
        len(pairs.label_set),
        reader=beside.reader,
        listener=judge,
        pixels=None if judge is None else pixels_for(test, judge.network.side, read_image, cache),
    )
    told = _told(speaker, beside.eye, pairs, test, read_image, cache)
    images = images_for(speaker, test, read_image, cache, device)
    points = None
    if beside.chooser is not None:
        points = image_points(beside.chooser, pixels_for(test, beside.chooser.network.side, read_image, cache))
    names = variants_of(speaker, has_listener=points is not None)
    columns, total = {}, len(names) * len(test)
    speaker.network.to(device)
    try:
        for number, name in enumerate(names):
            labels = told if VARIANTS[name].is_grounded else torch.full((len(test),), UNTOLD)
            texts: list[str] = []
            for start in range(0, len(test), PIECE):
                rows = slice(start, start + PIECE)
                progress(number * len(test) + start, total)
                texts += _said(speaker, images[rows], labels[rows], name, beside.chooser, points, rows)
            columns[name] = judges.column(VARIANTS[name].title, texts)
    finally:
        speaker.network.to("cpu")
    progress(total, total)
    nearest = _nearest(speaker, judge, pairs.train, test, read_image, cache, device)
    columns[NEAREST] = judges.column("Nearest neighbour", nearest)
    remarks = _remarks(beside, judge, test, pairs, is_told=any(VARIANTS[name].is_grounded for name in names))
    return CaptionTable(columns, names[0], len(test), len(pairs.test), remarks)


def variants_of(speaker: SavedNetwork, *, has_listener: bool) -> list[str]:
    """The ways in which this speaker can speak, the plainest first."""
    options = speaker.network.options
    can_be_told = options.grounding != "none" or options.joint_label
    return [
        variant.name
        for variant in VARIANTS.values()
        if (has_listener or not variant.is_pragmatic)
        and (can_be_told if variant.is_grounded else options.grounding != "always")
    ]


def _said(
    speaker: SavedNetwork,
    images: Tensor,
    labels: Tensor,
    variant: str,
    chooser: SavedNetwork | None,
    points: Tensor | None,
    rows: slice,
) -> list[str]:
    """The best text of each image; empty where nothing could be written."""
    n = CANDIDATES if VARIANTS[variant].is_pragmatic else 1
    written = candidates(speaker, images, labels, n=n)
    mine = None if points is None else points[rows]
    chosen = choose(speaker, written, variant=variant, listener=chooser, points=mine)
    return [texts[0].text if texts else "" for texts in chosen]


def _told(
    speaker: SavedNetwork,
    eye: SavedNetwork | None,
    pairs: SplitPairs,
    test: PairRows,
    read_image: ReadImage,
    cache: Path,
) -> Tensor:
    """(n,) the label that the grounded variants are told: the eye's likeliest; without one, what most people felt."""
    if eye is None:
        felt = test.counts(len(pairs.label_set)).argmax(axis=1)
        place_of = {name: place for place, name in enumerate(speaker.label_ids)}
        of_label = [place_of.get(str(label["id"]), UNTOLD) for label in pairs.label_set]
        return torch.tensor([of_label[label] for label in felt.tolist()])
    side = eye.network.encoder.preprocessing.side
    with limited_threads():
        return predict_shares(eye.network, pixels_for(test, side, read_image, cache)).argmax(dim=1)


def _nearest(
    speaker: SavedNetwork,
    judge: SavedNetwork | None,
    train: PairRows,
    test: PairRows,
    read_image: ReadImage,
    cache: Path,
    device: torch.device,
) -> list[str]:
    """The text of the training image that looks most alike: by the listener, else by the speaker's own eye."""
    if judge is not None:
        side = judge.network.side
        test_points, train_points = (
            image_points(judge, pixels_for(rows, side, read_image, cache)).float().cpu().numpy()
            for rows in (test, train)
        )
        return nearest_texts(test_points, train_points, train)
    network: Speaker = speaker.network
    points = []
    with torch.inference_mode(), limited_threads():
        network.to(device)
        for rows in (test, train):
            images = images_for(speaker, rows, read_image, cache, device)
            network.to(device)
            found = [
                network.pixels.places(images[start : start + BATCH].to(device)).float().mean(dim=1).cpu()
                for start in range(0, len(images), BATCH)
            ]
            points.append(torch.cat(found).numpy().astype(np.float32))
        network.to("cpu")
    return nearest_texts(points[0], points[1], train)


def _remarks(
    beside: Beside, judge: SavedNetwork | None, test: PairRows, pairs: SplitPairs, *, is_told: bool
) -> list[str]:
    """What a reader of the table must know, in sentences."""
    remarks = []
    if len(test) < len(pairs.test):
        remarks.append(
            f"{len(test)} of {len(pairs.test)} test images, the first by the hash of their files, which is a random "
            "sample."
        )
    if judge is None:
        remarks.append(
            "The study has no listener, so there are no pragmatic variants and no row that needs one. Train one (task "
            "'listener') and measure again."
        )
    elif beside.judge is None:
        remarks.append(
            f"The listener that measures is the one that chooses among the pragmatic variants' texts, so their rows "
            f"'Listener' and '{FOUND}' are flattered. Train a second listener (another seed) and measure again: it "
            "then only judges."
        )
    if beside.reader is None:
        remarks.append(
            "The study has no network 'Explanation to emotion' with the same labels, so Emo-Alignment is not measured. "
            "Train one and measure again."
        )
    if is_told and beside.eye is None:
        remarks.append(
            "The grounded variants were told what most people felt, since no network 'Image to emotions' with the same "
            "labels is served: their Emo-Alignment is what a perfect guess of the emotion would allow."
        )
    return remarks
