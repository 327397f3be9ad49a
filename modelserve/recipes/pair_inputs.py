"""Images and texts as listeners and speakers read them, from the rows of a snapshot."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from modelserve.errors import NothingToLearn
from modelserve.networks.pixels import Pixels
from modelserve.pairs import PairRows, SplitPairs, text_tensors
from modelserve.pictures import pixel_table
from modelserve.recipes.recipe import ReadImage
from modelserve.training import Examples, limited_threads
from modelserve.words import vocabulary_of
from snapshots.cleaning import SPECIAL_TOKENS

BATCH = 128


def learned_words(texts: Sequence[str], min_count: int) -> list[str]:
    """The vocabulary of the training texts. Raises NothingToLearn where no word is used often enough."""
    words = vocabulary_of(texts, min_count=min_count)
    if len(words) == len(SPECIAL_TOKENS):
        raise NothingToLearn(
            f"No word stands at least {min_count} times in the {len(texts)} training texts, so there is nothing to "
            "learn from their words. Collect more explanations, or set min_count to 1, and train again."
        )
    return words


def pixels_for(rows: PairRows, side: int, read_image: ReadImage, cache: Path) -> Tensor:
    """(I, S, S, 3) uint8, mapped from disk."""
    return torch.from_numpy(pixel_table(rows.image_sha256s, side, read_image, cache))


def pair_examples(images: Tensor, rows: PairRows, numbers: Tensor) -> Examples:
    """Inputs: images (I, ...) and words (I, R, T); targets: labels (I, R). numbers (N, T): word ids of the texts."""
    words, labels = text_tensors(rows, numbers)
    return Examples((images, words), labels)


def split_facts(pairs: SplitPairs) -> dict[str, Any]:
    """What a network's record says of the rows it was made from."""
    parts = (("train", pairs.train), ("validation", pairs.validation), ("test", pairs.test))
    return {
        "split": {name: {"rows": len(part.texts), "stimuli": len(part)} for name, part in parts},
        "notes": pairs.notes,
    }


def in_batches(call: Any, *tables: Tensor, device: torch.device) -> np.ndarray:
    """call on BATCH rows of every table at a time; float64, rows in order."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(tables[0]), BATCH):
            found.append(call(*(table[start : start + BATCH].to(device) for table in tables)).float().cpu())
    return torch.cat(found).numpy().astype(np.float64) if found else np.zeros((0, 0))


def place_table(pixels: Pixels, images: Tensor, cache: Path, device: torch.device) -> Tensor:
    """(I, P, F) float16: what an encoder that does not learn sees in every image, computed once and mapped from disk.

    Its name is the hash of the encoder's weights, of how it reads pixels, and of the pictures, so it is never stale and
    may be deleted.
    """
    digest = hashlib.sha256(json.dumps(pixels.encoder_structure(), sort_keys=True, default=str).encode())
    for name, weight in pixels.encoder.state_dict().items():
        digest.update(name.encode() + weight.detach().cpu().contiguous().numpy().tobytes())
    for start in range(0, len(images), BATCH):
        digest.update(images[start : start + BATCH].numpy().tobytes())
    path = cache / f"places-{digest.hexdigest()[:32]}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        beside = cache / f".{path.name}.{os.getpid()}"
        pixels = pixels.to(device).eval()
        try:
            with torch.inference_mode(), limited_threads():
                first = pixels.places(images[:1].to(device))  # (1, P, F)
                shape = (len(images), *first.shape[1:])
                table = np.lib.format.open_memmap(beside, mode="w+", dtype=np.float16, shape=shape)
                for start in range(0, len(images), BATCH):
                    seen = pixels.places(images[start : start + BATCH].to(device))
                    table[start : start + BATCH] = seen.to(torch.float16).cpu().numpy()
            table.flush()
            del table
            beside.rename(path)  # another worker never maps half a table
        finally:
            beside.unlink(missing_ok=True)
    return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
