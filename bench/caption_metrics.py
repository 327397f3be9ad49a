"""Times Max-LCS of 800 captions against 25,000 texts beside a pure Python dynamic program, and the other metrics.

usage: python -m bench.caption_metrics [--captions 800] [--texts 25000] [--plain 2]

Texts come from the generated world (modelserve/world). The plain program compares the first few captions with every
text, its time is scaled to all captions, and its lengths must be equal. One thread.
"""

import argparse
import os
import time

import numpy as np

from modelserve.evaluation.bleu import bleu
from modelserve.evaluation.captions import Captions
from modelserve.evaluation.cider import cider
from modelserve.evaluation.rouge_l import rouge_l
from modelserve.evaluation.training_overlap import training_overlap
from modelserve.world import World
from snapshots.cleaning import tokens_of


def plain_lcs(one: list[str], other: list[str]) -> int:
    """The textbook's dynamic program, two rows at a time."""
    before = [0] * (len(other) + 1)
    for token in one:
        now = [0]
        for place, compared in enumerate(other):
            now.append(before[place] + 1 if token == compared else max(now[-1], before[place + 1]))
        before = now
    return before[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, default=800)
    parser.add_argument("--texts", type=int, default=25_000)
    parser.add_argument("--plain", type=int, default=2, help="captions that the plain program compares")
    chosen = parser.parse_args()
    world = World()
    per_image = 5
    captions = [tokens_of(world.responses(index, 1)[0].text) for index in range(chosen.captions)]
    texts = [
        tokens_of(response.text)
        for index in range(chosen.captions, chosen.captions + -(-chosen.texts // per_image))
        for response in world.responses(index, per_image)
    ][: chosen.texts]
    mean_length = np.mean([len(text) for text in texts])
    print(f"{len(captions)} captions, {len(texts)} texts of {mean_length:.1f} tokens; load {os.getloadavg()[0]:.1f}")

    start = time.process_time()
    found = training_overlap(captions, texts)
    fast = time.process_time() - start
    start = time.process_time()
    lengths = np.array([[plain_lcs(caption, text) for text in texts] for caption in captions[: chosen.plain]])
    plain = (time.process_time() - start) * len(captions) / chosen.plain
    equal = (lengths.max(axis=1) == found.longest[: chosen.plain]).all() and np.allclose(
        lengths.mean(axis=1), found.mean[: chosen.plain]
    )
    print(f"Max-LCS and Mean-LCS: {fast:.2f} s of CPU; plain {plain:.0f} s (scaled from {chosen.plain} captions)")
    print(f"ratio {plain / fast:.0f}, numbers {'equal' if equal else 'DIFFERENT'}")

    people = [
        [tokens_of(response.text) for response in world.responses(index, per_image + 1)[1:]]
        for index in range(len(captions))
    ]
    judged = Captions(captions, people, np.arange(len(captions)))
    for name, metric in (("BLEU-1 to 4", bleu), ("ROUGE-L", rouge_l), ("CIDEr", cider)):
        start = time.process_time()
        metric(judged)
        print(f"{name}: {time.process_time() - start:.2f} s of CPU with intervals")
    if not equal:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
