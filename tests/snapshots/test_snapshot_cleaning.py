"""Cleaning: words as Affection's preprocessing makes them, in any script, and stable vocabularies."""

from collections import Counter

import pytest

from snapshots.cleaning import SPECIAL_TOKENS, EnglishSpelling, Vocabulary, tokens_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("The DOG -- is happy!!", ["the", "dog", "is", "happy"]),
        ("I can\u2019t, won't; it's", ["i", "can", "not", "will", "not", "it", "is"]),
        ("the dog's tail", ["the", "dog", "tail"]),
        ("well-made, snake_case", ["well", "made", "snake", "case"]),
        ("\u00c9T\u00c9 3.5 \U0001f600", ["\u00e9t\u00e9", "3", "5"]),
        ("\u72ac\u304c\u597d\u304d", ["\u72ac\u304c\u597d\u304d"]),
        # marks belong to their letter: Hindi's vowel signs, Arabic's harakat, an accent typed for itself
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902!",
            ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u092e\u0947\u0902"],
        ),
        ("\u062c\u064e\u0645\u0650\u064a\u0644", ["\u062c\u064e\u0645\u0650\u064a\u0644"]),
        ("cafe\u0301, na\u00efve", ["caf\u00e9", "na\u00efve"]),
        ("\u2764\ufe0f \U0001f469\u200d\U0001f4bb 1\ufe0f\u20e3 love", ["1", "love"]),
        ("\u0301 snake_e\u0301", ["snake", "\u00e9"]),
    ],
)
def test_texts_become_words(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


def test_spelling_is_corrected_by_one_edit_and_known_words_are_kept() -> None:
    spelling = EnglishSpelling({"blorpy", "beautifull"})
    assert spelling.correct("hapiness") == "happiness"
    assert spelling.correct("beautifull") == "beautifull"
    assert EnglishSpelling().correct("beautifull") == "beautiful"
    assert [spelling.correct(word) for word in ("dog", "xqzv", "blorpy", "h\u00e4ppy", "4ever", "happy")] == [
        "dog", "xqzv", "blorpy", "h\u00e4ppy", "4ever", "happy",
    ]  # fmt: skip


def test_a_vocabulary_starts_with_special_tokens_and_orders_by_count() -> None:
    vocabulary = Vocabulary.from_counts(Counter(a=5, b=7, c=7, d=4))
    assert vocabulary.words == (*SPECIAL_TOKENS, "b", "c", "a")
    assert vocabulary.encode(["a", "d", "b"]) == [1, 6, 3, 4, 2]
    assert vocabulary.decode([1, 6, 3, 4, 2, 0, 0]) == ["a", "<unk>", "b"]
    assert Vocabulary.from_texts([["x", "y"], ["x"]], min_count=2).words == (*SPECIAL_TOKENS, "x")
