"""What the loop asks of a network."""

from typing import Any, Protocol

from torch import Tensor, nn


class Learner(Protocol):
    """What the loop asks of a network; inputs and targets are as the examples hold them."""

    def loss(self, inputs: Any, targets: Any) -> Tensor:
        """The mean over the batch's rows. Where it is a mean over something else (words), the network has also

        weighed_loss(inputs, targets): the same, and over how many that mean is, so that batches and their parts, which
        have as many rows and not as many words, count by what they hold.
        """

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]: ...
