"""From stored pixels to what an encoder says of them: one normalisation for listeners and speakers."""

from typing import Self

import torch
from torch import Tensor, nn

from modelserve.networks.encoders import Encoder


class Pixels(nn.Module):
    """Holds an encoder. learns: whether its weights do; one that does not sees without dropout, always."""

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: Encoder, *, learns: bool) -> None:
        super().__init__()
        self.encoder, self.learns = encoder, learns
        self.register_buffer("mean", torch.tensor(encoder.preprocessing.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(encoder.preprocessing.std).view(1, 3, 1, 1), persistent=False)
        if not learns:
            encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if not self.learns:
            self.encoder.eval()
        return self

    def features(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, F)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.learns):
            features: Tensor = self.encoder(self._normalised(images))
        return features

    def places(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, P, F): P places of the picture, row by row. What is (B, P, F) already stays so."""
        if images.is_floating_point():
            return images.float()
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.learns):
            return self.encoder.places(self._normalised(images))

    def _normalised(self, images: Tensor) -> Tensor:
        pixels = images.permute(0, 3, 1, 2).float() / 255.0  # (B, 3, S, S), 0..1
        return (pixels - self.mean) / self.std
