"""What a checkpoint holds of a run, what says that it is of this very run, and how it is put back."""

import hashlib
import json
from dataclasses import asdict, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

from modelserve.options import TrainingOptions
from modelserve.training.examples import Batch, Examples


def state_that_learns(network: nn.Module) -> dict[str, Tensor]:
    """Weights that learn, and buffers beside them (batch norm); a frozen encoder is neither saved nor restored."""
    frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
    return {name: value for name, value in network.state_dict().items() if name not in frozen}


def tensors_of(
    network: nn.Module, optimiser: torch.optim.Optimizer, best: dict[str, Tensor], device: torch.device
) -> dict[str, Tensor]:
    """Everything that a run goes on with: its weights, its best ones, the optimiser's and the random numbers' state."""
    tensors = {f"weights/{name}": value for name, value in state_that_learns(network).items()}
    tensors |= {f"best/{name}": value for name, value in best.items()}
    for name, weight in weights_that_learn(network).items():
        for part, value in optimiser.state.get(weight, {}).items():
            tensors[f"optimiser/{part}/{name}"] = value
    tensors["random/cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors["random/cuda"] = torch.cuda.get_rng_state(device)
    return tensors


def put_back(
    tensors: dict[str, Tensor], network: nn.Module, optimiser: torch.optim.Optimizer, device: torch.device
) -> dict[str, Tensor]:
    """The run stands where it stood when `tensors_of` took these; returns its best weights."""
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        kind, name = key.split("/", 1)
        parts.setdefault(kind, {})[name] = value
    network.load_state_dict(parts["weights"], strict=False)
    learning = weights_that_learn(network)
    for key, value in parts.get("optimiser", {}).items():
        part, name = key.split("/", 1)
        # Adam keeps its step counter on the CPU and its averages beside the weights.
        value = value.clone() if part == "step" else value.to(device)
        optimiser.state[learning[name]][part] = value
    torch.set_rng_state(parts["random"]["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(parts["random"]["cuda"], device)
    return parts.get("best", {})


def weights_that_learn(network: nn.Module) -> dict[str, nn.Parameter]:
    """{name: weight}, in the network's order."""
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}


def facts_of(
    network: nn.Module, options: TrainingOptions, device: torch.device, train: Examples, validation: Examples
) -> dict[str, Any]:
    """What must be the same for a checkpoint to be of this run."""
    chosen = asdict(options) | {"device": device.type}
    # Another machine may go on with the run, with as many cores as it has.
    del chosen["threads"]
    return {
        "options": chosen,
        "n_train": len(train),
        "n_validation": len(validation),
        "network": described(network),
        "answers": digest_of(train.targets, validation.targets),
    }


def described(network: nn.Module) -> str:
    """A hash of what the network is: its kind, its options, and the names and shapes of its weights."""
    options = getattr(network, "options", None)
    facts = {
        "kind": type(network).__name__,
        "options": asdict(options) if is_dataclass(options) and not isinstance(options, type) else None,
        "weights": {name: list(weight.shape) for name, weight in network.state_dict().items()},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def digest_of(*tables: Batch) -> str:
    """A hash of what these tables hold. Of answers only: images may be larger than the memory."""
    digest = hashlib.sha256()
    for table in tables:
        for part in (table,) if isinstance(table, Tensor) else table:
            digest.update(f"{part.dtype} {tuple(part.shape)}".encode())
            digest.update(part.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
