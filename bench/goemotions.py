"""Trains the product's text networks on GoEmotions and sets their macro-F1 on its dev split beside published figures.

usage: python -m bench.goemotions --data DATA [--encoders lstm,transformer] [--seeds 2021,1] [--option NAME=VALUE ...]

DATA holds train.csv and dev.csv (id, text, labels joined by ';'; 27 emotions and neutral). The networks learn from
what train.csv holds, less every tenth comment, which ends the training and chooses the threshold; dev is only looked at
in the end. One processor thread.

Several labels: a comment of two labels is learned as half and half (cross-entropy), so the network gives shares that
sum to 1. A comment is said to have every label whose share exceeds one threshold for all labels, and always the
likeliest. The threshold is chosen for macro-F1 on the tenth of the training comments.
"""

import argparse
import csv
import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.machine import machine
from modelserve.data import Rows, SplitRows
from modelserve.evaluation.macro_f1 import f1_of_labels, macro_f1
from modelserve.evaluation.resampling import Array, Resampling
from modelserve.options import parse_options
from modelserve.recipes.emotion import learn_rows, predict_rows
from modelserve.training import Watcher

THRESHOLDS = np.arange(0.05, 0.55, 0.01)
PAPERS_THRESHOLD = 0.3  # of the paper's public code, for sigmoids
Labels = NDArray[np.bool_]


def read_rows(path: Path, names: list[str]) -> Rows:
    """One row per comment. Raises ValueError naming a row whose label is unknown."""
    keys, texts, counts = [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            given = row["labels"].split(";")
            if unknown := sorted(set(given) - set(names)):
                raise ValueError(f"{path.name}, row {number}: the label '{unknown[0]}' is not known.")
            keys.append(f"{row['id']}/{number}")
            texts.append(row["text"])
            counts.append([float(name in given) for name in names])
    return Rows(keys, texts, np.array(counts))


def label_names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return sorted({name for row in csv.DictReader(file) for name in row["labels"].split(";")})


def parted(rows: Rows) -> tuple[Rows, Rows]:
    """What is learned from, and every tenth comment by a hash of its key."""
    is_held = np.array([hashlib.sha256(key.encode()).digest()[0] < 26 for key in rows.stimulus_keys])
    return _taken(rows, ~is_held), _taken(rows, is_held)


def _taken(rows: Rows, chosen: Labels) -> Rows:
    places = np.flatnonzero(chosen)
    return Rows([rows.stimulus_keys[n] for n in places], [rows.items[n] for n in places], rows.counts[places])


def said(shares: Array, threshold: float) -> Labels:
    """(n, K): the labels above the threshold, and the likeliest."""
    found: Labels = shares > threshold
    found[np.arange(len(shares)), shares.argmax(axis=1)] = True
    return found


def best_threshold(shares: Array, labels: Labels) -> float:
    scores = [f1_of_labels(labels, said(shares, threshold)).mean() for threshold in THRESHOLDS]
    return float(THRESHOLDS[int(np.argmax(scores))])


def measured(rows: SplitRows, chosen: dict[str, Any], folder: Path) -> dict[str, Any]:
    started = time.process_time()

    def no_image(sha256: str) -> bytes:
        raise FileNotFoundError(sha256)

    learned = learn_rows(
        rows,
        "text_emotion",
        parse_options("text_emotion", chosen),
        work_folder=folder,
        cache=folder / "cache",
        read_image=no_image,
        watcher=Watcher(on_epoch=lambda curve: print(curve[-1].as_json(), flush=True)),
    )
    seconds = time.process_time() - started
    held, dev = (
        predict_rows(learned.saved, part, read_image=no_image, cache=folder) for part in (rows.validation, rows.test)
    )
    threshold = best_threshold(held, rows.validation.counts > 0)
    labels, each = rows.test.counts > 0, Resampling(np.arange(len(rows.test)))
    names = [label["id"] for label in rows.label_set]
    of_labels = f1_of_labels(labels, said(dev, threshold))
    return {
        "encoder": chosen["encoder"],
        "seed": chosen["seed"],
        "weights": sum(weight.numel() for weight in learned.saved.network.parameters()),
        "epochs": len(learned.fitted.curve),
        "best_epoch": learned.fitted.best_epoch,
        "training_cpu_seconds": round(seconds),
        "threshold": round(threshold, 2),
        "macro_f1": macro_f1(labels, said(dev, threshold), each).as_json(),
        "macro_f1_at_the_papers_threshold": macro_f1(labels, said(dev, PAPERS_THRESHOLD), each).as_json(),
        "macro_f1_of_neutral_everywhere": macro_f1(
            labels, np.tile(np.array([name == "neutral" for name in names]), (len(dev), 1)), each
        ).value,
        "likeliest_is_a_label": float(labels[np.arange(len(dev)), dev.argmax(axis=1)].mean()),
        "f1": dict(sorted(zip(names, of_labels.round(2).tolist(), strict=True), key=lambda pair: -pair[1])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoders", default="lstm,transformer")
    parser.add_argument("--seeds", default="2021")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    extra = {name: json.loads(value) for name, _, value in (given.partition("=") for given in options.option)}
    print(json.dumps(machine()))
    names = label_names(options.data / "train.csv")
    train, held = parted(read_rows(options.data / "train.csv", names))
    dev = read_rows(options.data / "dev.csv", names)
    rows = SplitRows([{"id": name, "name": name, "polarity": None} for name in names], train, held, dev, [])
    print(
        f"{len(train)} comments to learn from, {len(held)} held out, {len(dev)} of dev, {len(names)} labels", flush=True
    )
    for encoder in options.encoders.split(","):
        for seed in options.seeds.split(","):
            chosen = {"encoder": encoder, "seed": int(seed), "device": "cpu", "threads": 1, **extra}
            with tempfile.TemporaryDirectory(prefix="commonground-goemotions-") as folder:
                print(json.dumps(measured(rows, chosen, Path(folder)), indent=1), flush=True)


if __name__ == "__main__":
    main()
