"""Writing texts: batched with every word's state kept, beside one image at a time with nothing kept. Same network.

usage: python -m bench.decoding [--network FOLDER] [--images 256] [--beam 5] [--decoder transformer]

The second way is how public code of the field samples: a Python loop over images, over words and over beams, which runs
the decoder over the whole text so far for every word. Both take the eye's places of the images as given, so that only
writing is timed, and both must write the same. Without --network the speaker has fresh weights, loud enough to differ
from word to word: what a word costs does not depend on what was learned.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch import Tensor

from bench.machine import machine
from modelserve.decoding import Decoding, write
from modelserve.networks.by_option import SPEAKERS
from modelserve.networks.saved import load_network
from modelserve.networks.speaker import END, PADDING, START, UNKNOWN, UNTOLD, Speaker
from modelserve.options import SpeakerOptions

AIM = 10.0  # times as many texts per second
N_WORDS, N_LABELS = 2000, 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, help="a folder with a trained speaker")
    parser.add_argument("--decoder", choices=sorted(SPEAKERS), default="transformer")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--beside", type=int, default=16, help="images that the slow way writes about")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    speaker = load_network(options.network).network if options.network else _fresh(options.decoder)
    decoding = Decoding(beam=options.beam, max_words=min(30, speaker.options.max_tokens - 2))
    places = _places(speaker, options.images)
    labels = torch.full((len(places),), UNTOLD if speaker.options.grounding != "always" else 0)
    write(speaker, places[:2], labels[:2], options=decoding)  # what is only paid once
    began, clock = time.process_time(), time.perf_counter()
    batched = [found[0].words for at in range(0, len(places), 64)
               for found in write(speaker, places[at : at + 64], labels[at : at + 64], options=decoding)]  # fmt: skip
    fast = (time.process_time() - began, time.perf_counter() - clock)
    n_slow = min(options.beside, len(places))
    began, clock = time.process_time(), time.perf_counter()
    with torch.inference_mode():
        single = [one_at_a_time(speaker, places[row : row + 1], int(labels[row]), decoding) for row in range(n_slow)]
    slow = (time.process_time() - began, time.perf_counter() - clock)
    same = sum(one == other for one, other in zip(single, batched, strict=False))
    words = sum(map(len, batched)) / len(batched)
    print(json.dumps(machine()))
    print(f"{type(speaker).__name__}, beam {options.beam}, {words:.1f} words per text, {options.threads} thread(s)")
    for name, n, (cpu, wall) in (("batched, kept", len(places), fast), ("one at a time", n_slow, slow)):
        print(f"  {name:<14} {n:>5} texts  {n / cpu:8.2f} per second of CPU  {n / wall:8.2f} per second of clock")
    times = (len(places) / fast[0]) / (n_slow / slow[0])
    print(f"  {times:.1f} times as many per second of CPU (aim: {AIM:.0f}); {same} of {n_slow} texts are the same")


def one_at_a_time(speaker: Speaker, places: Tensor, label: int, options: Decoding) -> tuple[int, ...]:
    """The best text for one image, places (1, P, F): a beam of Python lists, the whole text anew for every word."""
    emotion = speaker.told_emotion(torch.tensor([label]))
    beams: list[tuple[list[int], float]] = [([START], 0.0)]
    for number in range(options.max_words + 1):
        grown: list[tuple[list[int], float]] = []
        for words, score in beams:
            if words[-1] == END:
                grown.append((words, score))
                continue
            told = speaker.tell(places, emotion, torch.tensor([words]))
            allowed = speaker.next_words(told.hidden[0, -1]).clone()
            allowed[[PADDING, START, UNKNOWN]] = -torch.inf
            if number == 0:
                allowed[END] = -torch.inf
            for place in range(len(words) - 1):
                if words[place] == words[-1]:
                    allowed[words[place + 1]] = -torch.inf
            if number == options.max_words:
                allowed[:END] = -torch.inf
                allowed[END + 1 :] = -torch.inf
            ranked = (allowed / options.temperature).log_softmax(0)
            best, chosen = ranked.topk(options.beam)
            grown += [([*words, word], score + log) for word, log in zip(chosen.tolist(), best.tolist(), strict=True)]
        beams = sorted(grown, key=lambda beam: -beam[1])[: options.beam]
        if all(words[-1] == END for words, _ in beams):
            break
    return tuple(word for word in beams[0][0][1:] if word != END)


def _fresh(decoder: str) -> Speaker:
    torch.manual_seed(1)
    speaker = SPEAKERS[decoder].create(N_WORDS, N_LABELS, SpeakerOptions(decoder=decoder, max_tokens=32))
    with torch.no_grad():
        speaker.output.weight.mul_(20)
        speaker.output.bias[END] += 9  # texts of some twenty words, as people's are
    return speaker.eval()


def _places(speaker: Speaker, n: int) -> Tensor:
    images = torch.randint(0, 256, (n, speaker.side, speaker.side, 3), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return speaker.pixels.places(images.to(torch.uint8))


if __name__ == "__main__":
    main()
