"""A transformer that writes: causal attention over its words, then attention over the places of the picture.

Vaswani et al. 2017 (arXiv 1706.03762), with the layer norms before each part; Affection's second speaker is a
transformer over grid features, too (GRIT). While it writes, the keys and values of earlier words are kept, so a step
costs one word, not the whole text.
"""

from collections.abc import Sequence
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.networks.speaker import Speaker, State, Told
from modelserve.options import SpeakerOptions


class TransformerSpeaker(Speaker):
    """State: per block the keys and values of its words (N, heads, T, d); of the image: emotion (N, H), and per block
    the keys and values of the places (N, heads, P, d).
    """

    def __init__(self, n_words: int, n_labels: int, encoder: Encoder, options: SpeakerOptions) -> None:
        super().__init__(n_words, n_labels, encoder, options)
        width = options.hidden
        self.embedding = nn.Embedding(self.n_tokens, width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        # <sos>, the words and, said first, the label
        self.positions = nn.Parameter(0.02 * torch.randn(options.max_tokens + 2, width))
        n_places = encoder.places(torch.zeros(1, 3, encoder.preprocessing.side, encoder.preprocessing.side)).shape[1]
        self.place_positions = nn.Parameter(0.02 * torch.randn(n_places, width))
        self.see = nn.Linear(encoder.n_place_features, width)
        self.see_norm = nn.LayerNorm(width)
        self.emotion = nn.Linear(options.emotion_width, width)
        if options.vad_weight:
            self.word_vad = nn.Linear(3, width)
        self.blocks = nn.ModuleList(Block(options) for _ in range(options.layers))
        self.norm = nn.LayerNorm(width)

    @classmethod
    def create(cls, n_words: int, n_labels: int, options: SpeakerOptions) -> Self:
        return cls(n_words, n_labels, make_encoder(options.encoder, side=options.side), options)

    @classmethod
    def rebuild(cls, n_labels: int, options: SpeakerOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), n_labels, rebuild_encoder(structure["encoder"]), options)

    def tell(self, places: Tensor, emotion: Tensor, words: Tensor) -> Told:
        hidden = self._embedded(words, self.emotion(emotion), 0)  # (N, T, H)
        seen = self._seen(places)  # (N, P, H)
        attention = hidden.new_zeros(len(words), words.shape[1], seen.shape[1])
        for block in self._layers():
            hidden, _, attention = block(hidden, None, block.of_places(seen), is_causal=True)
        return Told(self.norm(hidden), attention)

    def begin(self, places: Tensor, emotion: Tensor) -> State:
        seen = self._seen(places)
        empty = self.positions.new_zeros(len(places), self.options.heads, 0, self.options.hidden // self.options.heads)
        of_places = [part for block in self._layers() for part in block.of_places(seen)]
        return State((empty,) * (2 * len(self.blocks)), (self.emotion(emotion), *of_places))

    def step(self, state: State, words: Tensor) -> tuple[Tensor, Tensor, State]:
        emotion, *of_places = state.of_image
        hidden = self._embedded(words.unsqueeze(1), emotion, state.tensors[0].shape[2])  # (N, 1, H)
        attention, kept = hidden, []
        for number, block in enumerate(self._layers()):
            pair = slice(2 * number, 2 * number + 2)
            hidden, with_it, attention = block(hidden, state.tensors[pair], of_places[pair], is_causal=False)
            kept += with_it
        return self.norm(hidden).squeeze(1), attention.squeeze(1), State(tuple(kept), state.of_image)

    def _layers(self) -> list["Block"]:
        return cast(list[Block], list(self.blocks))

    def _embedded(self, words: Tensor, emotion: Tensor, n_before: int) -> Tensor:
        hidden = self.embedding(words) + self.positions[n_before : n_before + words.shape[1]]  # (N, T, H)
        if self.options.vad_weight:
            hidden = hidden + self.word_vad(self.vad[words])
        return self.dropout(hidden + emotion.unsqueeze(1))  # type: ignore[no-any-return]

    def _seen(self, places: Tensor) -> Tensor:
        return self.see_norm(self.see(places) + self.place_positions)  # type: ignore[no-any-return]


Memory = Sequence[Tensor]  # keys and values, each (N, heads, T, H / heads)


class Block(nn.Module):
    """One layer: words look at words before them, then at the picture, then think."""

    def __init__(self, options: SpeakerOptions) -> None:
        super().__init__()
        width, self.heads = options.hidden, options.heads
        self.word_norm, self.place_norm, self.think_norm = (nn.LayerNorm(width) for _ in range(3))
        self.word_qkv, self.word_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.place_query, self.place_kv = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.place_out = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(options.dropout)

    def of_places(self, seen: Tensor) -> Memory:
        """seen (N, P, H): the same for every word, so it is made once."""
        keys, values = self.place_kv(seen).chunk(2, dim=2)
        return self._by_head(keys), self._by_head(values)

    def forward(
        self, hidden: Tensor, words: Memory | None, places: Memory, *, is_causal: bool
    ) -> tuple[Tensor, Memory, Tensor]:
        """hidden (N, T, H), words: of the text before it -> hidden, words with it, attention over places (N, T, P)."""
        query, key, value = (self._by_head(part) for part in self.word_qkv(self.word_norm(hidden)).chunk(3, dim=2))
        if words is not None:
            key, value = torch.cat([words[0], key], dim=2), torch.cat([words[1], value], dim=2)
        read = functional.scaled_dot_product_attention(query, key, value, is_causal=is_causal)
        hidden = hidden + self.dropout(self.word_out(self._together(read)))
        # Written out, since where it looks is kept for the page.
        query = self._by_head(self.place_query(self.place_norm(hidden)))  # (N, heads, T, d)
        attention = (query @ places[0].transpose(2, 3) / query.shape[3] ** 0.5).softmax(dim=3)  # (N, heads, T, P)
        hidden = hidden + self.dropout(self.place_out(self._together(attention @ places[1])))
        hidden = hidden + self.dropout(self.think(self.think_norm(hidden)))
        return hidden, (key, value), attention.mean(dim=1)

    def _by_head(self, rows: Tensor) -> Tensor:
        n, t, width = rows.shape
        return rows.view(n, t, self.heads, width // self.heads).transpose(1, 2)  # (N, T, H) -> (N, heads, T, d)

    @staticmethod
    def _together(rows: Tensor) -> Tensor:
        return rows.transpose(1, 2).flatten(2)  # (N, heads, T, d) -> (N, T, H)
