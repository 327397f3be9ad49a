"""Measures how many questions networks answer per second, in batches and one by one, and how long a question waits.

usage: python -m bench.serving [--seconds 6] [--clients 48] [--only speaker] [--json]

Starts PostgreSQL and Valkey in a temporary folder, saves three networks with the product's default settings and random
weights (what they say does not matter here), and lets `manage.py serve_networks` answer on one processor thread: once
with its default batch, once with --batch 1. Questions of one item come
together, so many at a time, in waves: put down in one trip by a client that costs little beside the process, since what
is measured is the process that answers and not Python's threads that ask. In turns, on one machine.

Stated bound: with 48 questions at a time, 95 of 100 are answered within 1.0 s. Aim: batches answer 3 times as many.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.machine import machine

P95_BOUND_SECONDS = 1.0
AIM = 3.0
TEXT = "the vast blue sky over the quiet lake leaves me speechless and calm at the same time"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--clients", type=int, default=48, help="questions that come together")
    parser.add_argument("--only", default="", help="one task: speaker, text_emotion or image_emotion")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        again = [sys.executable, "-m", "launcher", "with-servers", "--", sys.executable, "-m", "bench.serving"]
        with tempfile.TemporaryDirectory(prefix="commonground-serving-") as folder:
            environment = os.environ | {"OMP_NUM_THREADS": "1", "DJANGO_SETTINGS_MODULE": "tests.settings"}
            environment |= {"BENCH_MEDIA": folder}
            raise SystemExit(subprocess.call([*again, "--inside", *sys.argv[1:]], env=environment))
    results = measure(options.seconds, options.clients, options.only)
    if options.json:
        print(json.dumps({"machine": machine(), "results": results}))
        return
    print(json.dumps(machine()))
    print(f"{'network':<34} {'batch':>5} {'questions/s':>12} {'p50 ms':>8} {'p95 ms':>8} {'mean batch':>11}")
    for row in results:
        print(
            f"{row['network']:<34} {row['batch']:>5} {row['per_second']:>12,.0f} {row['p50_ms']:>8.0f} "
            f"{row['p95_ms']:>8.0f} {row['mean_batch']:>11.1f}"
        )
    for network in dict.fromkeys(row["network"] for row in results):
        together, alone = (row for row in results if row["network"] == network)
        times = together["per_second"] / alone["per_second"]
        kept = "kept" if together["p95_ms"] <= P95_BOUND_SECONDS * 1000 else "MISSED"
        reached = "reached" if times >= AIM else "not reached"
        print(f"{network}: {times:.1f} times as many in batches (aim {AIM:g}: {reached}); p95 bound {kept}")


def measure(seconds: float, clients: int, only: str = "") -> list[dict[str, Any]]:
    """In turns: every network in batches, then alone."""
    import django

    django.setup()
    from django.conf import settings

    settings.MEDIA_ROOT = os.environ["BENCH_MEDIA"]
    kinds = [row for row in saved_networks() if only in ("", row[1])]
    results = []
    for title, task, location, item in kinds:
        for batch in (64, 1):
            with process(batch) as counts:
                asked, slowest = ask(task, location, item, seconds, clients)
                results.append(
                    {
                        "network": title,
                        "batch": batch,
                        "per_second": len(asked) / seconds,
                        "p50_ms": 1000 * asked[len(asked) // 2],
                        "p95_ms": 1000 * asked[int(len(asked) * 0.95)],
                        "slowest_ms": 1000 * slowest,
                        "mean_batch": counts(),
                    }
                )
    return results


def saved_networks() -> list[tuple[str, str, str, str]]:
    """(title, task, folder in the storage, an item) of each network that is measured."""
    import io

    import numpy as np
    import torch
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from PIL import Image

    from modelserve.networks.encoders import make_encoder
    from modelserve.networks.image_emotion import ImageEmotion
    from modelserve.networks.saved import SavedNetwork, save_network
    from modelserve.networks.show_attend_tell import ShowAttendTell
    from modelserve.networks.text_emotion import TextEmotion
    from modelserve.options import ImageEmotionOptions, SpeakerOptions, TextEmotionOptions
    from modelserve.storage_folders import store_folder

    torch.manual_seed(2021)
    labels = [{"id": f"emotion-{n}", "name": f"Emotion {n}", "polarity": None} for n in range(9)]
    words = ["<pad>", "<sos>", "<eos>", "<unk>", *sorted({*TEXT.split()}), *(f"word{n}" for n in range(5000))]
    picture = io.BytesIO()
    pixels = np.random.default_rng(2021).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((800, 600)).save(picture, "JPEG", quality=90)
    name = default_storage.save("bench/picture.jpg", ContentFile(picture.getvalue()))
    text_network = TextEmotion(len(words), len(labels), TextEmotionOptions())
    image_network = ImageEmotion.create(len(labels), ImageEmotionOptions())
    chosen = SpeakerOptions()
    speaker = ShowAttendTell(len(words), len(labels), make_encoder(chosen.encoder, side=chosen.side), chosen)
    rows = []
    for title, task, network, vocabulary, item in (
        ("speaker (Show, Attend and Tell)", "speaker", speaker, words, name),
        ("text to emotion (LSTM)", "text_emotion", text_network, words, TEXT),
        ("image to emotions (small_conv)", "image_emotion", image_network, [], name),
    ):
        with tempfile.TemporaryDirectory() as folder:
            save_network(Path(folder), SavedNetwork(task, network, labels, vocabulary))
            store_folder(Path(folder), f"networks/bench-{task}")
        rows.append((title, task, f"networks/bench-{task}", item))
    return rows


@contextmanager
def process(batch: int) -> Iterator[Any]:
    """A serving process in another process, as in the product; gives a function: its mean batch so far."""
    command = [sys.executable, "-m", "bench.serving_process", str(batch)]
    serving = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert serving.stdin is not None
    assert serving.stdout is not None
    if not serving.stdout.readline():
        raise SystemExit("The serving process did not start.")

    def mean_batch() -> float:
        assert serving.stdin is not None
        assert serving.stdout is not None
        serving.stdin.write("counts\n")
        serving.stdin.flush()
        return float(serving.stdout.readline())

    try:
        yield mean_batch
    finally:
        serving.stdin.close()
        serving.wait(30)


def ask(task: str, location: str, item: str, seconds: float, clients: int) -> tuple[list[float], float]:
    """The seconds that every question waited, ascending, and the longest."""
    from modelserve.serving.mailbox import Mailbox, Question

    box = Mailbox()
    box.forget()
    box.ask(Question(location, task, [item]), 60)  # loaded
    waited: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        questions = [Question(location, task, [item]) for _ in range(clients)]
        started = time.monotonic()
        box.put_all(questions, 60)
        for question in questions:
            answer = box.answer_to(question, 60)
            if answer.error:
                raise SystemExit(answer.error)
            waited.append(time.monotonic() - started)
    waited.sort()
    return waited, waited[-1]


if __name__ == "__main__":
    main()
