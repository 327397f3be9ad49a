"""Copies of a text with a few changed words, found with certainty: what is counted, what is kept, what is looked up.

What counts as changed. What two texts share is the longest series of words that stands in both in the same order
(their longest common subsequence); the longer text's other words are changed: `changed_words`. So a word that was
substituted, inserted, deleted or moved elsewhere counts as one, and two words that changed places count as one. This is
never more than the edit distance of the words (Levenshtein), so whatever lies within that distance is found as well.

The guarantee. Of two texts with FEWEST_WORDS words or more, one is found to be near the other if at most three words
were changed and more than half of the longer one's words were kept (`most_changes`): 2 words of 5 or 6, 3 from 7 on.

Why nothing is missed. Texts are bags of words here; a word's second occurrence is a word of its own. Of n words, in an
order that all texts share (`Order`), the first k + 2 are taken, with k = most_changes(n): the rarest. If two texts have
all but k of the longer one's words in common, then at least two of these are the same (prefix filtering with two
matches: Surajit Chaudhuri, Venkatesh Ganti, Raghav Kaushik, A Primitive Operator for Similarity Joins in Data Cleaning,
ICDE 2006; Jiannan Wang, Guoliang Li, Jianhua Feng, Can We Beat the Prefix Filtering?, SIGMOD 2012). So each text is
kept under every pair of its k + 2 words, six or ten pairs, and whoever looks up a new text's pairs meets it. By the
same argument texts with at most t changed words meet in a pair of the first t + 2.

Why it is cheap. Two rare words stand together in few texts. Any shared order is right, whatever it is made of; one by
how often words are used keeps 'it makes me feel' out of the pairs wherever there is anything else. And of the texts
that share a pair only those are read that have about as many words, in nearly the same of 64 classes (`signature`): one
changed word moves two at most.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from rapidfuzz.distance import LCSseq

FEWEST_WORDS = 5  # of a text that is compared with other people's
MOST_CHANGES = 3
LONGEST_TEXT = 400  # words that are looked at; what comes after them is not compared, so the guarantee ends at 397

# One sign of a script that puts no spaces between words is a word of its own: Chinese characters, kana, Thai, Lao,
# Khmer, Myanmar.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ASCII_WORD = re.compile("[a-z0-9]+")
# don't = dont = don’t; ـ (tatweel) only stretches an Arabic word
_DROPPED = {ord(sign): None for sign in "'’‘ʼ`´ـ"}
_SIGNED = 1 << 63
_MASK = (1 << 64) - 1
_AGAIN = 0xD6E8FEB86659FD93


def words_of(text: str) -> list[str]:
    """The words that are compared: NFKC, without case, punctuation, apostrophes, and the vowel signs of Arabic.

    Letters keep their accents ('été' is not 'ete'). In Chinese and other scripts without spaces each sign is a word.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower().replace("'", "").replace("`", ""))[:LONGEST_TEXT]
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_DROPPED)
    if max(plain, default="") >= "\u0600":
        plain = "".join(sign for sign in plain if not ("\u0610" <= sign <= "\u06ed" and unicodedata.combining(sign)))
    return _WORD.findall(plain)[:LONGEST_TEXT]


def is_unspaced(word: str) -> bool:
    """Whether it is a sign of a script without spaces."""
    return _IS_UNSPACED.match(word) is not None


def digest_of(words: Sequence[str]) -> bytes:
    """16 bytes that tell one sequence of words from all others."""
    return blake2b(" ".join(words).encode(), digest_size=16).digest()


def most_changes(n_words: int) -> int:
    """Up to how many words of a text with `n_words` words may be changed: so many that more than half are kept."""
    return min(MOST_CHANGES, (n_words - 1) // 2) if n_words >= FEWEST_WORDS else 0


def most_changes_between(n_words: int, n_other: int) -> int:
    """How many changed words make one a copy of the other: `most_changes` of the longer; 0 where one is too short."""
    return most_changes(max(n_words, n_other)) if min(n_words, n_other) >= FEWEST_WORDS else 0


def changed_words(one: Sequence[str], other: Sequence[str], most: int) -> int:
    """Words of the longer text that are not in the other in the same order; most + 1 where it is more."""
    return int(LCSseq.distance(one, other, score_cutoff=most))


def is_same_writing(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a text that its writer changed is still the same, some words aside: within what makes a copy."""
    most = most_changes_between(len(before), len(after))
    return changed_words(before, after, most) <= most


@lru_cache(maxsize=200_000)
def _class_of(word: str) -> int:
    return 1 << (blake2b(word.encode(), digest_size=1).digest()[0] & 63)


def signature(words: Sequence[str]) -> int:
    """Which of 64 classes the words fall into, as the bits of a signed number.

    Two texts that differ by k words differ in at most 2 k bits.
    """
    bits = 0
    for word in words:
        bits |= _class_of(word)
    return bits - (1 << 64) if bits >= _SIGNED else bits


@lru_cache(maxsize=200_000)
def _number_of(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")


def numbers_of(words: Sequence[str]) -> list[int]:
    """64 bits for each word, in order; its second and further occurrences have numbers of their own."""
    numbers = [_number_of(word) for word in words]
    if len(set(words)) == len(words):
        return numbers
    seen: dict[int, int] = {}
    for place, number in enumerate(numbers):
        before = seen.get(number, 0)
        seen[number] = before + 1
        if before:
            numbers[place] = (number + before * _AGAIN) & _MASK
    return numbers


@dataclass(frozen=True)
class Order:
    """An order of all words there are, the rarest first: unknown ones, by their numbers, then those of `ranks`.

    id: what tells the pairs of this order from those of others, of other studies too. ranks: number of a word -> place
    from the rarest, 0, to the most used.
    """

    id: int
    ranks: dict[int, int] = field(default_factory=dict)

    def rarest(self, words: Sequence[str]) -> list[int]:
        """The numbers of the `most_changes` + 2 first words in this order; [] for a text that is too short."""
        n_words = len(words)
        if n_words < FEWEST_WORDS:
            return []
        rank = self.ranks.get
        ordered = sorted((rank(number, -1), number) for number in numbers_of(words))
        return [number for _, number in ordered[: most_changes(n_words) + 2]]

    def pairs(self, words: Sequence[str]) -> list[int]:
        """Hashes of the pairs of `rarest`, signed 64 bits: of the first two words, then those with the third, ..."""
        salt = (self.id * 0x9E3779B97F4A7C15) & _MASK
        rarest = self.rarest(words)
        mixed = [(number * 0xC2B2AE3D27D4EB4F) & _MASK for number in rarest]
        return [
            ((((mixed[late] ^ salt) + rarest[early]) & _MASK) * 0xFF51AFD7ED558CCD & _MASK) - _SIGNED
            for late in range(1, len(rarest))
            for early in range(late)
        ]


def n_pairs(most: int) -> int:
    """How many of the first `pairs` meet every text with at most `most` changed words."""
    return (most + 2) * (most + 1) // 2


def usual_numbers(texts: Iterable[Sequence[str]], least: int) -> list[int]:
    """Numbers of the words that these texts use `least` times or more, the rarest first: what an order is made of."""
    counts: dict[int, int] = {}
    for words in texts:
        for number in numbers_of(words):
            counts[number] = counts.get(number, 0) + 1
    return sorted((number for number, n in counts.items() if n >= least), key=lambda number: (counts[number], number))
