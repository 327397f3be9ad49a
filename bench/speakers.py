"""Affection's table of speakers (arXiv 2210.01946, table 2) rebuilt on the generated world, its directions checked.

usage: python -m bench.speakers [--images 20000] [--decoder lstm] [--folder FOLDER] [--json FILE]

In a folder of its own it freezes a generated world (6 responses per image; nothing in it is human data) and trains,
each from the snapshot and through the same loop as the product:
  listener          chooses among the texts of the pragmatic variants
  second listener   another seed and another reader of texts; only judges
  text_emotion, image_emotion    for Emo-Alignment, and for the emotion that the grounded variants are told
  speaker, grounded speaker      Show, Attend and Tell, or --decoder transformer; both look through the first listener's
                                 eye, which does not learn any more
Then every variant writes one text for every test image (--most-test at most), as Affection does: beam 20, temperature
0.3, beta 0.25. Beside them: the text of the visually nearest training image, and what one person wrote, against the
others. What has been trained is kept in the folder, and a run that was cut off goes on.

Every figure stands with its 95 % interval from resampling images; the directions with that of the paired difference.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.caption_table import directions, print_table
from bench.machine import machine
from modelserve.caption_judges import Judges
from modelserve.decoding import Decoding
from modelserve.explaining import candidates, choose, image_points
from modelserve.nearest_text import nearest_texts
from modelserve.networks.saved import SavedNetwork, load_network, save_network
from modelserve.networks.speaker import UNTOLD
from modelserve.options import parse_options
from modelserve.pairs import PairRows, first_images, pair_rows
from modelserve.recipes import learn
from modelserve.recipes.pair_inputs import pixels_for
from modelserve.recipes.speaker import images_for
from modelserve.reranking import CANDIDATES
from modelserve.training import Watcher, limited_threads, predict_shares
from modelserve.variants import VARIANTS
from modelserve.world.freeze import freeze_world
from modelserve.world.world import World
from snapshots.reader import Snapshot, open_snapshot

RESPONSES = 6
MAX_TOKENS = 40  # 99 of 100 texts of the world have at most 36 words
LISTENER_BAR = 0.8
NARROW = {"hidden": 96, "embedding": 64, "attention": 48, "batch_size": 32, "learning_rate": 3e-3}
NETWORKS = ("listener", "second-listener", "text-emotion", "image-emotion", "speaker", "grounded-speaker")


@dataclass
class Run:
    """One folder, its world, and what has been trained on it."""

    folder: Path
    snapshot: Snapshot
    options: argparse.Namespace

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def plan(self, name: str) -> tuple[str, dict[str, Any]]:
        """Task and options of a network."""
        listening = {"epochs": self.options.listener_epochs, "max_tokens": MAX_TOKENS, "texts_per_image": 2}
        if name == "listener":
            return "listener", {"seed": 1, **listening}
        if name == "second-listener":
            return "listener", {"seed": 2, "width": 96, **listening}
        if name == "text-emotion":
            return "text_emotion", {"seed": 3, "epochs": self.options.emotion_epochs, "max_tokens": MAX_TOKENS}
        if name == "image-emotion":
            return "image_emotion", {
                "seed": 4,
                "epochs": self.options.emotion_epochs,
                "side": 64,
                "learning_rate": 2e-3,
            }
        return "speaker", {
            "seed": 5,
            "decoder": self.options.decoder,
            "grounding": "always" if name.startswith("grounded") else "none",
            "encoder": f"network:{self.folder / 'listener'}",
            "freeze_encoder": True,
            "max_tokens": MAX_TOKENS,
            "texts_per_image": 2,
            "epochs": self.options.speaker_epochs,
            **(NARROW if self.options.narrow else {"hidden": 192}),
        }

    def network(self, name: str) -> tuple[SavedNetwork, dict[str, Any]]:
        """Trained now, or as it was trained before; with its metrics."""
        task, values = self.plan(name)
        place = self.folder / (name if task != "speaker" else f"{name}-{self.options.decoder}")
        if not (place / "metrics.json").exists():
            began, clock = time.process_time(), time.monotonic()
            options = parse_options(task, {"device": "cpu", "threads": 1, "checkpoint_steps": 50, **values})
            learned = learn(
                self.snapshot,
                task,
                options,
                work_folder=place.with_name(f"{place.name}-run"),
                cache=self.cache,
                watcher=Watcher(log=lambda line: print(f"  {name}: {line}", flush=True)),
            )
            seconds = {"cpu_seconds": time.process_time() - began, "seconds": time.monotonic() - clock}
            save_network(place, learned.saved)
            (place / "metrics.json").write_text(json.dumps(learned.metrics | seconds, indent=1))
        return load_network(place), json.loads((place / "metrics.json").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--decoder", choices=["lstm", "transformer"], default="lstm")
    parser.add_argument("--folder", type=Path, default=Path("var/bench-speakers"))
    parser.add_argument("--listener-epochs", type=int, default=10, help="at most")
    parser.add_argument("--speaker-epochs", type=int, default=8, help="at most")
    parser.add_argument("--emotion-epochs", type=int, default=5, help="of the networks that tell emotions, at most")
    parser.add_argument("--narrow", action="store_true", help="narrow speakers, for a machine with little time")
    parser.add_argument("--train", choices=NETWORKS, help="train this one only, so that several can learn side by side")
    parser.add_argument("--most-test", type=int, default=2000, help="test images that are written about, at most")
    parser.add_argument("--json", type=Path, help="everything measured, into this file")
    options = parser.parse_args()
    print(json.dumps(machine()))
    folder = options.folder / f"world-{options.images}"
    run = Run(folder, _world(folder, options.images), options)
    if options.train:
        run.network(options.train)
        return
    facts = measure(run)
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1))


def measure(run: Run) -> dict[str, Any]:
    """Train, write, judge, print. Returns what was measured as JSON."""
    (listener, first), (judge, second), (reader, _), (eye, _) = (
        run.network(name) for name in ("listener", "second-listener", "text-emotion", "image-emotion")
    )
    for name, metrics in (("listener", first), ("second listener", second)):
        found = metrics["listener_accuracy"]
        print(f"{name}: {_said(found)} with 10 distractors (aim: {100 * LISTENER_BAR:.0f})", flush=True)
    speakers = {False: run.network("speaker"), True: run.network("grounded-speaker")}
    pairs = pair_rows(run.snapshot)
    test = first_images(pairs.test, run.options.most_test)
    judges = Judges.of(
        test, pairs.train, len(pairs.label_set), reader=reader, listener=judge, pixels=_pixels(run, judge, test)
    )
    told = _likeliest(run, eye, test)
    points = image_points(listener, _pixels(run, listener, test))
    written: dict[str, list[str]] = {}
    for is_grounded, (speaker, _) in speakers.items():
        began = time.process_time()
        found = candidates(
            speaker,
            images_for(speaker, test, run.snapshot.image_bytes, run.cache, torch.device("cpu")),
            told if is_grounded else torch.full((len(test),), UNTOLD),
            n=CANDIDATES,
            decoding=Decoding(max_words=MAX_TOKENS - 2),
        )
        print(f"{len(test)} x {CANDIDATES} texts in {time.process_time() - began:.0f} s of CPU", flush=True)
        for variant in VARIANTS.values():
            if variant.is_grounded == is_grounded:
                chosen = choose(speaker, found, variant=variant.name, listener=listener, points=points)
                written[variant.name] = [texts[0].text for texts in chosen]
    columns = [judges.column(variant.title, written[variant.name]) for variant in VARIANTS.values()]
    nearest = nearest_texts(
        image_points(listener, _pixels(run, listener, test)).numpy(),
        image_points(listener, _pixels(run, listener, pairs.train)).numpy(),
        pairs.train,
    )
    columns.append(judges.column("Nearest neighbour", nearest))
    print_table(columns)
    print("\nFirst test images: a person, then " + ", ".join(VARIANTS))
    for image in range(min(6, len(test))):
        texts = [test.texts_of(image)[0], *(written[name][image] for name in VARIANTS)]
        print("\n".join(("  " if number else "- ") + text for number, text in enumerate(texts)))
    checks = directions(dict(zip(VARIANTS, columns, strict=False)))
    return {
        "machine": machine(),
        "images": run.options.images,
        "test_images": len(test),
        "listener": first,
        "second_listener": second,
        "speakers": {
            name: metrics for name, (_, metrics) in zip(("default", "grounded"), speakers.values(), strict=True)
        },
        "columns": {column.title: [metric.as_json() for metric in column.report] for column in columns},
        "directions": checks,
        "texts": written,
    }


def _world(folder: Path, n_images: int) -> Snapshot:
    place = folder / "snapshot"
    if not place.exists():
        print(f"Drawing {n_images} images.", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        freeze_world(World(), n_images, RESPONSES, folder=place)
    return open_snapshot(place)


def _pixels(run: Run, network: SavedNetwork, rows: PairRows) -> torch.Tensor:
    return pixels_for(rows, network.network.side, run.snapshot.image_bytes, run.cache)


def _likeliest(run: Run, eye: SavedNetwork, rows: PairRows) -> torch.Tensor:
    side = eye.network.encoder.preprocessing.side
    with limited_threads():
        shares = predict_shares(eye.network, pixels_for(rows, side, run.snapshot.image_bytes, run.cache))
    found: NDArray[np.int64] = shares.numpy().argmax(axis=1)
    return torch.from_numpy(found)


def _said(estimate: dict[str, Any]) -> str:
    return f"{100 * estimate['value']:.1f} % ({100 * estimate['low']:.1f} to {100 * estimate['high']:.1f})"


if __name__ == "__main__":
    main()
