"""A small language model of GPT-2's shape that writes after a prefix of vectors.

Radford et al. 2019, 'Language Models are Unsupervised Multitask Learners': layer norms before attention and MLP,
learned places, the output tied to the word embedding. The prefix takes places like words do.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING, START, END, UNKNOWN = 0, 1, 2, 3

Past = list[tuple[Tensor, Tensor]]
"""Keys and values (N, heads, T, W/heads) of each block so far."""


class Block(nn.Module):
    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm, self.norm_again = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * width)
        self.tell = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, states: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """states (N, T, W) of the newest T; returns them, and keys and values of all so far."""
        n, t, width = states.shape
        asked = self.ask(self.norm(states)).reshape(n, t, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = asked[0], asked[1], asked[2]  # (N, heads, T, W/heads)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=past is None)
        states = states + self.tell(seen.transpose(1, 2).reshape(n, t, width))
        return states + self.think(self.norm_again(states)), (key, value)


class Gpt(nn.Module):
    """places: the longest prefix and text together."""

    def __init__(self, n_words: int, width: int, n_blocks: int, n_heads: int, places: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, width)
        self.place = nn.Parameter(torch.zeros(places, width))
        self.blocks = nn.ModuleList(Block(width, n_heads) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        nn.init.normal_(self.place, std=0.02)

    def say(self, prefix: Tensor, words: Tensor) -> Tensor:
        """prefix (N, F, W), words (N, T) so far -> logits (N, T, V) of the word after each."""
        states = torch.cat([prefix, self.embedding(words)], dim=1)  # (N, F+T, W)
        states, _ = self._run(states, None, 0)
        logits: Tensor = self._words(states[:, prefix.shape[1] :])
        return logits

    @torch.inference_mode()
    def write(self, prefix: Tensor, most: int, *, temperature: float = 0.0, seed: int = 0) -> Tensor:
        """prefix (N, F, W) -> words (N, T), T at most `most`, END and then PADDING at the end; with cached keys.

        No word follows itself, <unk> is never written, and no text is empty.
        """
        generator = torch.Generator(device=prefix.device).manual_seed(seed)
        n = len(prefix)
        words = torch.full((n, 1), START, dtype=torch.int64, device=prefix.device)
        ended = torch.zeros(n, dtype=torch.bool, device=prefix.device)
        states, past = self._run(torch.cat([prefix, self.embedding(words)], dim=1), None, 0)
        for _ in range(most):
            logits = self._words(states[:, -1])  # (N, V)
            logits[:, [PADDING, START, UNKNOWN]] = float("-inf")
            logits.scatter_(1, words[:, -1:].clamp_min(0), float("-inf"))
            if words.shape[1] == 1:
                logits[:, END] = float("-inf")
            if temperature > 0:
                shares = torch.softmax(logits / temperature, dim=1)
                chosen = torch.multinomial(shares, 1, generator=generator).squeeze(1)
            else:
                chosen = logits.argmax(dim=1)
            chosen = torch.where(ended, PADDING, chosen)
            words = torch.cat([words, chosen.unsqueeze(1)], dim=1)
            ended = ended | (chosen == END)
            if bool(ended.all()):
                break
            states, past = self._run(self.embedding(chosen.unsqueeze(1)), past, prefix.shape[1] + words.shape[1] - 1)
        return words[:, 1:]

    def _run(self, states: Tensor, past: Past | None, start: int) -> tuple[Tensor, Past]:
        states = states + self.place[start : start + states.shape[1]]
        kept: Past = []
        for number, block in enumerate(self.blocks):
            states, own = block(states, past[number] if past is not None else None)
            kept.append(own)
        return self.norm(states), kept

    def _words(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.embedding.weight).float()
