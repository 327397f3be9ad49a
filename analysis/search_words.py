"""The words by which images are found, and what a search for words means.

A word is a run of letters, digits and apostrophes, in small letters and without accents, so that 'Café' finds 'cafe'.
Scripts that put no space between words (Chinese, Japanese) are cut into single characters and pairs of neighbours.
Words are found as they were written: 'dog' does not find 'dogs', 'dog*' does.

In the index stands each word of a stimulus alone, and once more after the label it was said with: 'dog', 'fear~dog'.
"""

import re
import unicodedata
from collections.abc import Iterable

WITH_LABEL = "~"
MOST_WORDS = 8
LONGEST = 60
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)")


def search_words(text: str) -> set[str]:
    """Every word of a text as the index holds it."""
    return {word for run in _runs(text) for word in _pieces(run)}


def index_words(explanations: Iterable[tuple[str, str]]) -> list[str]:
    """What the index holds of one stimulus. explanations: (label, text)."""
    found: set[str] = set()
    for label, text in explanations:
        words = search_words(text)
        found |= words
        if label:
            found |= {f"{label}{WITH_LABEL}{word}" for word in words}
    return sorted(found)


def search_query(wanted: str, label: str = "") -> str:
    """The PostgreSQL tsquery that finds stimuli with all of the wanted words, said with the label if there is one.

    A word with * behind it stands for all words that begin so. '' if nothing is left to search for.
    """
    terms: list[str] = []
    before = f"{label}{WITH_LABEL}" if label else ""
    for word in wanted.split()[:MOST_WORDS]:
        runs = list(_runs(word))
        for place, run in enumerate(runs):
            is_prefix = word.endswith("*") and place == len(runs) - 1
            pieces = _asked_pieces(run)
            terms += [_quoted(before + piece) for piece in pieces[:-1]]
            terms.append(_quoted(before + pieces[-1]) + (":*" if is_prefix else ""))
    return " & ".join(dict.fromkeys(terms))


def _runs(text: str) -> Iterable[str]:
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = unicodedata.normalize("NFC", plain).casefold().replace("’", "'")
    for run in _WORD.findall(plain):
        for part in _UNSPACED.split(run):
            if part:
                yield part[:LONGEST]


def _pieces(run: str) -> list[str]:
    if not _UNSPACED.fullmatch(run):
        return [run]
    return [*run, *(run[at : at + 2] for at in range(len(run) - 1))]


def _asked_pieces(run: str) -> list[str]:
    """Of an unspaced run the pairs are enough, and more exact than its characters."""
    if not _UNSPACED.fullmatch(run) or len(run) == 1:
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
