"""Image to emotion distribution: an encoder, then a small head.

Trained with the Kullback-Leibler divergence from the distribution of people's answers to the predicted one, mean over
the batch, as ArtEmis does (arXiv 2101.07396, the image classifier of its public code) and Affection after it.
"""

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.networks.low_rank import add_low_rank
from modelserve.options import FROM_SCRATCH, ImageEmotionOptions


class ImageEmotion(nn.Module):
    """images (B, S, S, 3) uint8 -> log-probabilities (B, K) over the label set."""

    label_weights: Tensor

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
        self.register_buffer("label_weights", torch.ones(n_labels), persistent=False)
        if options.freeze_encoder:
            self.encoder.requires_grad_(False)
        if options.lora_rank:
            add_low_rank(self.encoder, options.lora_rank)

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
            weights = shares.clamp_min(1e-3) ** -self.options.class_balance
            self.label_weights.copy_(weights / (weights * shares).sum())

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.options.freeze_encoder:
            # A frozen encoder must see without dropout, or its features would change from step to step.
            self.encoder.eval()
        return self

    def features(self, images: Tensor) -> Tensor:
        """images (B, S, S, 3) uint8 -> (B, F)."""
        pixels = images.permute(0, 3, 1, 2).float() / 255.0  # (B, 3, S, S), 0..1
        pixels = (pixels - self.mean) / self.std  # type: ignore[operator]  # buffers are tensors
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.options.freeze_encoder):
            features: Tensor = self.encoder(pixels)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Pixels, or the encoder's features kept for every picture, (B, 2, F): as it is, and mirrored."""
        features = images[:, 0] if images.is_floating_point() else self.features(images)
        return self._logs(features)

    def _logs(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.hidden(self.dropout(features)))  # (B, H)
        return functional.log_softmax(self.output(self.dropout(hidden)).float(), dim=1)  # (B, K)

    def loss(self, images: Tensor, shares: Tensor) -> Tensor:
        """KL(people || network), mean over the batch; shares (B, K): the distribution of people's answers.

        With class balance every emotion's term counts by its weight, 1 on average over people's answers.
        """
        if self.training and self.options.mirror:
            # A mirrored photograph feels the same; half of a batch is mirrored so that a small study goes further.
            mirrored = torch.rand(images.shape[0], device=images.device) < 0.5  # (B,)
            if images.is_floating_point():
                images = torch.where(mirrored.view(-1, 1, 1), images.flip(1), images)
            else:
                images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(2), images)
        logs = self(images)
        if not self.training or not self.options.class_balance:
            # Held-out stimuli are judged as they are, or two networks could not be compared.
            return functional.kl_div(logs, shares, reduction="batchmean")
        terms = functional.kl_div(logs, shares, reduction="none")  # (B, K)
        return (terms * self.label_weights).sum(dim=1).mean()

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        head = [*self.hidden.parameters(), *self.output.parameters()]
        if self.options.freeze_encoder:
            return [(1.0, head)]
        seeing = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        # Low-rank additions start from nothing and need the head's rate; so does what is learned from scratch.
        is_fresh = self.options.encoder in FROM_SCRATCH or self.options.lora_rank
        return [(1.0 if is_fresh else self.options.encoder_rate_factor, seeing), (1.0, head)]
