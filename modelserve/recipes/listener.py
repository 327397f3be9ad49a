"""A listener from a snapshot: learned by contrast, measured by the reference game."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.evaluation.listener_accuracy import DISTRACTORS, listener_accuracy, listener_hits
from modelserve.evaluation.paired import mean_score
from modelserve.evaluation.resampling import Resampling
from modelserve.features import feature_table
from modelserve.networks.by_option import AnyListener
from modelserve.networks.clip_listener import ClipListener
from modelserve.networks.listener import BANK, Listener
from modelserve.networks.saved import SavedNetwork
from modelserve.options import ListenerOptions, RunOptions
from modelserve.pairs import PairRows, pair_rows
from modelserve.recipes.pair_inputs import in_batches, learned_words, pair_examples, pixels_for, split_facts
from modelserve.recipes.recipe import Learned, ReadImage, Scores
from modelserve.training import Fitted, Watcher, choose_device, fit, limited_threads, seeded
from snapshots.reader import Snapshot

GAMES = (1, 2, 3, 5, DISTRACTORS)  # numbers of distractors that a record tells of


def learn_listener(
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
    pairs, chosen = pair_rows(snapshot), options.network
    for note in pairs.notes:
        watcher.log(note)
    device = choose_device(options.training.device)
    with seeded(options.training.seed, device):
        saved = _fresh_network(task, chosen, pairs.train, pairs.label_set, words=_words(chosen, pairs))
    network = saved.network
    train, validation = (
        pair_examples(
            _images_for(network, part, read_image, cache, device), part, network.read(part.texts, saved.words)
        )
        for part in (pairs.train, pairs.validation)
    )
    if chosen.clip and not (chosen.tune_clip or chosen.lora_rank):
        watcher.log("CLIP is taken as it is: nothing is learned from the study, which only tests it.")
        fitted = Fitted([], 0, 0.0, device.type)
    else:
        fitted = fit(
            network, train, validation, options.training, checkpoints=work_folder / "checkpoints", watcher=watcher
        )
    fill_bank(saved, train.inputs[0], device)
    metrics = measure_listener(saved, snapshot, cache=cache, read_image=read_image, device=device.type)
    metrics |= split_facts(pairs) | {
        "baseline": {"listener_accuracy": _chance(DISTRACTORS, metrics["listener_accuracy"]["n"])},
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.curve),
        "device": fitted.device,
    }
    return Learned(saved, fitted, metrics)


def measure_listener(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> dict[str, Any]:
    """As `modelserve.recipes.measure`."""
    test = pair_rows(snapshot).test
    texts, images = _points(saved, test, cache, read_image, device)
    resampling = Resampling(test.image_of_text)
    games = {k: listener_accuracy(texts, images, test.image_of_text, resampling, k=k).as_json() for k in GAMES}
    return {
        "n_rows": len(test.texts),
        "n_stimuli": len(test),
        "listener_accuracy": games[DISTRACTORS],
        "games": {str(k): game for k, game in games.items()},
    }


def score_listener(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> Scores:
    """As `modelserve.recipes.scores`: a row per text, and the same distractors for every listener."""
    test = pair_rows(snapshot).test
    if len(test) <= DISTRACTORS:
        return Scores(test.image_of_text, {"listener_accuracy": mean_score(np.full(len(test.texts), np.nan))})
    texts, images = _points(saved, test, cache, read_image, device)
    return Scores(
        test.image_of_text, {"listener_accuracy": mean_score(listener_hits(texts, images, test.image_of_text))}
    )


def _points(
    saved: SavedNetwork, test: PairRows, cache: Path, read_image: ReadImage, device: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Texts (N, D) and images (I, D) where they meet."""
    place = choose_device(device)
    network = saved.network.to(place).eval()
    with limited_threads():
        images = in_batches(network.embed_images, pixels_for(test, network.side, read_image, cache), device=place)
        texts = in_batches(network.embed_texts, network.read(test.texts, saved.words), device=place)
    network.to("cpu")
    return texts, images


def _images_for(
    network: AnyListener, rows: PairRows, read_image: ReadImage, cache: Path, device: torch.device
) -> Tensor:
    """Pixels (I, S, S, 3); where the eye does not learn, its features of each image, (I, F), computed once."""
    if isinstance(network, ClipListener) or network.pixels.learns:
        return pixels_for(rows, network.side, read_image, cache)
    return feature_table(network.pixels, rows.image_sha256s, read_image, cache, device)[:, 0]


def fill_bank(saved: SavedNetwork, images: Tensor, device: torch.device) -> None:
    """Keep what the listener makes of some training images, evenly taken, as distractors for later."""
    network = saved.network.to(device).eval()
    rows = torch.linspace(0, len(images) - 1, len(network.bank)).round().long()
    points = in_batches(network.embed_images, images[rows], device=device)
    network.to("cpu")
    network.bank.copy_(torch.from_numpy(points))


def _words(options: ListenerOptions, pairs: Any) -> list[str]:
    return [] if options.clip else learned_words(pairs.train.texts, options.min_count)


def _fresh_network(
    task: str, options: ListenerOptions, train: PairRows, label_set: list[dict[str, Any]], *, words: list[str]
) -> SavedNetwork:
    n_bank = min(BANK, len(train))
    network = ClipListener.create(options, n_bank) if options.clip else Listener.create(len(words), options, n_bank)
    return SavedNetwork(task, network, label_set, words)


def _chance(k: int, n: int) -> dict[str, Any]:
    return {"value": 1 / (k + 1) if n else None, "low": None, "high": None, "n": n}
