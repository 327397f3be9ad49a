"""Similes, by the substrings that Affection and ArtEmis look for."""

from collections.abc import Sequence

from snapshots.simile_marks import SIMILE_MARKS

SUBSTRINGS = SIMILE_MARKS
"""Source: ArtEmis, evaluation of metaphors; Affection counts 19.7 % of its explanations by the same thirteen."""


def similes_in(words: Sequence[str]) -> int:
    """Which of SUBSTRINGS stand in the words joined by spaces: bit n is the n-th one; 0 = no simile.

    Substrings, not words: "this could become" holds "could be". That is the published count's way, too.
    """
    text = " ".join(words)
    return sum(1 << place for place, substring in enumerate(SUBSTRINGS) if substring in text)
