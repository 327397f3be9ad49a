"""What every network from texts to emotions shares: its head, its loss, and where it starts from.

An explanation is one response, so the target is one label: cross-entropy.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.options import TextEmotionOptions
from modelserve.words import word_ids

PADDING = 0  # the word id that fills up a row; no word has it


class TextReader(nn.Module):
    """word ids (B, T) int64, 0 = padding at the end -> log-probabilities (B, K) over the label set."""

    options: TextEmotionOptions
    dropout: nn.Dropout
    hidden: nn.Linear
    output: nn.Linear

    def structure(self) -> dict[str, Any]:
        """What rebuilds the network beside its options: JSON."""
        raise TypeError(f"{type(self).__name__} does not say how to rebuild it")

    def features(self, words: Tensor) -> Tensor:
        """(B, T) word ids -> (B, F)."""
        raise TypeError(f"{type(self).__name__} does not read")

    def read(self, texts: Sequence[str], words: Sequence[str]) -> Tensor:
        """(n, T) the numbers of the texts' words in `words`, its vocabulary."""
        return torch.from_numpy(word_ids(texts, words, self.options.max_tokens))

    def start_from(self, shares: Tensor) -> None:
        """Let the untrained network answer the study's overall distribution; shares (K,), summing to 1."""
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.copy_(torch.log(shares.clamp_min(1e-3)))

    def forward(self, words: Tensor) -> Tensor:
        """Word ids, or the features (B, F) that an encoder that does not learn made of every text before."""
        features = words if words.is_floating_point() else self.features(words)
        hidden = functional.relu(self.hidden(self.dropout(features)))  # (B, H)
        return functional.log_softmax(self.output(self.dropout(hidden)).float(), dim=1)  # (B, K)

    def loss(self, words: Tensor, shares: Tensor) -> Tensor:
        """Cross-entropy, mean over the batch; shares (B, K): 1 at the label that was chosen."""
        logs: Tensor = self(words)
        return -(shares * logs).sum(dim=1).mean()

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        return [(1.0, list(self.parameters()))]
