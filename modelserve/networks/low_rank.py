"""Low-rank additions to a network that otherwise stays as it is: LoRA (Hu et al. 2021, arXiv 2106.09685, section 4.1).

The weight W (out, in) of every linear layer becomes W + 2 B A, with A (r, in) random and B (out, r) zero at first; only
A and B learn. As a parametrisation of the weight it holds wherever the layer is used, in torch's fused attention, too.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from modelserve.errors import BadTrainingOption

SCALE = 2.0  # alpha / r of the paper, kept the same for every rank so that a rate found for one serves another
LEAST_WIDTH = 16  # smaller layers are heads or gates, not worth it


class LowRank(nn.Module):
    """Adds B A to a weight (out, in)."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        n_out, n_in = weight.shape
        rank = min(rank, n_out, n_in)
        self.down = nn.Parameter(torch.empty(rank, n_in))
        self.up = nn.Parameter(torch.zeros(n_out, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """(out, in) -> (out, in)."""
        return weight + SCALE * (self.up @ self.down)


def add_low_rank(network: nn.Module, rank: int) -> int:
    """Freezes the network and gives each linear layer in it an addition; returns how many learn.

    Raises BadTrainingOption where there is no linear layer, as in a convolutional network.
    """
    network.requires_grad_(False)
    chosen = [
        module
        for module in network.modules()
        if isinstance(module, nn.Linear) and min(module.in_features, module.out_features) >= LEAST_WIDTH
    ]
    if not chosen:
        raise BadTrainingOption(
            "lora_rank: this encoder has no linear layer that low-rank additions could stand beside. Train it fully, "
            "or freeze it. Nothing was trained."
        )
    for linear in chosen:
        parametrize.register_parametrization(linear, "weight", LowRank(linear.weight, rank))
    return len(chosen)
