"""Show, Attend and Tell: an LSTM that looks at the picture anew before every word.

Xu et al. 2015 (arXiv 1502.03044), soft attention (sec. 4.2) with its gate and the doubly stochastic penalty, as in
ArtEmis' speaker (arXiv 2101.07396, public code): additive attention, the emotion given at every step. Its widths are
512; ours suit a CPU and are options.
"""

from typing import Any, Self

import torch
from torch import Tensor, nn

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.networks.speaker import Speaker, State, Told
from modelserve.options import SpeakerOptions


class ShowAttendTell(Speaker):
    """State: h and c (N, H); of the image: places (N, P, F), their projections (N, P, A), emotion (N, E)."""

    def __init__(self, n_words: int, n_labels: int, encoder: Encoder, options: SpeakerOptions) -> None:
        super().__init__(n_words, n_labels, encoder, options)
        features, hidden = encoder.n_place_features, options.hidden
        self.embedding = nn.Embedding(self.n_tokens, options.embedding)
        self.first_hidden, self.first_cell = nn.Linear(features, hidden), nn.Linear(features, hidden)
        self.of_places = nn.Linear(features, options.attention)
        self.of_hidden = nn.Linear(hidden, options.attention)
        self.energy = nn.Linear(options.attention, 1)
        self.gate = nn.Linear(hidden, features)
        wide = options.embedding + features + options.emotion_width + (3 if options.vad_weight else 0)
        self.cell = nn.LSTMCell(wide, hidden)

    @classmethod
    def create(cls, n_words: int, n_labels: int, options: SpeakerOptions) -> Self:
        return cls(n_words, n_labels, make_encoder(options.encoder, side=options.side), options)

    @classmethod
    def rebuild(cls, n_labels: int, options: SpeakerOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), n_labels, rebuild_encoder(structure["encoder"]), options)

    def tell(self, places: Tensor, emotion: Tensor, words: Tensor) -> Told:
        state = self.begin(places, emotion)
        hidden, attention = [], []
        for number in range(words.shape[1]):
            now, looked, state = self.step(state, words[:, number])
            hidden.append(now)
            attention.append(looked)
        return Told(torch.stack(hidden, dim=1), torch.stack(attention, dim=1))  # (N, T, H), (N, T, P)

    def begin(self, places: Tensor, emotion: Tensor) -> State:
        mean = places.mean(dim=1)  # (N, F)
        first = torch.tanh(self.first_hidden(mean)), torch.tanh(self.first_cell(mean))
        return State(first, (places, self.of_places(places), emotion))

    def step(self, state: State, words: Tensor) -> tuple[Tensor, Tensor, State]:
        (hidden, cell), (places, of_places, emotion) = state.tensors, state.of_image
        energies = self.energy(torch.tanh(of_places + self.of_hidden(hidden).unsqueeze(1)))  # (N, P, 1)
        attention = energies.squeeze(2).softmax(dim=1)  # (N, P)
        context = torch.einsum("np,npf->nf", attention, places)  # (N, F)
        context = torch.sigmoid(self.gate(hidden)) * context
        seen = [self.embedding(words), context, emotion]
        if self.options.vad_weight:
            seen.append(self.vad[words])
        hidden, cell = self.cell(torch.cat(seen, dim=1), (hidden, cell))  # (N, H)
        return hidden, attention, State((hidden, cell), state.of_image)
