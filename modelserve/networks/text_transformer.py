"""Explanation to emotion: a small transformer over words from scratch, the maximum over time, a small head.

Vaswani et al. 2017 (arXiv 1706.03762), the encoder, with its normalisation first (Xiong et al. 2020, arXiv 2002.04745),
which learns without a warm-up, and learned places.
"""

from typing import Any, Self

import torch
from torch import Tensor, nn

from modelserve.networks.text_reader import PADDING, TextReader
from modelserve.options import TextEmotionOptions

LEAST_STATE = -1e2  # below every state of a word: what padding counts in the maximum


class TextTransformer(TextReader):
    """word ids (B, T) int64, 0 = padding at the end, T at most max_tokens -> log-probabilities (B, K)."""

    def __init__(self, n_words: int, n_labels: int, options: TextEmotionOptions) -> None:
        super().__init__()
        width = options.hidden
        self.options, self.n_words = options, n_words
        self.embedding = nn.Embedding(n_words, width, padding_idx=PADDING)
        self.places = nn.Parameter(0.02 * torch.randn(options.max_tokens, width))
        self.dropout = nn.Dropout(options.dropout)
        layer = nn.TransformerEncoderLayer(
            width, options.attention_heads, 4 * width, options.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, options.blocks, nn.LayerNorm(width), enable_nested_tensor=False)
        self.hidden = nn.Linear(width, width)
        self.output = nn.Linear(width, n_labels)

    @classmethod
    def rebuild(cls, n_labels: int, options: TextEmotionOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), n_labels, options)

    def structure(self) -> dict[str, Any]:
        return {"n_words": self.n_words}

    def features(self, words: Tensor) -> Tensor:
        longest = int((words != PADDING).sum(dim=1).max().clamp_min(1))
        words = words[:, :longest]  # (B, T)
        is_padding = words == PADDING
        is_padding = is_padding & ~is_padding.all(dim=1, keepdim=True)  # attention needs something to look at
        seen = self.dropout(self.embedding(words) + self.places[:longest])  # (B, T, W)
        states = self.blocks(seen, src_key_padding_mask=is_padding)  # (B, T, W)
        pooled: Tensor = states.masked_fill(is_padding.unsqueeze(2), LEAST_STATE).amax(dim=1)  # (B, W)
        return pooled
