"""In which order a run comes to its rows."""

import torch
from torch import Tensor


def rows_of_epoch(epoch: int, n_rows: int, epoch_rows: int, *, seed: int) -> Tensor:
    """(epoch_rows,) the rows of this epoch: the next ones of an endless row of passes over all n_rows."""
    first = epoch * epoch_rows
    passes = range(first // n_rows, -(-(first + epoch_rows) // n_rows))
    rows = torch.cat([_order_of_pass(number, n_rows, seed) for number in passes])
    skipped = first - passes[0] * n_rows
    return rows[skipped : skipped + epoch_rows]


def _order_of_pass(number: int, n_rows: int, seed: int) -> Tensor:
    # A generator of its own, from seed and pass: a resumed run finds the order without replaying the ones before.
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    return torch.randperm(n_rows, generator=generator)  # (n_rows,)
