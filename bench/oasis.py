"""Learns valence and arousal of OASIS photographs as heads of the network that reads images, by cross-validation.

usage: python -m bench.oasis --data DATA [--folds 5] [--option NAME=VALUE ...]

DATA holds ratings.csv and images/ (Kurdi, Lozano and Banaji 2017: photographs with mean, sd and number of ratings of
valence and arousal, 1 to 7). What people would choose of Affection's nine emotions is simulated from these ratings
(annotation/simulator), since nobody was asked; the ratings are real. Photographs of one theme ("Acorns 1", "Acorns 2")
stay in one fold. Every photograph is predicted by a network that has learned from other themes only; the metrics stand
on all of them. One processor thread.
"""

import argparse
import csv
import hashlib
import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from annotation.simulator.feelings import label_shares
from annotation.simulator.stimulus_facts import facts_of
from bench.machine import machine
from modelserve.data import Rows, SplitRows
from modelserve.evaluation.rating_report import RATING_METRICS, rate_ratings
from modelserve.options import parse_options
from modelserve.ratings import Target, error_variances, table_of
from modelserve.recipes.beside_emotions import Beside, answers_of
from modelserve.recipes.emotion import inputs_of, learn_rows
from modelserve.training import Watcher
from snapshots.label_sets import AFFECTION

HEADS = ("valence", "arousal")
DEFAULTS: dict[str, Any] = {"side": 64, "epochs": 30, "learning_rate": 1e-3, "schedule": "cosine", "hidden": 64}


def theme_of(row: dict[str, str]) -> str:
    return re.sub(r"[\d\s]+$", "", row["theme"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    chosen = DEFAULTS | {"heads": ",".join(HEADS), "heads_weight": 1.0, "device": "cpu", "threads": 1}
    chosen |= {name: json.loads(value) for name, _, value in (given.partition("=") for given in options.option)}
    print(json.dumps(machine()))
    with (options.data / "ratings.csv").open(encoding="utf-8", newline="") as file:
        photographs = list(csv.DictReader(file))
    images, keys, counts = {}, [], []
    for row in photographs:
        content = (options.data / "images" / row["image_file"]).read_bytes()
        keys.append(hashlib.sha256(content).hexdigest())
        images[keys[-1]] = content
        counts.append(label_shares(facts_of(keys[-1], name=row["image_file"], metadata=row), AFFECTION, seed=0))
    targets = [
        Target(
            head,
            "published",
            {key: float(row[f"{head}_mean"]) for key, row in zip(keys, photographs, strict=True)},
            {
                key: float(row[f"{head}_sd"]) ** 2 / float(row[f"{head}_n"])
                for key, row in zip(keys, photographs, strict=True)
            },
        )
        for head in HEADS
    ]
    themes = sorted({theme_of(row) for row in photographs})
    fold_of = {theme: place % options.folds for place, theme in enumerate(np.random.default_rng(0).permutation(themes))}
    folds = np.array([fold_of[theme_of(row)] for row in photographs])
    everything, label_set = Rows(keys, keys, np.array(counts)), [dict(label) for label in AFFECTION]

    def part(of: np.ndarray) -> Rows:
        return Rows([keys[n] for n in of], [keys[n] for n in of], everything.counts[of])

    started, predicted, usual = (
        time.process_time(),
        np.zeros((len(keys), len(HEADS))),
        np.zeros((len(keys), len(HEADS))),
    )
    beside = Beside(targets, {})
    with tempfile.TemporaryDirectory(prefix="commonground-oasis-") as name:
        folder = Path(name)
        for fold in range(options.folds):
            test, validation = np.flatnonzero(folds == fold), np.flatnonzero(folds == (fold + 1) % options.folds)
            train = np.setdiff1d(np.arange(len(keys)), np.concatenate([test, validation]))
            rows = SplitRows(label_set, part(train), part(validation), part(test), [])
            learned = learn_rows(
                rows,
                "image_emotion",
                parse_options("image_emotion", chosen),
                beside=beside,
                work_folder=folder / str(fold),
                cache=folder / "cache",
                read_image=images.__getitem__,
                watcher=Watcher(),
            )
            network = learned.saved.network
            inputs = inputs_of(learned.saved, rows.test, images.__getitem__, folder / "cache")
            predicted[test] = answers_of(network, inputs, "cpu")[1]
            usual[test] = network.rating_mean.numpy()
            print(f"fold {fold + 1}: best epoch {learned.fitted.best_epoch}, {len(train)} learned from", flush=True)
    print(f"{len(keys)} photographs, {time.process_time() - started:.0f} processor seconds")
    people = table_of(targets, keys)
    numbers = {theme: number for number, theme in enumerate(themes)}
    groups = np.array([numbers[theme_of(row)] for row in photographs])  # a theme's photographs depend on each other
    for head, target in enumerate(targets):
        found = rate_ratings(
            people[:, head],
            predicted[:, head],
            usual=float(usual[:, head].mean()),
            error_variance=error_variances(target, keys),
            stimuli=groups,
        )
        print(f"{target.name}: reliability {found['reliability']['value']:.3f}")
        for metric in RATING_METRICS:
            own, best = found[metric], found["ceiling"].get(metric, {"value": float("nan")})
            interval = f"{own['low']:.3f} to {own['high']:.3f}"
            print(f"  {metric:<20} {own['value']:.3f} ({interval})  at best {best['value']:.3f}")
        print(f"  mean_absolute_error of the average {found['baseline']['mean_absolute_error']['value']:.3f}")


if __name__ == "__main__":
    main()
