"""Two ways to cut a text into words, and when each of them is right.

The study's own counts (length, vocabulary, parts of speech, words that mark an emotion) use `spelled_tokens` of
snapshots/cleaning.py: contractions expanded, any script, as in the exported column `tokens`. Figures that must equal
those of others on the same texts, to the last digit, use `latin_words`, which is easier to say exactly.
"""

import re

_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def latin_words(text: str) -> list[str]:
    """Runs of a to z of the lower-cased text, with at most one straight apostrophe inside: ["it's", "a", "dog"].

    A typographic apostrophe, a digit or an accented letter ends a word.
    """
    return _LATIN_WORD.findall(text.lower())
