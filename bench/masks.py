"""Trains the EmoSEM-shaped network on the generated world and says how well it finds what stirs an emotion.

usage: python -m bench.masks [--images 20000] [--epochs 12] [--folder FOLDER] [--option NAME=VALUE ...]

The world is frozen as a snapshot with 6 responses per image, and the product's own recipe learns from it, one processor
thread. Measured on the test split, over pairs of image and emotion where something in the picture stirs the emotion:
mean intersection over union with the true mask (aim: at least 0.6), and, of the sentences that it writes for the
emotion that most people felt, how many are true of the picture and how many a person of the world could have written.
--folder: keeps the snapshot, the decoded pictures and the checkpoints, so that a run that was cut off goes on.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import machine
from modelserve.data import image_inputs, image_rows
from modelserve.masking import masks_and_words
from modelserve.networks.saved import SavedNetwork
from modelserve.options import parse_options
from modelserve.recipes import learn
from modelserve.training import Watcher
from modelserve.world import World
from modelserve.world.freeze import freeze_world, world_of
from snapshots.reader import Snapshot, open_snapshot

AIM = 0.6
WRITTEN = 200  # sentences that are looked at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    chosen: dict[str, Any] = {"epochs": options.epochs, "device": "cpu", "threads": 1}
    chosen |= {name: json.loads(value) for name, _, value in (given.partition("=") for given in options.option)}
    print(json.dumps(machine()))
    if options.folder:
        run(options.folder, options.images, chosen)
        return
    with tempfile.TemporaryDirectory(prefix="commonground-masks-") as folder:
        run(Path(folder), options.images, chosen)


def run(folder: Path, n_images: int, chosen: dict[str, Any]) -> None:
    snapshot = frozen(folder / f"world-{n_images}", n_images)
    started = time.process_time()
    watcher = Watcher(log=lambda line: print(f"{time.process_time() - started:8.0f} s  {line}", flush=True))
    learned = learn(
        snapshot,
        "emosem",
        parse_options("emosem", chosen),
        work_folder=folder / "run",
        cache=folder / "cache",
        watcher=watcher,
    )
    print(f"{time.process_time() - started:.0f} processor seconds, best epoch {learned.fitted.best_epoch}")
    for name in ("mask_iou", "mask_precision_25", "mask_precision_50", "mask_left_empty"):
        found, same = learned.metrics[name], learned.metrics["baseline"][name]
        interval = f"{found['low']:.3f} to {found['high']:.3f}"
        print(f"{name:<18} {found['value']:.3f}  ({interval}, n {found['n']})   one mask for all {same['value']:.3f}")
    value = learned.metrics["mask_iou"]["value"]
    print(f"aim {AIM:g}: {'reached' if value >= AIM else 'not reached'}")
    if learned.saved.network.options.writes:
        tell_of_sentences(learned.saved, snapshot, folder / "cache")


def frozen(folder: Path, n_images: int) -> Snapshot:
    there = sorted(folder.glob("*/manifest.json"))
    return open_snapshot(there[0].parent) if there else freeze_world(World(), n_images, 6, parent=folder)


def tell_of_sentences(saved: SavedNetwork, snapshot: Snapshot, cache: Path) -> None:
    world, index_of = world_of(snapshot)
    test = image_rows(snapshot).test
    n = min(WRITTEN, len(test))
    pixels = image_inputs(test.items[:n], saved.network.side, snapshot.image_bytes, cache).numpy()
    emotions = test.counts[:n].argmax(axis=1).tolist()
    texts = [answer["explanation"] for answer in masks_and_words(saved, list(pixels), emotions)]
    places = [index_of[key] for key in test.stimulus_keys[:n]]
    true = sum(bool(world.is_true(place, text)) for place, text in zip(places, texts, strict=True))
    possible = sum(
        world.is_reference(place, saved.label_ids[emotion], text)
        for place, emotion, text in zip(places, emotions, texts, strict=True)
    )
    print(f"of {n} sentences {true} are true of the picture, {possible} could be a person's for that emotion")


if __name__ == "__main__":
    main()
