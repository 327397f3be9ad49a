"""Trains every network at Affection's size on a GPU: absolute times, tokens per second, shares of the card's peaks.

usage: bench/gpu [--epochs 5] [--batch-size 512] [--only NAME ...] [--folder FOLDER] [--json FILE]
       bench/gpu --tiny --device cpu          every part once, in half a minute, to see that it works

85,007 images and 526,749 texts of the generated world (nothing in it is human data). Drawing them takes minutes on many
cores; they are kept in the folder. Networks learn through the product's own loop (`modelserve/training/`), in
bfloat16 on a GPU:
  image-features   the head from images to emotions, on features (768 numbers an image), as of a frozen encoder
  image            the same from pixels, with the encoder that comes with the product
  text             from explanations to emotions (LSTM)
  listener         contrastive, from pixels and texts
  emosem           masks and sentences
  sat, sat-grounded, transformer, transformer-grounded   the four speakers, on 49 places of 768 numbers an image
Features are a fixed random projection of each picture's 49 patches: as wide as a CLIP's, and cheap to make anywhere.

Beside the times stand floating-point operations (counted by torch for one step, forward and backward) as a share of
the card's bf16 matrix peak, and the bytes that operators read and write in a step as a share of its memory bandwidth.
These bytes ignore caches and fused kernels, so the real traffic is lower. Peaks: the maker's data sheet (dense) where
the card is known, and what a large matrix product and a large copy reach on it, measured here.

Aim: the four speakers together in under 15 minutes (ArtEmis, arXiv 2101.07396, reports about 2 hours for one).
Exit codes: 0 measured; 3 no GPU on this machine, and nothing was measured.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from bench.gpu_data import N_IMAGES, N_TEXTS, BenchData, load_data
from bench.gpu_networks import NETWORKS, SPEAKERS, Trained, train_one
from bench.machine import machine
from modelserve.training import choose_device

NO_GPU = 3
AIM_SECONDS = 15 * 60
PEAKS = {  # bf16 matrix TFLOP/s (dense), TB/s; NVIDIA's data sheets
    "H200": (989.0, 4.8),
    "H100 PCIe": (756.0, 2.0),
    "H100": (989.0, 3.35),
    "A100": (312.0, 2.04),
    "L40S": (362.0, 0.864),
    "L4": (121.0, 0.3),
    "A10": (125.0, 0.6),
    "RTX 4090": (165.2, 1.008),
    "RTX 3090": (71.0, 0.936),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N; cpu only together with --tiny")
    parser.add_argument("--tiny", action="store_true", help="64 images, narrow networks and one epoch")
    parser.add_argument("--epochs", type=int, default=5, help="of each network, at most")
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--compile", action="store_true", help="torch.compile first")
    parser.add_argument("--only", nargs="+", choices=list(NETWORKS), help="these networks only")
    parser.add_argument("--folder", type=Path, default=Path("var/bench-gpu"), help="where the drawn world is kept")
    parser.add_argument("--json", type=Path, help="everything measured, into this file")
    options = parser.parse_args()
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        print(
            "This machine has no GPU that torch can use, so nothing was measured. Run it where there is one, or try "
            "every part with: bench/gpu --tiny --device cpu"
        )
        raise SystemExit(NO_GPU)
    if options.device == "cpu" and not options.tiny:
        parser.error("on a processor only the tiny form makes sense: add --tiny")
    print(json.dumps(machine()), flush=True)
    facts = measure(options)
    print_table(facts)
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything as JSON."""
    device = choose_device(options.device)
    n_images, n_texts = (64, 384) if options.tiny else (N_IMAGES, N_TEXTS)
    started = time.monotonic()
    data = load_data(options.folder, n_images, n_texts)
    drawn = time.monotonic() - started
    print(f"{len(data.images):,} images and {data.n_texts:,} texts in {drawn:.0f} s", flush=True)
    data.make_features(device)
    card = card_facts(device, tiny=options.tiny)
    rows = []
    for name in options.only or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_one(name, data, options, device, Path(folder), card))
        print(f"{name}: {rows[-1]['seconds']:.1f} s", flush=True)
    return {
        "machine": machine(),
        "card": card,
        "images": len(data.images),
        "texts": data.n_texts,
        "drawing_seconds": drawn,
        "networks": rows,
        "is_tiny": options.tiny,
    }


def _one(
    name: str, data: BenchData, options: argparse.Namespace, device: torch.device, folder: Path, card: dict[str, Any]
) -> dict[str, Any]:
    epochs, batch_size = (1, 32) if options.tiny else (options.epochs, options.batch_size)
    found: Trained = train_one(
        name, data, device=device, epochs=epochs, batch_size=batch_size, compiled=options.compile, folder=folder
    )
    per_second = found.steps / found.seconds
    flops, moved = found.step_flops * per_second, found.step_bytes * per_second
    return {
        "network": name,
        "parameters": found.n_parameters,
        "epochs": found.epochs,
        "steps": found.steps,
        "seconds": found.seconds,
        "samples_per_second": found.samples / found.seconds,
        "tokens_per_second": found.tokens / found.seconds if found.tokens else None,
        "tflops": flops / 1e12,
        "share_of_matrix_peak": _share(flops, card["sheet_tflops"] or card["measured_tflops"], 1e12),
        "gb_per_second": moved / 1e9,
        "share_of_bandwidth": _share(moved, card["sheet_tb_per_second"] or card["measured_tb_per_second"], 1e12),
        "validation_loss": found.validation_loss,
        "memory_gib": torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else None,
    }


def card_facts(device: torch.device, *, tiny: bool) -> dict[str, Any]:
    """The card's name and peaks; on a processor what a matrix product and a copy reach on it, which is no card's."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "processor"
    sheet = next((peaks for part, peaks in PEAKS.items() if part in name), None)
    side = 256 if tiny else 8192
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    copied = torch.empty(side * side * 4, device=device)
    product = _seconds(lambda: left @ right, device)
    copying = _seconds(lambda: copied.clone(), device)
    return {
        "name": name,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "sheet_tflops": sheet[0] if sheet else None,
        "sheet_tb_per_second": sheet[1] if sheet else None,
        "measured_tflops": 2 * side**3 / product / 1e12,
        "measured_tb_per_second": 2 * copied.numel() * 4 / copying / 1e12,
    }


def print_table(facts: dict[str, Any]) -> None:
    """One line per network, and the aim."""
    card = facts["card"]
    sheet = f"{card['sheet_tflops']:g} TFLOP/s, {card['sheet_tb_per_second']:g} TB/s" if card["sheet_tflops"] else "?"
    print(
        f"\n{card['name']}: bf16 matrix peak and bandwidth by data sheet {sheet}; measured here "
        f"{card['measured_tflops']:.2f} TFLOP/s, {card['measured_tb_per_second']:.3f} TB/s"
    )
    print(
        f"{'network':<22}{'weights':>12}{'epochs':>7}{'seconds':>9}{'samples/s':>11}{'tokens/s':>12}{'TFLOP/s':>9}"
        f"{'of peak':>9}{'GB/s':>8}{'of bandw.':>10}{'loss':>8}"
    )
    for row in facts["networks"]:
        tokens = f"{row['tokens_per_second']:,.0f}" if row["tokens_per_second"] else "–"
        print(
            f"{row['network']:<22}{row['parameters']:>12,}{row['epochs']:>7}{row['seconds']:>9.1f}"
            f"{row['samples_per_second']:>11,.0f}{tokens:>12}{row['tflops']:>9.3f}"
            f"{100 * row['share_of_matrix_peak']:>8.2f}%{row['gb_per_second']:>8.1f}"
            f"{100 * row['share_of_bandwidth']:>9.1f}%{row['validation_loss']:>8.3f}"
        )
    speakers = [row["seconds"] for row in facts["networks"] if row["network"] in SPEAKERS]
    if facts["is_tiny"]:
        print("Tiny: every part ran; none of these figures says anything about a GPU or about Affection's size.")
    elif len(speakers) == len(SPEAKERS):
        reached = "reached" if sum(speakers) < AIM_SECONDS else "NOT reached"
        print(f"The four speakers: {sum(speakers) / 60:.1f} minutes (aim: below {AIM_SECONDS // 60}, {reached})")


def _share(value: float, peak: float, scale: float) -> float:
    return value / (peak * scale)


def _seconds(work: Any, device: torch.device, n: int = 10) -> float:
    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    work()
    wait()
    started = time.monotonic()
    for _ in range(n):
        work()
    wait()
    return (time.monotonic() - started) / n


if __name__ == "__main__":
    main()
