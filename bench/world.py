"""Trains networks on the generated world and says how near they come to the best possible.

usage: python -m bench.world [--images 20000] [--responses 6] [--seed 0] [--tasks image_emotion,text_emotion]
                             [--option NAME=VALUE ...] [--folder FOLDER]

The world is frozen as a snapshot and the product's own recipes learn from it; what is printed concerns the test split.

image_emotion: the divergence gap, mean KL(true || network) / mean KL(true || people's answers overall): 0 for the best
possible network, 1 for one that does not look (modelserve/world/best_possible.py). Aim: at most 0.05.
text_emotion: accuracy beside the Bayes accuracy, from the grammar's chances. Aim: at most 2 points below.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine
from modelserve.evaluation.report import evaluate
from modelserve.evaluation.resampling import Resampling, estimate, weighted_mean
from modelserve.options import parse_options
from modelserve.recipes import learn
from modelserve.recipes.emotion import POLARITY_SIGNS, predict_rows, rows_of
from modelserve.training import Watcher
from modelserve.world import World, WorldOptions
from modelserve.world.best_possible import (
    best_accuracy,
    divergence_gap,
    divergence_of_answers,
    image_distributions,
    text_distributions,
)
from modelserve.world.freeze import freeze_world, world_of
from snapshots.reader import Snapshot, open_snapshot


def measured(snapshot: Snapshot, task: str, chosen: dict[str, Any], folder: Path) -> dict[str, Any]:
    world, index_of = world_of(snapshot)
    start = time.process_time()
    learned = learn(
        snapshot,
        task,
        parse_options(task, chosen),
        work_folder=folder / task,
        cache=folder / "cache",
        watcher=Watcher(log=print, on_epoch=lambda curve: print(curve[-1].as_json(), flush=True)),
    )
    seconds = time.process_time() - start
    rows = rows_of(snapshot, task)
    predicted = predict_rows(
        learned.saved, rows.test, read_image=snapshot.image_bytes, cache=folder / "cache", device="cpu"
    )
    if task == "image_emotion":
        true = image_distributions(world, [index_of[key] for key in rows.test.stimulus_keys])
    else:
        true = text_distributions(world, rows.test.items)
    best = evaluate(
        rows.test.counts,
        true,
        stimuli=rows.test.stimuli,
        label_ids=learned.saved.label_ids,
        polarities=[POLARITY_SIGNS.get(str(label["polarity"]), 0) for label in rows.label_set],
    )
    average = rows.train.counts.sum(axis=0) / rows.train.counts.sum()
    labels = rows.test.counts.argmax(axis=1)
    gained = (predicted.argmax(axis=1) == labels).astype(float) - (true.argmax(axis=1) == labels)
    found: dict[str, Any] = {
        "rows": {"train": len(rows.train), "test": len(rows.test)},
        "training_cpu_seconds": round(seconds),
        "epochs": len(learned.fitted.curve),
        "divergence_gap": divergence_gap(true, predicted, average),
        "network": {
            name: learned.metrics[name] for name in ("kl_divergence", "majority_accuracy", "calibration_error")
        },
        "best_possible": {name: best[name] for name in ("kl_divergence", "majority_accuracy", "calibration_error")},
    }
    if "heads" in learned.metrics:
        found["heads"] = learned.metrics["heads"]
    if task == "image_emotion":
        n_answers = int(rows.test.counts.sum(axis=1).max())
        found["expected_divergence_of_answers"] = float(divergence_of_answers(true, n_answers).mean())
        found["gap_of_training_average"] = divergence_gap(true, np.tile(average, (len(true), 1)), average)
    else:
        found["bayes_accuracy"] = best_accuracy(true).value
        found["accuracy"] = float((predicted.argmax(axis=1) == labels).mean())
        found["accuracy_of_bayes_rule_here"] = float((true.argmax(axis=1) == labels).mean())
        found["points_above_bayes_rule"] = estimate(
            weighted_mean(100 * gained), Resampling(rows.test.stimuli)
        ).as_json()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--responses", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", default="image_emotion,text_emotion")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--folder", type=Path, help="keeps the snapshot and goes on from its checkpoints")
    chosen = parser.parse_args()
    options = {name: json.loads(value) for name, _, value in (given.partition("=") for given in chosen.option)}
    print(json.dumps(machine()))
    with tempfile.TemporaryDirectory(prefix="commonground-world-") as scratch:
        folder = chosen.folder or Path(scratch)
        frozen = folder / "snapshot"
        start = time.process_time()
        if frozen.exists():
            snapshot = open_snapshot(frozen)
        else:
            snapshot = freeze_world(
                World(WorldOptions(seed=chosen.seed)), chosen.images, chosen.responses, folder=frozen
            )
            print(f"{chosen.images} images drawn and frozen in {time.process_time() - start:.0f} s of CPU", flush=True)
        for task in chosen.tasks.split(","):
            print(task, json.dumps(measured(snapshot, task, options, folder), indent=1), flush=True)


if __name__ == "__main__":
    main()
