"""Rows to learn from, and batches of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Batch = Tensor | tuple[Tensor, ...]
"""What a network reads, or what it shall answer: one tensor, or several with a row per example in each."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from, kept on the CPU: inputs (n, ...), targets (n, ...), either a tensor or a tuple of them."""

    inputs: Batch
    targets: Batch

    def __len__(self) -> int:
        return len(self.inputs if isinstance(self.inputs, Tensor) else self.inputs[0])


def batch_of(table: Batch, rows: Tensor, device: torch.device) -> Batch:
    """These rows of every tensor, on the device."""
    if isinstance(table, Tensor):
        return table[rows].to(device)
    return tuple(part[rows].to(device) for part in table)


def batches(n_rows: int, batch_size: int) -> Iterator[Tensor]:
    """The numbers of all rows, so many at a time, in order."""
    for start in range(0, n_rows, batch_size):
        yield torch.arange(start, min(start + batch_size, n_rows))
