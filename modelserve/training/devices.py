"""The device, the processor cores and the random numbers of whoever computes with networks."""

import contextlib
import os
from collections.abc import Iterator

import torch

from modelserve.errors import BadTrainingOption


def choose_device(name: str) -> torch.device:
    """auto, cpu, cuda or cuda:N. Raises BadTrainingOption where it is unknown, or cuda is asked for and absent."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise BadTrainingOption(f"device: '{name}' is unknown; use auto, cpu or cuda.") from error
    if device.type not in ("cpu", "cuda"):
        raise BadTrainingOption(f"device: '{name}' is unknown; use auto, cpu or cuda.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadTrainingOption("device: 'cuda' was asked for, but this machine has none. Use 'auto' or 'cpu'.")
    return device


@contextlib.contextmanager
def limited_threads(threads: int = 0) -> Iterator[None]:
    """Use this many processor cores inside; 0 = half of them.

    Torch takes all by default, and when the site's other processes want one of them, every layer waits for the slowest:
    on two busy cores a training took ten times as long as with one thread.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 1) // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Fresh random numbers from this seed inside; the caller's random numbers and settings again afterwards."""
    were_deterministic = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        # On a GPU several layers have no deterministic form, and bf16 makes equality to the bit moot.
        torch.use_deterministic_algorithms(device.type == "cpu")
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(were_deterministic)
