"""What counts as a word for the explorer, and what a search for words asks the database."""

import pytest

from analysis.search_words import index_words, search_query, search_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The DOG's café!", {"the", "dog's", "cafe"}),
        ("don’t", {"don't"}),
        ("1,000 ways-out", {"1", "000", "ways", "out"}),
        ("Straße", {"strasse"}),
        ("مَرْحَبًا", {"مرحبا"}),
        ("한국", {"한국"}),
        ("看狗 dog", {"看", "狗", "看狗", "dog"}),
        ("", set()),
        ("… !! ~ _", set()),
        ("x" * 500, {"x" * 60}),
    ],
)
def test_words_of_a_text(text: str, words: set[str]) -> None:
    assert search_words(text) == words


def test_each_word_stands_alone_and_with_its_label() -> None:
    assert index_words([("awe", "big sky"), ("fear", "big"), ("", "odd")]) == [
        "awe~big", "awe~sky", "big", "fear~big", "odd", "sky",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "label", "query"),
    [
        ("dog", "", "'dog'"),
        ("Dog cat", "fear", "'fear~dog' & 'fear~cat'"),
        ("dog*", "", "'dog':*"),
        ("看见狗", "", "'看见' & '见狗'"),
        ("狗", "", "'狗'"),
        ("o'hara", "", "'o''hara'"),
        ("' | !x:* \\", "", "'x':*"),
        ("dog dog", "", "'dog'"),
        ("a b c d e f g h i j", "", " & ".join(f"'{letter}'" for letter in "abcdefgh")),
        ("!!!", "", ""),
        ("*", "", ""),
    ],
)
def test_a_search_asks_for_all_words_and_for_nothing_else(wanted: str, label: str, query: str) -> None:
    assert search_query(wanted, label) == query
