"""From what somebody asks for to the options of a run, every one of them checked."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from modelserve.errors import BadTrainingOption
from modelserve.options.of_networks import SpeakerOptions
from modelserve.options.of_training import TrainingOptions
from modelserve.options.tasks import CAPTION_METRICS, find_task
from modelserve.options.together import check_together


@dataclass(frozen=True, slots=True)
class RunOptions:
    """All options of one training run."""

    network: Any  # the task's own options
    training: TrainingOptions
    promote_by: str

    def as_json(self) -> dict[str, Any]:
        """Flat, complete: what `parse_options` reads back."""
        return {**asdict(self.network), **asdict(self.training), "promote_by": self.promote_by}


def parse_options(task: str, values: Mapping[str, Any] | None = None) -> RunOptions:
    """The run's options, defaults filled in.

    Raises BadTrainingOption naming the option, what was given and what is allowed.
    """
    kind = find_task(task)
    rest = dict(values or {})
    promote_by = rest.pop("promote_by", kind.promote_by)
    if promote_by not in kind.metrics:
        raise BadTrainingOption(
            f"promote_by: '{promote_by}' is unknown to {task}; known are {', '.join(kind.metrics)}."
        )
    network = kind.network_options(**_take(kind.network_options, rest))
    training = replace(kind.training, **_take(TrainingOptions, rest))
    if rest:
        known = [entry.name for table in (kind.network_options, TrainingOptions) for entry in fields(table)]
        raise BadTrainingOption(f"'{min(rest)}' is no option of {task}; known are {', '.join([*known, 'promote_by'])}.")
    if training.device not in ("auto", "cpu", "cuda"):
        raise BadTrainingOption(f"device: '{training.device}' is unknown; use auto, cpu or cuda.")
    check_together(network)
    if isinstance(network, SpeakerOptions) and promote_by in CAPTION_METRICS and not network.caption_images:
        raise BadTrainingOption(
            f"promote_by: '{promote_by}' is a metric of the texts, and caption_images is 0, so none would be "
            "measured. Give caption_images a number, or decide by word_loss."
        )
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
    among = entry.metadata["among"]
    if among and value not in among:
        raise BadTrainingOption(f"{entry.name}: got {value!r}; use {' or '.join(among)}.")
    least, most = entry.metadata["least"], entry.metadata["most"]
    if least is not None and not (math.isfinite(value) and least <= value <= most):
        raise BadTrainingOption(f"{entry.name}: got {value!r}; allowed is {least:g} to {most:g}.")
    return value
