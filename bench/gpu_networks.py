"""The networks that bench/gpu trains, each through the product's loop, with what a step of it computes and moves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from bench.gpu_data import GRID, MAX_TOKENS, SIDE, VALIDATION_SHARE, WIDTH, BenchData
from modelserve.networks.emosem import EmoSem
from modelserve.networks.encoders import Encoder, Preprocessing
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.listener import Listener
from modelserve.networks.show_attend_tell import ShowAttendTell
from modelserve.networks.text_emotion import TextEmotion
from modelserve.networks.transformer_speaker import TransformerSpeaker
from modelserve.options import (
    EmoSemOptions,
    ImageEmotionOptions,
    ListenerOptions,
    SpeakerOptions,
    TextEmotionOptions,
    TrainingOptions,
)
from modelserve.pairs import PairRows, text_tensors
from modelserve.recipes.emosem import prompts_of, words_of
from modelserve.training import Batch, Examples, batch_of, fit, seeded
from modelserve.words import word_ids

SPEAKERS = ("sat", "sat-grounded", "transformer", "transformer-grounded")
EMOSEM_TEXTS = 2  # of an image
FULL_WIDTH_FROM = 10_000  # images


class GivenPlaces(Encoder):
    """Stands for a frozen encoder whose features are known."""

    def __init__(self) -> None:
        super().__init__()
        self.preprocessing = Preprocessing(side=SIDE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
        self.n_features = self.n_place_features = WIDTH

    def places(self, pixels: Tensor) -> Tensor:
        """Only their shape is asked for: places that are given are taken as they are."""
        return pixels.new_zeros(len(pixels), GRID * GRID, WIDTH)

    def description(self) -> dict[str, Any]:
        return {"name": "given"}


@dataclass(frozen=True)
class Trained:
    """What a training took. tokens: words learned from, 0 where there are none; step_*: of one whole batch."""

    n_parameters: int
    epochs: int
    steps: int
    samples: int
    tokens: int
    seconds: float
    step_flops: int
    step_bytes: int
    validation_loss: float


Made = tuple[nn.Module, Batch, Batch, int]
"""A fresh network, its inputs and targets, and the words that it learns from in a pass over all rows."""


def train_one(
    name: str,
    data: BenchData,
    *,
    device: torch.device,
    epochs: int,
    batch_size: int,
    compiled: bool,
    folder: Path,
) -> Trained:
    """Count one step, then train."""
    with seeded(2021, device):
        network, inputs, targets, words = NETWORKS[name](data)
    is_held = torch.arange(len(Examples(inputs, targets))) % VALIDATION_SHARE == 0
    parts = (torch.nonzero(~is_held)[:, 0], torch.nonzero(is_held)[:, 0])
    train, held = (Examples(_rows(inputs, rows), _rows(targets, rows)) for rows in parts)
    flops, moved = _step_cost(network, train, batch_size, device)
    options = TrainingOptions(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=1e-3,
        stop_patience=epochs,
        device=device.type,
        compile=compiled,
        threads=1 if device.type == "cpu" else 0,
    )
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    fitted = fit(network, train, held, options, checkpoints=folder)
    n_epochs, n = len(fitted.curve), len(train)
    size = max(1, min(batch_size, -(-n // 8)))  # as the loop takes them
    return Trained(
        sum(weight.numel() for weight in network.parameters()),
        n_epochs,
        n_epochs * -(-n // size),
        n_epochs * n,
        round(n_epochs * words * n / len(is_held)),
        fitted.device_seconds,
        flops,
        moved,
        fitted.best_validation_loss,
    )


class _Bytes(TorchDispatchMode):
    """Sums the bytes that operators read and write, but for those that only look at memory in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.total += _bytes_of(args) + _bytes_of(found)
        return found


def _bytes_of(part: Any) -> int:
    if isinstance(part, Tensor):
        return part.numel() * part.element_size()
    return sum(_bytes_of(one) for one in part) if isinstance(part, (tuple, list)) else 0


def _step_cost(network: nn.Module, train: Examples, batch_size: int, device: torch.device) -> tuple[int, int]:
    """Floating-point operations and bytes of one step of the loss, forward and backward, and of Adam's update."""
    rows = torch.arange(min(batch_size, len(train)))
    network.to(device).train()
    inputs, targets = (batch_of(part, rows, device) for part in (train.inputs, train.targets))
    loss_of: Any = network.loss
    optimiser = torch.optim.Adam([weight for weight in network.parameters() if weight.requires_grad], foreach=False)
    counted, moved = FlopCounterMode(display=False), _Bytes()
    with counted, moved, torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        loss = loss_of(inputs, targets)
        loss.backward()
    with moved:
        optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return counted.get_total_flops(), moved.total


def _rows(table: Batch, rows: Tensor) -> Batch:
    return table[rows] if isinstance(table, Tensor) else tuple(part[rows] for part in table)


def _pairs(data: BenchData) -> PairRows:
    names = [str(number) for number in range(len(data.images))]
    return PairRows(names, names, data.texts, data.image_of_text, data.labels)


def _n_words(numbers: Tensor) -> int:
    return int((numbers[:, 1:] != 0).sum())


def _image_features(data: BenchData) -> Made:
    options = ImageEmotionOptions(freeze_encoder=True)
    network = ImageEmotion(GivenPlaces(), len(data.label_names), options)
    views = data.features.float().mean(dim=1, keepdim=True).expand(-1, 2, -1).contiguous()
    return network, views, data.shares, 0


def _image(data: BenchData) -> Made:
    network = ImageEmotion.create(len(data.label_names), ImageEmotionOptions(side=SIDE))
    return network, torch.from_numpy(data.images), data.shares, 0


def _text(data: BenchData) -> Made:
    network = TextEmotion(len(data.words), len(data.label_names), TextEmotionOptions(max_tokens=MAX_TOKENS))
    chosen = torch.nn.functional.one_hot(torch.from_numpy(data.labels), len(data.label_names)).float()
    return network, data.numbers, chosen, _n_words(data.numbers)


def _listener(data: BenchData) -> Made:
    options = ListenerOptions(max_tokens=MAX_TOKENS)
    network = Listener.create(len(data.words), options, 64)
    words, labels = text_tensors(_pairs(data), data.numbers)
    seen = min(options.texts_per_image, words.shape[1]) / max(1, words.shape[1])
    return network, (torch.from_numpy(data.images), words), labels, round(_n_words(data.numbers) * seen)


def _emosem(data: BenchData) -> Made:
    small = {} if len(data.images) >= FULL_WIDTH_FROM else {"width": 16, "language_width": 16, "mixer_blocks": 1}
    options = EmoSemOptions(side=SIDE, max_tokens=MAX_TOKENS, **small)
    labels = [{"id": name, "name": name} for name in data.label_names]
    known = words_of(data.texts, labels, 2)
    numbers = torch.from_numpy(word_ids(data.texts, known, MAX_TOKENS))
    words, felt = text_tensors(_pairs(data), numbers)
    words, felt = words[:, :EMOSEM_TEXTS].long().contiguous(), felt[:, :EMOSEM_TEXTS].contiguous()
    network = EmoSem(len(known), prompts_of(labels, known), options)
    one_text = round(_n_words(numbers) / len(data.texts) * len(data.images))
    return network, (torch.from_numpy(data.images), words, felt), torch.from_numpy(data.masks), one_text


def _speaker(decoder: str, grounding: str) -> Callable[[BenchData], Made]:
    def make(data: BenchData) -> Made:
        width = 512 if len(data.images) >= FULL_WIDTH_FROM else 32  # the tiny form shall run anywhere
        options = SpeakerOptions(
            decoder=decoder,
            grounding=grounding,
            freeze_encoder=True,
            hidden=width,
            embedding=width,
            attention=width,
            layers=4,
            heads=8,
            max_tokens=MAX_TOKENS,
        )
        kind = ShowAttendTell if decoder == "lstm" else TransformerSpeaker
        network = kind(len(data.words), len(data.label_names), GivenPlaces(), options)
        words, labels = text_tensors(_pairs(data), data.numbers)
        seen = min(options.texts_per_image, words.shape[1]) / max(1, words.shape[1])
        return network, (data.features, words), labels, round(_n_words(data.numbers) * seen)

    return make


NETWORKS: dict[str, Callable[[BenchData], Made]] = {
    "image-features": _image_features,
    "image": _image,
    "text": _text,
    "listener": _listener,
    "emosem": _emosem,
    "sat": _speaker("lstm", "none"),
    "sat-grounded": _speaker("lstm", "both"),
    "transformer": _speaker("transformer", "none"),
    "transformer-grounded": _speaker("transformer", "both"),
}
