"""Where a speaker looked for each word: a picture per word, and the same in words."""

import pytest

from analysis.attention import DARKEST, looked_words, looked_words_of


def test_the_place_that_it_looked_at_most_is_clear_and_named() -> None:
    looked = [0.0] * 16
    looked[0], looked[1], looked[15] = 0.5, 0.3, 0.2
    (word,) = looked_words(["sky"], [looked], (4, 4))
    assert word.where == "upper left, 80 %"
    assert (word.cells[0].veil, word.cells[2].veil) == (0, DARKEST)
    assert 0 < word.cells[1].veil < word.cells[15].veil < DARKEST
    assert (word.cells[5].x, word.cells[5].y, word.cells[5].width) == (25, 25, 25)


def test_the_middle_has_a_name_of_its_own() -> None:
    assert looked_words(["lake"], [[0, 0, 0, 0, 7, 0, 0, 0, 0]], (3, 3))[0].where == "centre, 100 %"
    assert looked_words(["lake"], [[0, 0, 0, 3, 0, 0, 0, 0, 1]], (3, 3))[0].where == "middle left, 75 %"


@pytest.mark.parametrize(
    "text",
    [
        {"text": "from before this was kept", "emotion": ""},
        {"words": ["a"], "attention": [[0.5, 0.5]], "grid": None},
        {"words": ["a"], "attention": [[0.5, 0.5]], "grid": [2, 2]},
        {"words": [], "looked": [], "grid": [4, 4]},
    ],
)
def test_what_has_no_square_of_places_is_not_drawn(text: dict[str, object]) -> None:
    assert looked_words_of(text) == []


def test_a_word_without_attention_is_left_out() -> None:
    assert [one.word for one in looked_words(["a", "b"], [[0, 0, 0, 0], [1, 0, 0, 0]], (2, 2))] == ["b"]
