"""What people feel, from an image or from a text: rows to a network that answers with a distribution; its metrics."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.data import Rows, SplitRows, image_inputs, image_rows, text_inputs, text_rows
from modelserve.evaluation.report import evaluate
from modelserve.features import feature_table
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import ImageEmotionOptions, RunOptions, TextEmotionOptions
from modelserve.recipes.recipe import Learned, ReadImage
from modelserve.training import Examples, Watcher, choose_device, fit, predict_shares, seeded
from modelserve.words import vocabulary_of
from snapshots.reader import Snapshot

POLARITY_SIGNS = {"positive": 1, "negative": -1}


def learn_emotion(
    snapshot: Snapshot,
    task: str,
    options: RunOptions,
    *,
    work_folder: Path,
    cache: Path,
    read_image: ReadImage,
    watcher: Watcher,
) -> Learned:
    """As `modelserve.recipes.learn`."""
    rows = rows_of(snapshot, task)
    for note in rows.notes:
        watcher.log(note)
    device = choose_device(options.training.device)
    with seeded(options.training.seed, device):
        saved = _fresh_network(task, options, rows)
    mean_shares = rows.train.shares.mean(axis=0)
    saved.network.start_from(torch.from_numpy(mean_shares))
    train, validation = (
        Examples(inputs_of(saved, part, read_image, cache, device), torch.from_numpy(part.shares))
        for part in (rows.train, rows.validation)
    )
    fitted = fit(
        saved.network, train, validation, options.training, checkpoints=work_folder / "checkpoints", watcher=watcher
    )
    predicted = predict_rows(saved, rows.test, read_image=read_image, cache=cache, device=device.type)
    metrics = evaluate_rows(saved, rows.test, predicted) | {
        "split": {
            name: {"rows": len(part), "stimuli": part.n_stimuli}
            for name, part in (("train", rows.train), ("validation", rows.validation), ("test", rows.test))
        },
        "notes": rows.notes,
        # What to beat: the answer 'every stimulus as the training stimuli on average'.
        "baseline": evaluate_rows(saved, rows.test, np.tile(mean_shares, (len(rows.test), 1)).astype(np.float64)),
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.curve),
        "device": fitted.device,
    }
    return Learned(saved, fitted, metrics)


def measure_emotion(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> dict[str, Any]:
    """As `modelserve.recipes.measure`."""
    test = rows_of(snapshot, saved.task).test
    return evaluate_rows(saved, test, predict_rows(saved, test, read_image=read_image, cache=cache, device=device))


def rows_of(snapshot: Snapshot, task: str) -> SplitRows:
    """The snapshot's rows for this task, split."""
    return image_rows(snapshot) if task == "image_emotion" else text_rows(snapshot)


def inputs_of(
    saved: SavedNetwork, rows: Rows, read_image: ReadImage, cache: Path, device: torch.device | None = None
) -> Tensor:
    """What the network reads for these rows: pixels (n, S, S, 3), word ids (n, T), or features (n, 2, F) of an encoder
    that does not learn, looked at once on `device`."""
    if isinstance(saved.network, ImageEmotion):
        if saved.network.options.freeze_encoder and device is not None:
            return feature_table(saved.network, rows.items, read_image, cache, device)
        return image_inputs(rows.items, saved.network.encoder.preprocessing.side, read_image, cache)
    return text_inputs(rows.items, saved.words, saved.network.options.max_tokens)


def predict_rows(
    saved: SavedNetwork, rows: Rows, *, read_image: ReadImage, cache: Path, device: str = "cpu"
) -> NDArray[np.float64]:
    """The network's distributions for these rows, (n, K), each row summing to 1."""
    if not len(rows):
        return np.zeros((0, len(saved.label_set)))
    shares = predict_shares(saved.network, inputs_of(saved, rows, read_image, cache), device=device)
    return shares.numpy().astype(np.float64)


def evaluate_rows(saved: SavedNetwork, rows: Rows, predicted: NDArray[np.float64]) -> dict[str, Any]:
    """All metrics of these predictions (n, K) beside people's answers."""
    return evaluate(
        rows.counts,
        predicted,
        stimuli=rows.stimuli,
        label_ids=saved.label_ids,
        polarities=[POLARITY_SIGNS.get(str(label.get("polarity")), 0) for label in saved.label_set],
    )


def _fresh_network(task: str, options: RunOptions, rows: SplitRows) -> SavedNetwork:
    n_labels = len(rows.label_set)
    if isinstance(options.network, ImageEmotionOptions):
        return SavedNetwork(task, ImageEmotion.create(n_labels, options.network), rows.label_set, [])
    network_options: TextEmotionOptions = options.network
    words = vocabulary_of(rows.train.items, min_count=network_options.min_count)
    return SavedNetwork(task, TextEmotion(len(words), n_labels, network_options), rows.label_set, words)
