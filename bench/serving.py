"""Measures how many questions networks answer per second, in batches and one by one, and how long a question waits.

usage: python -m bench.serving [--seconds 6] [--clients 48] [--only speaker] [--json]

Starts PostgreSQL and Valkey in a temporary folder, saves four networks with the product's default settings and random
weights (what they say does not matter here), and lets `manage.py serve_networks` answer on one processor thread: once
with its default batch, once with --batch 1. Questions of one item come together, so many at a time, in waves: put down
in one trip by a client that costs little beside the process, since what is measured is the process that answers and not
Python's threads that ask. Every question of a wave has a picture, or a text, of its own. In turns, on one machine.

Beside questions per second stands what one costs the process in processor time, which other work on the machine changes
little. Stated bound: with 48 questions at a time, 95 of 100 are answered within 1.0 s by networks that classify, and
within 3.0 s by speakers, which write 30 words each. Aim: batches answer 3 times as many.
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

P95_BOUND_SECONDS = {"speaker": 3.0, "text_emotion": 1.0, "image_emotion": 1.0}
AIM = 3.0
N_PICTURES = 64
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
    print(
        f"{'network':<34} {'batch':>5} {'questions/s':>12} {'p50 ms':>8} {'p95 ms':>8} {'mean batch':>11} "
        f"{'CPU ms each':>12}"
    )
    for row in results:
        print(
            f"{row['network']:<34} {row['batch']:>5} {row['per_second']:>12,.0f} {row['p50_ms']:>8.0f} "
            f"{row['p95_ms']:>8.0f} {row['mean_batch']:>11.1f} {row['cpu_ms']:>12.2f}"
        )
    for network in dict.fromkeys(row["network"] for row in results):
        together, alone = (row for row in results if row["network"] == network)
        times = together["per_second"] / alone["per_second"]
        cheaper = alone["cpu_ms"] / together["cpu_ms"]
        bound = P95_BOUND_SECONDS[together["task"]]
        kept = "kept" if together["p95_ms"] <= bound * 1000 else "MISSED"
        reached = "reached" if times >= AIM else "not reached"
        print(
            f"{network}: {times:.1f} times as many in batches (aim {AIM:g}: {reached}), each for 1/{cheaper:.1f} of "
            f"the processor time; p95 bound of {bound:g} s {kept}"
        )


def measure(seconds: float, clients: int, only: str = "") -> list[dict[str, Any]]:
    """In turns: every network in batches, then alone."""
    import django

    django.setup()
    from django.conf import settings

    settings.MEDIA_ROOT = os.environ["BENCH_MEDIA"]
    kinds = [row for row in saved_networks() if only in ("", row[1])]
    results = []
    for title, task, location, items in kinds:
        for batch in (64, 1):
            with process(batch) as counts:
                asked, slowest, took, cpu = ask(task, location, items, seconds, clients, counts)
                results.append(
                    {
                        "network": title,
                        "task": task,
                        "batch": batch,
                        "per_second": len(asked) / took,
                        "cpu_ms": 1000 * cpu / len(asked),
                        "p50_ms": 1000 * asked[len(asked) // 2],
                        "p95_ms": 1000 * asked[int(len(asked) * 0.95)],
                        "slowest_ms": 1000 * slowest,
                        "mean_batch": counts()[0],
                    }
                )
    return results


def saved_networks() -> list[tuple[str, str, str, list[str]]]:
    """(title, task, folder in the storage, items) of each network that is measured."""
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
    from modelserve.networks.transformer_speaker import TransformerSpeaker
    from modelserve.options import ImageEmotionOptions, SpeakerOptions, TextEmotionOptions
    from modelserve.storage_folders import store_folder

    torch.manual_seed(2021)
    labels = [{"id": f"emotion-{n}", "name": f"Emotion {n}", "polarity": None} for n in range(9)]
    words = ["<pad>", "<sos>", "<eos>", "<unk>", *sorted({*TEXT.split()}), *(f"word{n}" for n in range(5000))]
    random, names = np.random.default_rng(2021), []
    for number in range(N_PICTURES):
        picture = io.BytesIO()
        pixels = random.integers(0, 255, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((800, 600)).save(picture, "JPEG", quality=90)
        names.append(default_storage.save(f"bench/picture-{number}.jpg", ContentFile(picture.getvalue())))
    texts = [f"{TEXT} word{number}" for number in range(N_PICTURES)]
    text_network = TextEmotion(len(words), len(labels), TextEmotionOptions())
    image_network = ImageEmotion.create(len(labels), ImageEmotionOptions())
    chosen = SpeakerOptions()
    speaker = ShowAttendTell(len(words), len(labels), make_encoder(chosen.encoder, side=chosen.side), chosen)
    chosen = SpeakerOptions(decoder="transformer")
    other = TransformerSpeaker(len(words), len(labels), make_encoder(chosen.encoder, side=chosen.side), chosen)
    rows = []
    for title, task, network, vocabulary, items in (
        ("speaker (Show, Attend and Tell)", "speaker", speaker, words, names),
        ("speaker (transformer)", "speaker", other, words, names),
        ("text to emotion (LSTM)", "text_emotion", text_network, words, texts),
        ("image to emotions (small_conv)", "image_emotion", image_network, [], names),
    ):
        location = f"networks/bench-{len(rows)}"
        with tempfile.TemporaryDirectory() as folder:
            save_network(Path(folder), SavedNetwork(task, network, labels, vocabulary))
            store_folder(Path(folder), location)
        rows.append((title, task, location, items))
    return rows


@contextmanager
def process(batch: int) -> Iterator[Any]:
    """A serving process in another process, as in the product; gives a function: its mean batch and CPU seconds."""
    command = [sys.executable, "-m", "bench.serving_process", str(batch)]
    serving = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert serving.stdin is not None
    assert serving.stdout is not None
    if not serving.stdout.readline():
        raise SystemExit("The serving process did not start.")

    def counts() -> tuple[float, float]:
        assert serving.stdin is not None
        assert serving.stdout is not None
        serving.stdin.write("counts\n")
        serving.stdin.flush()
        mean_batch, cpu_seconds = json.loads(serving.stdout.readline())
        return mean_batch, cpu_seconds

    try:
        yield counts
    finally:
        serving.stdin.close()
        serving.wait(30)


def ask(
    task: str, location: str, items: list[str], seconds: float, clients: int, counts: Any
) -> tuple[list[float], float, float, float]:
    """The seconds that every question waited, ascending; the longest; all seconds, and those of the process's CPU."""
    from modelserve.serving.mailbox import Mailbox, Question

    box = Mailbox()
    box.forget()
    box.ask(Question(location, task, items[:1]), 60)  # loaded
    waited: list[float] = []
    cpu_before, began = counts()[1], time.monotonic()
    while time.monotonic() < began + seconds:
        questions = [Question(location, task, [items[number % len(items)]]) for number in range(clients)]
        started = time.monotonic()
        box.put_all(questions, 120)
        for question in questions:
            answer = box.answer_to(question, 120)
            if answer.error:
                raise SystemExit(answer.error)
            waited.append(time.monotonic() - started)
    took, cpu = time.monotonic() - began, counts()[1] - cpu_before
    waited.sort()
    return waited, waited[-1], took, cpu


if __name__ == "__main__":
    main()
