"""Parts of speech of English words, in the universal tag set."""

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

TAGS = ("NONE", "NOUN", "PRON", "ADJ", "ADP", "VERB", "ADV", "DET", "CONJ", "NUM", "PRT", "X")
"""NONE = not tagged, since the text is not English. Source: Petrov, Das and McDonald, A Universal Part-of-Speech
Tagset, LREC 2012; punctuation has no place here, as words carry none."""

NONE, NOUN, PRON, ADJ, ADP, VERB = range(6)
NAMES = {"NOUN": "nouns", "PRON": "pronouns", "ADJ": "adjectives", "ADP": "adpositions", "VERB": "verbs"}

_NOUN_AFTER_IS_VERB = frozenset(("TO", "MD"))
_SUBJECTS = frozenset(("i", "we", "you", "they"))
_BY_PREFIX = {"NN": "NOUN", "JJ": "ADJ", "VB": "VERB", "RB": "ADV", "PR": "PRON"}
_BY_TAG = {
    "CC": "CONJ", "CD": "NUM", "DT": "DET", "EX": "DET", "IN": "ADP", "MD": "VERB", "PDT": "DET", "POS": "PRT",
    "RP": "PRT", "TO": "PRT", "WDT": "DET", "WP": "PRON", "WP$": "PRON", "WRB": "ADV",
}  # fmt: skip


@cache
def _tagger() -> Any:
    from textblob import en

    # its reader leaves the file to be closed by the interpreter, which Python would warn of
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        len(en.lexicon)
    return en.parser


def tag(words: Sequence[str]) -> list[int]:
    """A place in TAGS for each word of one English text.

    Pattern's tagger with the lexicon that comes with TextBlob, and two of Brill's contextual rules: what is tagged as
    a noun is a verb after `to` and modal verbs, and after I, we, you and they. ArtEmis and Affection used NLTK's
    perceptron, whose weights are not in any package: counts differ by some hundredths per text, mostly in words that
    are both noun and verb.
    Source: De Smedt and Daelemans, Pattern for Python, JMLR 13 (2012); Brill, A simple rule-based part of speech
    tagger, ANLP 1992.
    """
    if not words:
        return []
    tags, before, word_before = [], "", ""
    for word, penn in _tagger().find_tags(list(words)):
        if penn == "NN" and (before in _NOUN_AFTER_IS_VERB or word_before in _SUBJECTS):
            penn = "VB"
        tags.append(_universal(penn))
        before, word_before = penn, word
    return tags


@cache
def _universal(penn: str) -> int:
    return TAGS.index(_BY_TAG.get(penn) or _BY_PREFIX.get(penn[:2], "X"))
