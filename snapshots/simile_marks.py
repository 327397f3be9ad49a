"""How Affection and ArtEmis count a text as holding a simile. The only place, below every app."""

#: A text holds a simile if it contains one of these thirteen, in lower case. Source: ArtEmis's public code.
SIMILE_MARKS = (
    "could be", "appears to be", "appear to be", "reminds me", "remind me", "seems like", "looks like", "look like",
    "is like", "are like", "think of", "resembles", "resembling",
)  # fmt: skip


def has_simile(text: str) -> bool:
    """Whether the text contains one of SIMILE_MARKS, whatever its case."""
    lower = text.lower()
    return any(mark in lower for mark in SIMILE_MARKS)
