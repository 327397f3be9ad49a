"""Texts as a crowd's are in what matters to a server: their lengths, and how often a word comes back in others' texts.

Words follow Zipf's law over a vocabulary of 20,000; most texts begin with, or hold, a phrase that everybody uses. They
say nothing. Few words drawn evenly would not do: each would stand in every other text, as no word of people does.
"""

import random
from itertools import accumulate

PHRASES = (
    "it makes me feel", "this image makes me feel", "i feel like", "it looks like", "because of the", "the colors are",
    "reminds me of", "this picture is", "i would like to", "makes me think of", "it is a", "there is a", "i feel sad",
    "i feel happy because", "the way the", "in the background", "in the middle of", "one of the", "as if it",
)  # fmt: skip
N_WORDS = 20_000
_SYLLABLES = [a + b for a in "bdfgklmnprstvw" for b in ("a", "e", "i", "o", "u", "ai", "er", "on")]


class MadeTexts:
    """One vocabulary, the same for the same seed; threads may share it."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self._words = ["".join(draw.sample(_SYLLABLES, draw.choice((1, 2, 2, 3)))) for _ in range(N_WORDS)]
        self._chances = list(accumulate(1 / (rank + 3) for rank in range(N_WORDS)))

    def text(self, draw: random.Random) -> str:
        """At least 4 words, some 19 on average (log-normal)."""
        length = max(4, round(draw.lognormvariate(2.85, 0.42)))
        phrases = [draw.choice(PHRASES)] if draw.random() < 0.7 else []
        if draw.random() < 0.5:
            phrases.append(draw.choice(PHRASES))
        n_left = max(length - sum(len(phrase.split()) for phrase in phrases), 1)
        words = draw.choices(self._words, cum_weights=self._chances, k=n_left)
        at = draw.randrange(len(words) + 1)
        return " ".join([*phrases[:1], *words[:at], *phrases[1:], *words[at:]])
