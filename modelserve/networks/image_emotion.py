"""Image to emotion distribution: an encoder, then a small head.

Trained with the Kullback-Leibler divergence from the distribution of people's answers to the predicted one, mean over
the batch, as ArtEmis does (arXiv 2101.07396, the image classifier of its public code) and Affection after it.
"""

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.options import SMALL_CONV, ImageEmotionOptions


class ImageEmotion(nn.Module):
    """images (B, S, S, 3) uint8 -> log-probabilities (B, K) over the label set."""

    def __init__(self, encoder: Encoder, n_labels: int, options: ImageEmotionOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder = encoder
        self.dropout = nn.Dropout(options.dropout)
        self.hidden = nn.Linear(encoder.n_features, options.hidden)
        self.output = nn.Linear(options.hidden, n_labels)
        mean, std = encoder.preprocessing.mean, encoder.preprocessing.std
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        if options.freeze_encoder:
            self.encoder.requires_grad_(False)

    @classmethod
    def create(cls, n_labels: int, options: ImageEmotionOptions) -> Self:
        return cls(make_encoder(options.encoder, side=options.side), n_labels, options)

    @classmethod
    def rebuild(cls, n_labels: int, options: ImageEmotionOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(rebuild_encoder(structure["encoder"]), n_labels, options)

    def structure(self) -> dict[str, Any]:
        return {"encoder": self.encoder.description(), "preprocessing": self.encoder.preprocessing.as_json()}

    def start_from(self, shares: Tensor) -> None:
        """Let the untrained network answer the study's overall distribution; shares (K,), summing to 1."""
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.copy_(torch.log(shares.clamp_min(1e-3)))

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.options.freeze_encoder:
            # A frozen encoder must see without dropout, or its features would change from step to step.
            self.encoder.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.permute(0, 3, 1, 2).float() / 255.0  # (B, 3, S, S), 0..1
        pixels = (pixels - self.mean) / self.std  # type: ignore[operator]  # buffers are tensors
        if self.options.freeze_encoder:
            with torch.no_grad():
                features = self.encoder(pixels)
        else:
            features = self.encoder(pixels)  # (B, F)
        hidden = functional.relu(self.hidden(self.dropout(features)))  # (B, H)
        return functional.log_softmax(self.output(self.dropout(hidden)).float(), dim=1)  # (B, K)

    def loss(self, images: Tensor, shares: Tensor) -> Tensor:
        """KL(people || network), mean over the batch; shares (B, K): the distribution of people's answers."""
        if self.training:
            # A mirrored photograph feels the same; half of a batch is mirrored so that a small study goes further.
            mirrored = torch.rand(images.shape[0], device=images.device) < 0.5  # (B,)
            images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(2), images)
        return functional.kl_div(self(images), shares, reduction="batchmean")

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        head = [*self.hidden.parameters(), *self.output.parameters()]
        if self.options.freeze_encoder:
            return [(1.0, head)]
        factor = 1.0 if self.options.encoder == SMALL_CONV else self.options.encoder_rate_factor
        return [(factor, list(self.encoder.parameters())), (1.0, head)]
