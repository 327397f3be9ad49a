"""One training on several processes, as torchrun starts them: each takes its share of every batch. No Django.

torchrun --nproc-per-node 2 manage.py train SNAPSHOT_FOLDER --task image_emotion --out FOLDER          one machine
torchrun --nnodes 4 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29400 manage.py train ...   several

Gradients are summed in proportion to the rows (of a speaker, the words) that a process had, so the step is that of one
process with the whole batch, but for random numbers (dropout, mirroring), which every process draws for itself, and for
losses that look across a batch (contrast), which see the share of a process only; masks weigh by their images.
The first process keeps checkpoints and speaks.
"""

import atexit
import os
from collections.abc import Sequence
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

LUCK_APART = 1_000_000_007  # between the seeds of two processes: more than a run has steps
PATIENCE = timedelta(minutes=30)  # one process may decode all pictures while the others wait


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


class Team:
    """This process among those of the run; alone unless torchrun said otherwise."""

    def __init__(self) -> None:
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def join(self, device: torch.device) -> torch.device:
        """Meets the others; returns the device of this process. Twice is as once."""
        if self.size == 1:
            return device
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(device)
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
            # threads of the group that outlive Python end the process with an abort
            atexit.register(_leave)
        return device

    def own_luck(self, seed: int, steps: int) -> None:
        """Random numbers of this process's own, if it is not the first, from here on.

        Told at the beginning and at every checkpoint: a run that goes on from there draws what it would have drawn.
        """
        if not self.is_first:
            torch.manual_seed(seed + LUCK_APART * self.rank + steps)

    def share_of(self, rows: Tensor) -> Tensor:
        """The rows of this process; for a batch smaller than the team some have none."""
        return rows[self.rank :: self.size]

    def sum_gradients(self, weights: Sequence[nn.Parameter]) -> None:
        """Adds the gradients of all processes up, in one message per kind of number."""
        if self.size == 1:
            return
        for weight in weights:
            if weight.grad is None:  # a part of the network that these rows did not need
                weight.grad = torch.zeros_like(weight)
        kinds: dict[torch.dtype, list[Tensor]] = {}
        for weight in weights:
            assert weight.grad is not None
            kinds.setdefault(weight.grad.dtype, []).append(weight.grad)
        for gradients in kinds.values():
            message = torch.cat([gradient.flatten() for gradient in gradients])
            dist.all_reduce(message)
            start = 0
            for gradient in gradients:
                gradient.copy_(message[start : start + gradient.numel()].view_as(gradient))
                start += gradient.numel()

    def total(self, value: float, device: torch.device) -> float:
        """The sum of the values of all processes."""
        if self.size == 1:
            return value
        message = torch.tensor([value], dtype=torch.float64, device=device)
        dist.all_reduce(message)
        return float(message)

    def all_wait(self) -> None:
        if self.size > 1 and dist.is_initialized():
            dist.barrier()
