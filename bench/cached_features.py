"""Measures an epoch with features of a frozen encoder kept on disk beside one that looks at every picture again.

usage: python -m bench.cached_features [--images 240] [--side 96]

A vision transformer of the transformers library with random weights (what it sees does not matter here; 4 blocks of
width 192, far smaller than what one would take), frozen, on the pictures of a generated world; one processor thread.
Both epochs run the product's own loop, with the same rows and head. Aim: at least 10 times as fast once kept; the first
look, which fills the table, is told apart.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from bench.machine import machine
from modelserve.data import image_inputs, image_rows
from modelserve.features import feature_table
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.options import ImageEmotionOptions, TrainingOptions
from modelserve.training import Examples, fit, seeded
from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world

AIM = 10.0
EPOCHS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=240)
    parser.add_argument("--side", type=int, default=96)
    options = parser.parse_args()
    print(json.dumps(machine()))
    with tempfile.TemporaryDirectory(prefix="commonground-features-") as name:
        folder = Path(name)
        encoder = save_encoder(folder / "vit", options.side)
        world = World(WorldOptions(side=64))
        rows = image_rows(freeze_world(world, options.images, 3, parent=folder / "worlds")).train
        snapshot = freeze_world(world, options.images, 3, parent=folder / "again")
        network_options = ImageEmotionOptions(encoder=f"transformers:{encoder}", freeze_encoder=True)
        device = torch.device("cpu")
        with seeded(2021, device):
            network = ImageEmotion.create(rows.counts.shape[1], network_options)
        torch.set_num_threads(1)
        started = time.process_time()
        kept = feature_table(network, rows.items, snapshot.image_bytes, folder / "cache", device)
        first_look = time.process_time() - started
        side = network.encoder.preprocessing.side
        pixels = image_inputs(rows.items, side, snapshot.image_bytes, folder / "cache")
        shares = torch.from_numpy(rows.shares)
        uncached = epoch_seconds(network, Examples(pixels, shares), folder / "uncached")
        cached = epoch_seconds(network, Examples(kept, shares), folder / "cached")
    print(f"{len(rows)} pictures of {side} pixels; processor seconds on one thread")
    print(f"first look, both views            {first_look:9.2f}")
    print(f"epoch, looking at every picture   {uncached:9.2f}")
    print(f"epoch, features kept              {cached:9.3f}")
    times = uncached / cached
    print(f"{times:.0f} times as fast (aim {AIM:g}: {'reached' if times >= AIM else 'not reached'})")


def epoch_seconds(network: ImageEmotion, examples: Examples, folder: Path) -> float:
    """Processor seconds of one epoch of the loop, its validation on a tenth of the rows included."""
    few = Examples(examples.inputs[::10], examples.targets[::10])  # type: ignore[index]  # tensors here
    chosen = TrainingOptions(epochs=EPOCHS, batch_size=64, device="cpu", threads=1)
    started = time.process_time()
    fit(network, examples, few, chosen, checkpoints=folder)
    return (time.process_time() - started) / EPOCHS


def save_encoder(folder: Path, side: int) -> Path:
    """A small ViT as the transformers library saves one."""
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=192, num_hidden_layers=4, num_attention_heads=3, intermediate_size=768, image_size=side,
        patch_size=16,
    )  # fmt: skip
    ViTModel(config).save_pretrained(folder, safe_serialization=True)
    processor = {"size": {"height": side, "width": side}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


if __name__ == "__main__":
    main()
