"""From stored pixels to what an encoder says of them: one normalisation for listeners and speakers."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from modelserve.networks.encoders import Encoder
from modelserve.networks.low_rank import add_low_rank
from modelserve.options import FROM_SCRATCH, ListenerOptions, SpeakerOptions


class Pixels(nn.Module):
    """Holds an encoder. learns: whether its weights do; one that does not sees without dropout, always.

    lora_rank: of the additions that learn in its stead; 0 = none. Raises BadTrainingOption where it has no place for
    them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: Encoder, *, learns: bool, lora_rank: int = 0) -> None:
        super().__init__()
        self.encoder, self.learns = encoder, learns
        self.register_buffer("mean", torch.tensor(encoder.preprocessing.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(encoder.preprocessing.std).view(1, 3, 1, 1), persistent=False)
        if not learns:
            encoder.requires_grad_(False)
        if lora_rank:
            add_low_rank(encoder, lora_rank)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if not self.learns:
            self.encoder.eval()
        return self

    def encoder_structure(self) -> dict[str, Any]:
        """What the features of an image follow from, beside the weights."""
        return {"encoder": self.encoder.description(), "preprocessing": self.encoder.preprocessing.as_json()}

    def features(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, F). What is (B, F) already stays so."""
        if images.is_floating_point():
            return images.float()
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.learns):
            features: Tensor = self.encoder(self._normalised(images))
        return features

    def places(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, P, F): P places of the picture, row by row. What is (B, P, F) already stays so."""
        if images.is_floating_point():
            return images.float()
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.learns):
            return self.encoder.places(self._normalised(images))

    def groups_within(
        self, network: nn.Module, options: ListenerOptions | SpeakerOptions
    ) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn) of the network that holds these: its eye, then the rest."""
        eye = {id(weight) for weight in self.encoder.parameters()}
        rest = [weight for weight in network.parameters() if id(weight) not in eye]
        if not self.learns:
            return [(1.0, rest)]
        # Low-rank additions start from nothing and need the rate of the rest; so does what is learned from scratch.
        is_fresh = options.encoder in FROM_SCRATCH or options.lora_rank
        seeing = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        return [(1.0 if is_fresh else options.encoder_rate_factor, seeing), (1.0, rest)]

    def _normalised(self, images: Tensor) -> Tensor:
        pixels = images.permute(0, 3, 1, 2).float() / 255.0  # (B, 3, S, S), 0..1
        return (pixels - self.mean) / self.std
