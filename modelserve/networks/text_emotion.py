"""Explanation to emotion: an LSTM over words, the maximum over time, a small head.

After the text classifier of ArtEmis' public code (arXiv 2101.07396) and Affection's LSTM (arXiv 2210.01946), with two
differences: the word embedding is learned here instead of GloVe's, and the widths suit a study of some
thousand texts on a CPU.
"""

from typing import Any, Self

from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.text_reader import PADDING, TextReader
from modelserve.options import TextEmotionOptions


class TextEmotion(TextReader):
    """word ids (B, T) int64, 0 = padding at the end -> log-probabilities (B, K) over the label set."""

    def __init__(self, n_words: int, n_labels: int, options: TextEmotionOptions) -> None:
        super().__init__()
        self.options = options
        self.n_words = n_words
        self.embedding = nn.Embedding(n_words, options.embedding, padding_idx=PADDING)
        self.dropout = nn.Dropout(options.dropout)
        self.widen = nn.Linear(options.embedding, options.hidden)
        self.lstm = nn.LSTM(options.hidden, options.hidden, batch_first=True)
        self.hidden = nn.Linear(options.hidden, options.hidden)
        self.output = nn.Linear(options.hidden, n_labels)

    @classmethod
    def rebuild(cls, n_labels: int, options: TextEmotionOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), n_labels, options)

    def structure(self) -> dict[str, Any]:
        return {"n_words": self.n_words}

    def features(self, words: Tensor) -> Tensor:
        longest = int((words != PADDING).sum(dim=1).max().clamp_min(1))
        words = words[:, :longest]  # (B, T)
        seen = self.dropout(self.embedding(words))  # (B, T, E)
        states, _ = self.lstm(self.dropout(functional.relu(self.widen(seen))))  # (B, T, H)
        # Padding stands at the end and the LSTM reads forwards, so it only has to be kept out of the maximum.
        states = states.masked_fill((words == PADDING).unsqueeze(2), float("-inf"))
        # A row of padding alone would be minus infinity everywhere.
        pooled: Tensor = states.amax(dim=1).clamp_min(-1.0)  # (B, H); an LSTM's states lie in -1..1
        return pooled
