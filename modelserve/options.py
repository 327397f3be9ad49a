"""Every option of a training run: default, range and meaning, in one table that pages, API and commands are made from.

The tables stand here and not beside the networks, since the web process checks options and must not import torch.
Defaults follow the public code of ArtEmis (arXiv 2101.07396) where it says one.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from modelserve.errors import BadTrainingOption

SMALL_CONV = "small_conv"
TRANSFORMERS_PREFIX = "transformers:"


def option(default: Any, meaning: str, *, least: float | None = None, most: float | None = None) -> Any:
    return field(default=default, metadata={"meaning": meaning, "least": least, "most": most})


@dataclass(frozen=True, slots=True)
class ImageEmotionOptions:
    """Of the network that reads images."""

    encoder: str = option(SMALL_CONV, "small_conv, or 'transformers:' and a model name or local folder")
    freeze_encoder: bool = option(False, "only the head learns; for a pretrained encoder and little data")
    side: int = option(96, "pixels of the square that small_conv sees", least=32, most=512)
    hidden: int = option(100, "width of the head", least=4, most=4096)
    dropout: float = option(0.3, "share of features left out while learning", least=0, most=0.9)
    encoder_rate_factor: float = option(0.2, "rate of a pretrained encoder beside the head's", least=0, most=1)


@dataclass(frozen=True, slots=True)
class TextEmotionOptions:
    """Of the network that reads explanations."""

    embedding: int = option(100, "width of a word", least=4, most=2048)
    hidden: int = option(128, "width of the LSTM", least=4, most=4096)
    dropout: float = option(0.25, "share of features left out while learning", least=0, most=0.9)
    max_tokens: int = option(60, "explanations are read up to this many words", least=1, most=1000)
    min_count: int = option(2, "a word seen less often in the training split is unknown", least=1, most=1000)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Of the training loop."""

    epochs: int = option(40, "passes over the training split, at most", least=1, most=10_000)
    batch_size: int = option(
        128, "rows per step, at most; a small study takes an eighth of its rows", least=1, most=65536
    )
    learning_rate: float = option(5e-4, "step size of Adam", least=1e-8, most=1)
    weight_decay: float = option(0.0, "pull towards zero", least=0, most=1)
    plateau_factor: float = option(0.5, "the rate is multiplied by this on a plateau", least=0.01, most=1)
    plateau_patience: int = option(
        2, "epochs without a better validation loss that are no plateau yet", least=0, most=1000
    )
    stop_patience: int = option(
        6, "epochs without a better validation loss after which the run ends", least=1, most=1000
    )
    checkpoint_steps: int = option(
        0, "a checkpoint every so many steps, beside every epoch's; 0 = none", least=0, most=10**9
    )
    threads: int = option(
        0, "processor cores to use; 0 = half of the machine's, the rest serve people", least=0, most=1024
    )
    device: str = option("auto", "auto (a GPU where there is one), cpu or cuda")
    seed: int = option(2021, "of weights, order and dropout", least=0, most=2**31 - 1)


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of network: what it reads, its options, and by which metric a promotion is decided."""

    name: str
    title: str
    reads: str  # image or text
    network_options: type[Any]
    training: TrainingOptions  # its defaults of the loop
    promote_by: str
    metrics: tuple[str, ...] = ("kl_divergence", "majority_accuracy", "polarity_accuracy", "calibration_error")
    """By which a promotion may be decided; each is in PROMOTION_METRICS."""


# ArtEmis' 5e-4 is for 340,000 texts; some hundred texts give few steps per epoch and need larger ones.
_TEXT_TRAINING = TrainingOptions(learning_rate=2e-3)

TASKS: dict[str, TaskKind] = {
    "image_emotion": TaskKind(
        "image_emotion", "Image to emotions", "image", ImageEmotionOptions, TrainingOptions(), "kl_divergence"
    ),
    "text_emotion": TaskKind(
        "text_emotion", "Explanation to emotion", "text", TextEmotionOptions, _TEXT_TRAINING, "kl_divergence"
    ),
}

PROMOTION_METRICS: dict[str, bool] = {
    "kl_divergence": True,
    "majority_accuracy": False,
    "polarity_accuracy": False,
    "calibration_error": True,
}
"""The metrics that a promotion may be decided by, and whether smaller is better."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """All options of one training run."""

    network: Any  # the task's own options
    training: TrainingOptions
    promote_by: str

    def as_json(self) -> dict[str, Any]:
        """Flat, complete: what `parse_options` reads back."""
        return {**asdict(self.network), **asdict(self.training), "promote_by": self.promote_by}


def find_task(task: str) -> TaskKind:
    """Raises BadTrainingOption naming the known tasks."""
    if task not in TASKS:
        raise BadTrainingOption(f"task: '{task}' is unknown; known are {', '.join(TASKS)}.")
    return TASKS[task]


def parse_options(task: str, values: Mapping[str, Any] | None = None) -> RunOptions:
    """The run's options, defaults filled in.

    Raises BadTrainingOption naming the option, what was given and what is allowed.
    """
    kind = find_task(task)
    rest = dict(values or {})
    promote_by = rest.pop("promote_by", kind.promote_by)
    if promote_by not in kind.metrics:
        raise BadTrainingOption(f"promote_by: '{promote_by}' is unknown; known are {', '.join(kind.metrics)}.")
    network = kind.network_options(**_take(kind.network_options, rest))
    training = replace(kind.training, **_take(TrainingOptions, rest))
    if rest:
        known = [entry.name for table in (kind.network_options, TrainingOptions) for entry in fields(table)]
        raise BadTrainingOption(f"'{min(rest)}' is no option of {task}; known are {', '.join([*known, 'promote_by'])}.")
    if training.device not in ("auto", "cpu", "cuda"):
        raise BadTrainingOption(f"device: '{training.device}' is unknown; use auto, cpu or cuda.")
    if isinstance(network, ImageEmotionOptions):
        _check_encoder(network.encoder)
    return RunOptions(network, training, promote_by)


def describe_options(task: str) -> list[dict[str, Any]]:
    """One row per option for forms and docs: name, type, default, least, most, meaning."""
    rows = []
    kind = find_task(task)
    for defaults in (kind.network_options(), kind.training):
        for entry in fields(defaults):
            default = getattr(defaults, entry.name)
            rows.append({"name": entry.name, "type": type(default).__name__, "default": default, **entry.metadata})
    return rows


def _take(table: Any, rest: dict[str, Any]) -> dict[str, Any]:
    """Move the options of this table out of `rest`, checked."""
    return {entry.name: _checked(entry, rest.pop(entry.name)) for entry in fields(table) if entry.name in rest}


def _checked(entry: Any, value: Any) -> Any:
    kind = type(entry.default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise BadTrainingOption(f"{entry.name}: got {value!r}; a value of type {kind.__name__} is needed.")
    least, most = entry.metadata["least"], entry.metadata["most"]
    if least is not None and not (math.isfinite(value) and least <= value <= most):
        raise BadTrainingOption(f"{entry.name}: got {value!r}; allowed is {least:g} to {most:g}.")
    return value


def _check_encoder(name: str) -> None:
    if name != SMALL_CONV and not (name.startswith(TRANSFORMERS_PREFIX) and name != TRANSFORMERS_PREFIX):
        raise BadTrainingOption(
            f"encoder: got '{name}'; use '{SMALL_CONV}', or '{TRANSFORMERS_PREFIX}' followed by a model name or a "
            "local folder."
        )
