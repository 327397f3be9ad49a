"""What a network says of many rows, a batch at a time."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from modelserve.training.devices import choose_device, limited_threads
from modelserve.training.examples import Batch, Examples, batch_of, batches


def predict_shares(network: nn.Module, inputs: Batch, *, batch_size: int = 256, device: str = "cpu") -> Tensor:
    """The network's distributions (n, K), float32 on the CPU, each row summing to 1; inputs as in training."""
    return ask(network, inputs, lambda batch: network(batch).float().softmax(dim=1), batch_size, device)


def ask(
    network: nn.Module, inputs: Batch, answer: Callable[[Any], Tensor], batch_size: int = 256, device: str = "cpu"
) -> Tensor:
    """What `answer` gives for every row (n, ...), on the CPU; it gets batches of the inputs and asks the network."""
    place = choose_device(device)
    network.to(place).eval()
    answers = []
    with torch.inference_mode(), limited_threads():
        for rows in batches(len(Examples(inputs, inputs)), batch_size):
            answers.append(answer(batch_of(inputs, rows, place)).cpu())
    network.to("cpu")
    return torch.cat(answers)
