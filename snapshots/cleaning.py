"""Explanations as networks read them: plain words, corrected spelling, numbers of a vocabulary.

Source: Affection's preprocessed file and ArtEmis' preprocessing: lower case, quotation marks made plain,
contractions expanded, punctuation to spaces, tokens between spaces; SymSpell with edit distance 1 for tokens
that are not known words; words seen fewer than 5 times in the training split become <unk>. Their tables of
hand-made corrections are not public in Affection's case and not used.
"""

import importlib.resources
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

SPECIAL_TOKENS = ("<pad>", "<sos>", "<eos>", "<unk>")

_PLAIN = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
_CONTRACTIONS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\bcan't\b", "can not"),
        (r"\bcannot\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"\bshan't\b", "shall not"),
        (r"\blet's\b", "let us"),
        (r"\b(it|he|she|that|there|here|what|who|where|how)'s\b", r"\1 is"),
        (r"n't\b", " not"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"'m\b", " am"),
        (r"'s\b", ""),  # a genitive: the owner is the word, as punctuation is removed
    )
)
_NOT_WORD = re.compile(r"[^\w]|_")


def tokens_of(text: str) -> list[str]:
    """The words of a text: lower case, contractions expanded, no punctuation. Any script; no spelling changed.

    Marks that belong to the letter before them (vowel signs, accents, the harakat of Arabic) stay in the word, and a
    letter with its accent is one character however it was typed. Scripts that do not write spaces between words
    (Chinese, Japanese, Thai) are not cut: a word there is what stands between punctuation.
    Source: Unicode Standard Annex 29, rule WB4 (marks and joiners do not end a word); Annex 15 (NFC).
    """
    is_plain = text.isascii()
    plain = (text if is_plain else unicodedata.normalize("NFC", text)).lower().translate(_PLAIN)
    if "'" in plain:
        for pattern, words in _CONTRACTIONS:
            plain = pattern.sub(words, plain)
    plain = plain.replace("'", " ")
    if not is_plain and _mark().search(plain):
        return _marked_word().findall(plain)
    return _NOT_WORD.sub(" ", plain).split()


@cache
def _mark() -> re.Pattern[str]:
    """A mark that belongs to the letter before it, or a joiner. What chooses the look of a symbol (emoji) is none."""
    points = [0x200C, 0x200D]
    for point in range(0x300, 0x1F000):
        if unicodedata.category(chr(point)) in ("Mn", "Mc") and not 0xFE00 <= point <= 0xFE0F:
            points.append(point)
    spans = []
    for _, group in itertools.groupby(enumerate(sorted(points)), lambda pair: pair[1] - pair[0]):
        run = [point for _, point in group]
        spans.append(f"{chr(run[0])}-{chr(run[-1])}")
    return re.compile(f"[{''.join(spans)}]")


@cache
def _marked_word() -> re.Pattern[str]:
    return re.compile(rf"[^\W_](?:[^\W_]|{_mark().pattern})*")


@cache
def _dictionary() -> Any:
    # Imported late and kept: it takes about a second to load, and most users never correct spelling.
    from symspellpy import SymSpell

    dictionary = SymSpell(max_dictionary_edit_distance=1, prefix_length=7)
    path = importlib.resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    with importlib.resources.as_file(path) as file:
        dictionary.load_dictionary(file, term_index=0, count_index=1, encoding="utf-8")
    return dictionary


class EnglishSpelling:
    """Corrects English tokens by at most one edit (insert, delete, change or swap of letters).

    known_words: words that are right as they are besides the dictionary's, such as names in a study.
    Only tokens of at least `min_length` letters a to z are corrected; the most frequent of the nearest
    dictionary words wins. Corrections are remembered, one entry per distinct token.
    """

    def __init__(self, known_words: Collection[str] = (), *, min_length: int = 4) -> None:
        self._known = frozenset(known_words)
        self._min_length = min_length
        self._corrected: dict[str, str] = {}

    def correct(self, token: str) -> str:
        """The token, or the dictionary word it was most likely meant to be."""
        if token in self._known or len(token) < self._min_length or not (token.isascii() and token.isalpha()):
            return token
        if token not in self._corrected:
            from symspellpy import Verbosity

            found = _dictionary().lookup(token, Verbosity.TOP, max_edit_distance=1)
            self._corrected[token] = found[0].term if found else token
        return self._corrected[token]


def is_english(language: str) -> bool:
    """Whether a text of this language tag is read as English: 'en', 'en-gb', and where no language is known."""
    return language.lower().replace("_", "-").partition("-")[0] in ("en", "und", "")


def spelled_tokens(text: str, language: str, spelling: EnglishSpelling) -> list[str]:
    """The words of a text, their spelling corrected where the text is English or of unknown language."""
    tokens = tokens_of(text)
    return [spelling.correct(token) for token in tokens] if is_english(language) else tokens


@dataclass(frozen=True)
class Vocabulary:
    """The words a network knows, each with its number: the special tokens first, then words by falling count.

    words: all of them; a word's place is its number. Words of equal count stand in alphabetical order, so
    the same texts always give the same numbers.
    """

    words: tuple[str, ...]

    @classmethod
    def from_counts(cls, counts: Counter[str], *, min_count: int = 5) -> "Vocabulary":
        """The words that were counted at least `min_count` times."""
        kept = sorted((word for word, n in counts.items() if n >= min_count), key=lambda word: (-counts[word], word))
        return cls((*SPECIAL_TOKENS, *kept))

    @classmethod
    def from_texts(cls, texts: Iterable[Sequence[str]], *, min_count: int = 5) -> "Vocabulary":
        """The words of tokenised texts that appear at least `min_count` times in all."""
        counts: Counter[str] = Counter()
        for tokens in texts:
            counts.update(tokens)
        return cls.from_counts(counts, min_count=min_count)

    @cached_property
    def number_of(self) -> dict[str, int]:
        """{word: number}."""
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """<sos>, the words' numbers (<unk> for what is not in the vocabulary), <eos>; not padded."""
        unknown = self.number_of["<unk>"]
        numbers = [self.number_of.get(token, unknown) for token in tokens]
        return [self.number_of["<sos>"], *numbers, self.number_of["<eos>"]]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The words of an encoded text, without <pad>, <sos> and <eos>."""
        silent = {self.number_of[token] for token in ("<pad>", "<sos>", "<eos>")}
        return [self.words[number] for number in numbers if number not in silent]
