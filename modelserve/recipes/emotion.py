"""What people feel, from an image or from a text: rows to a network that answers with a distribution; its metrics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelserve.data import Rows, SplitRows, image_inputs, image_rows, text_rows
from modelserve.errors import NothingToLearn
from modelserve.evaluation.calibration_error import calibration_statistic
from modelserve.evaluation.kl_divergence import kl_divergence_per_row
from modelserve.evaluation.majority_accuracy import majority_hits
from modelserve.evaluation.paired import Score, mean_score
from modelserve.evaluation.polarity_accuracy import polarity_hits
from modelserve.evaluation.report import evaluate
from modelserve.features import feature_table, text_inputs
from modelserve.networks.by_option import create_text_emotion
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork
from modelserve.options import TEXT_FROM_SCRATCH, ImageEmotionOptions, RunOptions, TextEmotionOptions
from modelserve.recipes.beside_emotions import (
    Beside,
    answers_of,
    beside_of,
    measure_heads,
    measure_sources,
    notes_of,
    sources_of,
)
from modelserve.recipes.pair_inputs import learned_words
from modelserve.recipes.recipe import Learned, ReadImage, Scores
from modelserve.temperature import fitted_temperature
from modelserve.training import Batch, Examples, Watcher, ask, choose_device, fit, predict_shares, seeded
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
    beside = None
    if isinstance(options.network, ImageEmotionOptions):
        beside = beside_of(snapshot, options.network)
        rows = replace(rows, notes=[*rows.notes, *notes_of(beside, rows)])
    return learn_rows(
        rows,
        task,
        options,
        beside=beside,
        work_folder=work_folder,
        cache=cache,
        read_image=read_image,
        watcher=watcher,
    )


def learn_rows(
    rows: SplitRows,
    task: str,
    options: RunOptions,
    *,
    beside: Beside | None = None,
    work_folder: Path,
    cache: Path,
    read_image: ReadImage,
    watcher: Watcher,
) -> Learned:
    """The same from rows that are split already. beside: for networks that read images."""
    notes = list(rows.notes)
    for note in notes:
        watcher.log(note)
    device = choose_device(options.training.device)
    with seeded(options.training.seed, device):
        saved = _fresh_network(task, options, rows, beside)
    mean_shares = rows.train.shares.mean(axis=0)
    saved.network.start_from(torch.from_numpy(mean_shares))
    if beside is not None and beside.targets:
        saved.network.start_ratings(torch.from_numpy(beside.table(rows.train)))
    train, validation = (
        Examples(
            inputs_of(saved, part, read_image, cache, device, beside),
            beside.goals(part) if beside is not None else torch.from_numpy(part.shares),
        )
        for part in (rows.train, rows.validation)
    )
    fitted = fit(
        saved.network, train, validation, options.training, checkpoints=work_folder / "checkpoints", watcher=watcher
    )
    if isinstance(saved.network, ImageEmotion) and saved.network.options.calibrate:
        temperature = _calibrated(saved.network, validation, rows.validation, device.type)
        notes.append(f"How sure it is was set by the validation stimuli: logits divided by {temperature:.3f}.")
        watcher.log(notes[-1])
    metrics = _measured(saved, rows.test, beside, read_image, cache, device.type) | {
        "split": {
            name: {"rows": len(part), "stimuli": part.n_stimuli}
            for name, part in (("train", rows.train), ("validation", rows.validation), ("test", rows.test))
        },
        "notes": notes,
        # What to beat: the answer 'every stimulus as the training stimuli on average'.
        "baseline": evaluate_rows(saved, rows.test, np.tile(mean_shares, (len(rows.test), 1)).astype(np.float64)),
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.curve),
        "device": fitted.device,
    }
    return Learned(saved, fitted, metrics)


def _calibrated(network: ImageEmotion, validation: Examples, rows: Rows, device: str) -> float:
    """Fits the temperature of a network that has learned; returns it."""
    logs = ask(network, validation.inputs, lambda batch: network.answer(batch)[0], device=device)
    network.temperature.fill_(fitted_temperature(logs.double().numpy(), rows.shares.astype(np.float64)))
    return float(network.temperature)


def measure_emotion(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> dict[str, Any]:
    """As `modelserve.recipes.measure`."""
    test = rows_of(snapshot, saved.task).test
    return _measured(saved, test, _beside_for(saved, snapshot), read_image, cache, device)


def _beside_for(saved: SavedNetwork, snapshot: Snapshot) -> Beside | None:
    """What stands beside the emotions in this snapshot for this network."""
    if not isinstance(saved.network, ImageEmotion):
        return None
    try:
        return beside_of(snapshot, saved.network.options)
    except NothingToLearn:  # this snapshot has no such numbers; what people felt can be compared all the same
        return beside_of(snapshot, replace(saved.network.options, heads=""))


def score_emotion(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> Scores:
    """As `modelserve.recipes.scores`: a row per image, or per explanation."""
    test = rows_of(snapshot, saved.task).test
    network, beside = saved.network, _beside_for(saved, snapshot)
    if beside is not None and isinstance(network, ImageEmotion) and len(test):
        predicted, _ = answers_of(network, inputs_of(saved, test, read_image, cache, beside=beside), device)
    else:
        predicted = predict_rows(saved, test, read_image=read_image, cache=cache, device=device)
    known = test.counts.sum(axis=1) > 0
    divergence = np.full(len(test), np.nan)
    divergence[known] = kl_divergence_per_row(test.counts[known], predicted[known])
    hits = majority_hits(test.counts, predicted)
    return Scores(
        test.stimuli,
        {
            "kl_divergence": mean_score(divergence),
            "majority_accuracy": mean_score(hits),
            "polarity_accuracy": mean_score(polarity_hits(test.counts, predicted, polarities_of(saved))),
            "calibration_error": Score(calibration_statistic(test.counts, predicted), int((~np.isnan(hits)).sum())),
        },
    )


def rows_of(snapshot: Snapshot, task: str) -> SplitRows:
    """The snapshot's rows for this task, split."""
    return image_rows(snapshot) if task == "image_emotion" else text_rows(snapshot)


def inputs_of(
    saved: SavedNetwork,
    rows: Rows,
    read_image: ReadImage,
    cache: Path,
    device: torch.device | None = None,
    beside: Beside | None = None,
) -> Batch:
    """What the network reads for these rows: pixels (n, S, S, 3), word ids (n, T), or the features of an encoder that
    does not learn, looked at once on `device`; where sources have heads, images and the places of their sources."""
    network = saved.network
    if not isinstance(network, ImageEmotion):
        return text_inputs(network, rows.items, saved.words, device)
    if network.options.freeze_encoder and device is not None:
        images = feature_table(network, rows.items, read_image, cache, device)
    else:
        images = image_inputs(rows.items, network.encoder.preprocessing.side, read_image, cache)
    return (images, beside.places(network, rows)) if beside is not None and network.sources else images


def predict_rows(
    saved: SavedNetwork, rows: Rows, *, read_image: ReadImage, cache: Path, device: str = "cpu"
) -> NDArray[np.float64]:
    """The network's distributions for these rows, (n, K), each row summing to 1."""
    if not len(rows):
        return np.zeros((0, len(saved.label_set)))
    shares = predict_shares(saved.network, inputs_of(saved, rows, read_image, cache), device=device)
    return shares.numpy().astype(np.float64)


def _measured(
    saved: SavedNetwork, rows: Rows, beside: Beside | None, read_image: ReadImage, cache: Path, device: str
) -> dict[str, Any]:
    """All metrics of the network on these rows, of its heads, too."""
    network = saved.network
    if beside is None or not len(rows) or not isinstance(network, ImageEmotion):
        return evaluate_rows(saved, rows, predict_rows(saved, rows, read_image=read_image, cache=cache, device=device))
    inputs = inputs_of(saved, rows, read_image, cache, beside=beside)
    predicted, ratings = answers_of(network, inputs, device)
    found = evaluate_rows(saved, rows, predicted)
    if beside.targets:
        found["heads"] = measure_heads(network, beside, rows, ratings)
    if network.sources and isinstance(inputs, tuple):
        shared, _ = answers_of(network, inputs[0], device)
        found["sources"] = measure_sources(network, beside, rows, predicted, shared)
    return found


def evaluate_rows(saved: SavedNetwork, rows: Rows, predicted: NDArray[np.float64]) -> dict[str, Any]:
    """All metrics of these predictions (n, K) beside people's answers."""
    return evaluate(
        rows.counts,
        predicted,
        stimuli=rows.stimuli,
        label_ids=saved.label_ids,
        polarities=polarities_of(saved),
    )


def polarities_of(saved: SavedNetwork) -> list[int]:
    """Per label 1, -1 or 0."""
    return [POLARITY_SIGNS.get(str(label.get("polarity")), 0) for label in saved.label_set]


def _fresh_network(task: str, options: RunOptions, rows: SplitRows, beside: Beside | None) -> SavedNetwork:
    n_labels = len(rows.label_set)
    if beside is not None:
        network = ImageEmotion.create(n_labels, options.network, sources_of(beside, rows.train))
        return SavedNetwork(task, network, rows.label_set, [])
    network_options: TextEmotionOptions = options.network
    words = []
    if network_options.encoder in TEXT_FROM_SCRATCH:
        words = learned_words(rows.train.items, network_options.min_count)
    return SavedNetwork(task, create_text_emotion(len(words), n_labels, network_options), rows.label_set, words)
