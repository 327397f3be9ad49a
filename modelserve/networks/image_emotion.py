"""Image to emotion distribution: an encoder, then a small head.

Trained with the Kullback-Leibler divergence from the distribution of people's answers to the predicted one, mean over
the batch, as ArtEmis does (arXiv 2101.07396, the image classifier of its public code) and Affection after it.

Heads for numbers (valence, arousal, any scale) read the same hidden layer; they learn by squared error in units of the
training stimuli's spread, and what is not known of an image adds nothing. Where sources have heads of their own, these
add to the shared outputs; half of the images are learned without, so that the shared ones answer for other sources.

Calibrated, it divides its logits by a temperature that is fitted once it has learned (`modelserve/temperature.py`).
"""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.networks.low_rank import add_low_rank
from modelserve.options import FROM_SCRATCH, ImageEmotionOptions


class ImageEmotion(nn.Module):
    """images (B, S, S, 3) uint8 -> log-probabilities (B, K) over the label set; `answer` gives its H numbers as well.

    Wherever images are taken, a pair of images and sources (B,) int64 is too: places in `sources`, -1 = none of them.
    """

    label_weights: Tensor
    temperature: Tensor
    rating_mean: Tensor
    rating_spread: Tensor
    rating_low: Tensor
    rating_high: Tensor
    rating_weights: Tensor

    def __init__(
        self, encoder: Encoder, n_labels: int, options: ImageEmotionOptions, sources: Sequence[str] = ()
    ) -> None:
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
        if options.calibrate:
            self.register_buffer("temperature", torch.ones(()))
        if options.freeze_encoder:
            self.encoder.requires_grad_(False)
        if options.lora_rank:
            add_low_rank(self.encoder, options.lora_rank)
        self.heads, self.sources = tuple(options.head_names), tuple(sources)
        n_heads = len(self.heads)
        if n_heads:
            self.ratings = nn.Linear(options.hidden, n_heads)
            self.register_buffer("rating_mean", torch.zeros(n_heads))
            self.register_buffer("rating_spread", torch.ones(n_heads))
            self.register_buffer("rating_low", torch.full((n_heads,), float("-inf")))
            self.register_buffer("rating_high", torch.full((n_heads,), float("inf")))
            self.register_buffer("rating_weights", torch.ones(n_heads), persistent=False)
        if self.sources:
            # from nothing: a source differs as far as its images say so
            self.by_source = nn.Linear(options.hidden, len(self.sources) * (n_labels + n_heads))
            nn.init.zeros_(self.by_source.weight)
            nn.init.zeros_(self.by_source.bias)

    @classmethod
    def create(cls, n_labels: int, options: ImageEmotionOptions, sources: Sequence[str] = ()) -> Self:
        return cls(make_encoder(options.encoder, side=options.side), n_labels, options, sources)

    @classmethod
    def rebuild(cls, n_labels: int, options: ImageEmotionOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(rebuild_encoder(structure["encoder"]), n_labels, options, structure.get("sources", ()))

    def structure(self) -> dict[str, Any]:
        sources = {"sources": list(self.sources)} if self.sources else {}
        return self.encoder_structure() | sources

    def encoder_structure(self) -> dict[str, Any]:
        """What the features of an image follow from, beside the weights."""
        return {"encoder": self.encoder.description(), "preprocessing": self.encoder.preprocessing.as_json()}

    def start_from(self, shares: Tensor) -> None:
        """Let the untrained network answer the study's overall distribution; shares (K,), summing to 1."""
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.copy_(torch.log(shares.clamp_min(1e-3)))
            weights = shares.clamp_min(1e-3) ** -self.options.class_balance
            self.label_weights.copy_(weights / (weights * shares).sum())

    def start_ratings(self, values: Tensor) -> None:
        """Takes mean, spread and range of every head from the training stimuli's (n, H), nan where unknown.

        Each head needs a known value, and its known values a spread.
        """
        known = ~values.isnan()
        for head in range(len(self.heads)):
            column = values[known[:, head], head].double()
            self.rating_mean[head], self.rating_spread[head] = column.mean(), column.std(correction=0)
            self.rating_low[head], self.rating_high[head] = column.min(), column.max()
        # a head that few images know counts as much as the others
        self.rating_weights.copy_(1 / known.float().mean(dim=0))

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

    def forward(self, inputs: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """Pixels, or the encoder's features kept for every picture, (B, 2, F): as it is, and mirrored."""
        return self._answer(*_with_sources(inputs))[0]

    def answer(self, inputs: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, K), and numbers (B, H) in the scales' own units, within what it has learned from."""
        logs, ratings = self._answer(*_with_sources(inputs))
        if not self.heads:
            return logs, ratings
        values = self.rating_mean + self.rating_spread * ratings
        return logs, values.clamp(self.rating_low, self.rating_high)

    def _answer(self, images: Tensor, sources: Tensor | None) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, K), and numbers (B, H) in units of the spread that it has learned from."""
        features = images[:, 0] if images.is_floating_point() else self.features(images)
        hidden = self.dropout(functional.relu(self.hidden(self.dropout(features))))  # (B, H')
        outputs = self.output(hidden)
        if self.heads:
            outputs = torch.cat([outputs, self.ratings(hidden)], dim=1)  # (B, K + H)
        if self.sources and sources is not None:
            own = self.by_source(hidden).view(len(hidden), len(self.sources), -1)  # (B, sources, K + H)
            own = own[torch.arange(len(hidden), device=own.device), sources.clamp_min(0)]
            outputs = outputs + torch.where(sources.unsqueeze(1) >= 0, own, 0.0)
        n_labels = self.output.out_features
        logits = outputs[:, :n_labels].float()
        if self.options.calibrate:
            logits = logits / self.temperature
        return functional.log_softmax(logits, dim=1), outputs[:, n_labels:].float()

    def loss(self, inputs: Tensor | tuple[Tensor, Tensor], targets: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """KL(people || network), mean over the batch, and heads_weight times the heads' mean squared error.

        targets: shares (B, K), the distribution of people's answers; with heads also numbers (B, H), nan = unknown.
        With class balance every emotion's term counts by its weight, 1 on average over people's answers.
        """
        images, sources = _with_sources(inputs)
        shares, known_ratings = targets if isinstance(targets, tuple) else (targets, None)
        if self.training and self.options.mirror:
            # A mirrored photograph feels the same; half of a batch is mirrored so that a small study goes further.
            mirrored = torch.rand(images.shape[0], device=images.device) < 0.5  # (B,)
            if images.is_floating_point():
                images = torch.where(mirrored.view(-1, 1, 1), images.flip(1), images)
            else:
                images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(2), images)
        if self.training and sources is not None:
            is_told = torch.rand(len(sources), device=sources.device) < 0.5
            sources = torch.where(is_told, sources, -1)
        logs, ratings = self._answer(images, sources)
        divergence = self._divergence(logs, shares)
        if known_ratings is None or not self.heads:
            return divergence
        is_known = ~known_ratings.isnan()
        gaps = ratings - (known_ratings - self.rating_mean) / self.rating_spread
        squares = torch.where(is_known, gaps, 0.0) ** 2 * self.rating_weights  # (B, H)
        return divergence + self.options.heads_weight * squares.mean()

    def _divergence(self, logs: Tensor, shares: Tensor) -> Tensor:
        if not self.training or not self.options.class_balance:
            # Held-out stimuli are judged as they are, or two networks could not be compared.
            return functional.kl_div(logs, shares, reduction="batchmean")
        terms = functional.kl_div(logs, shares, reduction="none")  # (B, K)
        return (terms * self.label_weights).sum(dim=1).mean()

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        head = [*self.hidden.parameters(), *self.output.parameters()]
        head += self.ratings.parameters() if self.heads else []
        head += self.by_source.parameters() if self.sources else []
        if self.options.freeze_encoder:
            return [(1.0, head)]
        seeing = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        # Low-rank additions start from nothing and need the head's rate; so does what is learned from scratch.
        is_fresh = self.options.encoder in FROM_SCRATCH or self.options.lora_rank
        return [(1.0 if is_fresh else self.options.encoder_rate_factor, seeing), (1.0, head)]


def _with_sources(inputs: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor | None]:
    return inputs if isinstance(inputs, tuple) else (inputs, None)
