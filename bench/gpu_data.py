"""The world that bench/gpu learns from: images, texts, labels and masks at Affection's size, drawn on all cores."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.regions import packed
from modelserve.words import vocabulary_of, word_ids
from modelserve.world.world import World, WorldOptions

N_IMAGES, N_TEXTS = 85_007, 526_749  # Affection
SIDE = 64
GRID = 7  # places in a row, as a ViT-B/32 sees 224 pixels
WIDTH = 768
MAX_TOKENS = 40
VALIDATION_SHARE = 20  # one image in so many
AT_ONCE = 2000
PIECE = 500


@dataclass
class BenchData:
    """images (I, S, S, 3) uint8; image_of_text (N,) ascending; labels (N,); masks (I, K, 1 + S*S/8)."""

    images: NDArray[np.uint8]
    texts: list[str]
    image_of_text: NDArray[np.int64]
    labels: NDArray[np.int64]
    masks: NDArray[np.uint8]
    label_names: list[str]
    features: Tensor = field(default_factory=lambda: torch.zeros(0))

    @property
    def n_texts(self) -> int:
        return len(self.texts)

    @cached_property
    def words(self) -> list[str]:
        return vocabulary_of(self.texts, min_count=2)

    @cached_property
    def numbers(self) -> Tensor:
        """(N, T) word ids."""
        return torch.from_numpy(word_ids(self.texts, self.words, MAX_TOKENS))

    @cached_property
    def shares(self) -> Tensor:
        """(I, K) of people's answers."""
        counts = np.zeros((len(self.images), len(self.label_names)), dtype=np.float32)
        np.add.at(counts, (self.image_of_text, self.labels), 1)
        return torch.from_numpy(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))

    def make_features(self, device: torch.device) -> None:
        """(I, P, F) float16: 49 patches of each picture, by a fixed random matrix."""
        patch = SIDE // GRID
        random = torch.Generator().manual_seed(7)
        matrix = (torch.randn(patch * patch * 3, WIDTH, generator=random) / (patch * patch * 3) ** 0.5).to(device)
        found = torch.zeros(len(self.images), GRID * GRID, WIDTH, dtype=torch.float16)
        for start in range(0, len(self.images), AT_ONCE):
            pixels = torch.from_numpy(self.images[start : start + AT_ONCE, : GRID * patch, : GRID * patch]).to(device)
            parts = (pixels.float() / 127.5 - 1).unfold(1, patch, patch).unfold(2, patch, patch)  # (B, G, G, 3, p, p)
            seen = torch.relu(parts.reshape(len(pixels), GRID * GRID, -1) @ matrix)
            found[start : start + AT_ONCE] = seen.to(torch.float16).cpu()
        self.features = found


def load_data(folder: Path, n_images: int, n_texts: int) -> BenchData:
    """From the folder, or drawn now and kept there."""
    name = folder / f"world-{n_images}-{n_texts}.npz"
    if not name.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _draw(name, n_images, n_texts)
    with np.load(name, allow_pickle=False) as kept:
        return BenchData(
            kept["images"],
            [str(text) for text in kept["texts"]],
            kept["image_of_text"],
            kept["labels"],
            kept["masks"],
            [str(label) for label in World().labels],
        )


def _draw(name: Path, n_images: int, n_texts: int) -> None:
    least, more = divmod(n_texts, n_images)  # the first images have one text more
    starts = list(range(0, n_images, PIECE))
    jobs = [(start, min(start + PIECE, n_images), least, more) for start in starts]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        pieces = list(pool.map(_piece, jobs))
    images, masks, texts, labels, owners = (
        np.concatenate([np.asarray(piece[part]) for piece in pieces]) for part in range(5)
    )
    beside = name.with_name(f".{name.name}.npz")
    np.savez(beside, images=images, masks=masks, texts=texts, labels=labels, image_of_text=owners)
    beside.rename(name)


def _piece(job: tuple[int, int, int, int]) -> tuple[object, object, list[str], list[int], list[int]]:
    start, end, least, more = job
    world = World(WorldOptions(side=SIDE))
    place = {str(label): number for number, label in enumerate(world.labels)}
    texts, labels, owners = [], [], []
    images = np.zeros((end - start, SIDE, SIDE, 3), dtype=np.uint8)
    masks = np.zeros((end - start, len(place), 1 + SIDE * SIDE // 8), dtype=np.uint8)
    for index in range(start, end):
        images[index - start] = world.image(index)
        masks[index - start] = np.stack([packed(mask) for mask in world.masks(index)])
        for response in world.responses(index, least + (index < more)):
            texts.append(response.text)
            labels.append(place[response.label])
            owners.append(index)
    return images, masks, texts, labels, owners
