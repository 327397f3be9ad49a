"""What an encoder that does not learn sees in every picture, computed once: a table per encoder and pictures, on disk;
and what it reads in every text.

Named by the encoder's weights, its preprocessing and the pictures, so never stale; a picture that another table of the
same encoder holds is not looked at again, as when a study has grown by some.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.networks.encoders import Encoder
from modelserve.networks.text_pretrained import TextPretrained
from modelserve.networks.text_reader import TextReader
from modelserve.pictures import pixels_of_stored
from modelserve.training import ask, limited_threads

BATCH = 64
VIEWS = 2  # as it is, and mirrored
Table = NDArray[np.float32]


class Looks(Protocol):
    """What sees images by an encoder: a network that reads images, or the eye of a listener."""

    @property
    def encoder(self) -> Encoder: ...

    def encoder_structure(self) -> dict[str, Any]: ...

    def features(self, images: Tensor) -> Tensor: ...

    def to(self, device: Any) -> Self: ...

    def eval(self) -> Self: ...


def feature_table(
    network: Looks,
    image_sha256s: Sequence[str],
    read_image: Callable[[str], bytes],
    cache: Path,
    device: torch.device,
) -> Tensor:
    """(n, 2, F) float32, mapped from disk: features of every picture as it is, and of its mirror image.

    Raises NothingToLearn naming a picture that cannot be read.
    """
    encoder_name = encoder_hash(network)
    rows = hashlib.sha256("\n".join(image_sha256s).encode()).hexdigest()[:24]
    path = cache / f"features-{encoder_name}-{rows}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        beside = cache / f".{path.name}.{os.getpid()}"
        try:
            _fill(network, image_sha256s, read_image, _known(cache, encoder_name), beside, device)
            names = path.with_suffix(".json")
            names.write_text(json.dumps(list(image_sha256s)), encoding="utf-8")
            beside.rename(path)  # another worker never maps half a table
        finally:
            beside.unlink(missing_ok=True)
    return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))


def encoder_hash(network: Looks) -> str:
    """24 hex digits that say what features this encoder gives."""
    digest = hashlib.sha256(json.dumps(network.encoder_structure(), sort_keys=True, default=str).encode())
    for name, weight in sorted(network.encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:24]


def _known(cache: Path, encoder_name: str) -> dict[str, tuple[Path, int]]:
    """{sha256: (table, row)} of what this encoder has seen."""
    found: dict[str, tuple[Path, int]] = {}
    for names in sorted(cache.glob(f"features-{encoder_name}-*.json")):
        table = names.with_suffix(".npy")
        with contextlib.suppress(OSError, ValueError):
            if table.exists():
                found |= {sha: (table, row) for row, sha in enumerate(json.loads(names.read_text(encoding="utf-8")))}
    return found


def _fill(
    network: Looks,
    image_sha256s: Sequence[str],
    read_image: Callable[[str], bytes],
    known: dict[str, tuple[Path, int]],
    beside: Path,
    device: torch.device,
) -> None:
    shape = (len(image_sha256s), VIEWS, network.encoder.n_features)
    table = np.lib.format.open_memmap(beside, mode="w+", dtype=np.float32, shape=shape)
    tables: dict[Path, Table] = {}
    missing = []
    for row, sha256 in enumerate(image_sha256s):
        if sha256 in known:
            place, other = known[sha256]
            if place not in tables:
                tables[place] = np.load(place, mmap_mode="r", allow_pickle=False)
            table[row] = tables[place][other]
        else:
            missing.append(row)
    side = network.encoder.preprocessing.side
    network = network.to(device).eval()
    with torch.inference_mode(), limited_threads():
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            pixels = np.stack([pixels_of_stored(image_sha256s[row], side, read_image) for row in some])
            images = torch.from_numpy(pixels).to(device)
            for view, seen in enumerate((images, images.flip(2))):
                table[some, view] = network.features(seen).float().cpu().numpy()
    network.to("cpu")
    table.flush()


def text_inputs(
    network: TextReader, texts: Sequence[str], words: Sequence[str], device: torch.device | None = None
) -> Tensor:
    """(n, T) int64 word ids, 0 = padding at the end; with a device, of an encoder that does not learn its features
    (n, F) float32, computed there once. Texts are short: their features are kept in memory, for this run."""
    ids = network.read(texts, words)
    if device is None or not (isinstance(network, TextPretrained) and network.options.freeze_encoder):
        return ids
    return ask(network, ids, lambda batch: network.features(batch).float(), BATCH, device.type)
