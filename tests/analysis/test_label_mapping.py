"""Two label sets made comparable."""

import pytest

from analysis.over_snapshots.label_mapping import common_labels
from annotation.emotions import AFFECTION
from annotation.errors import InvalidInput

OTHER = [
    {"id": "joy", "name": "Joy", "polarity": "positive"},
    {"id": "fear", "name": "Fear", "polarity": "negative"},
    {"id": "awe", "name": "Awe", "polarity": "positive"},
    {"id": "boredom", "name": "Boredom", "polarity": "negative"},
]


def test_the_labels_that_both_sets_have_are_common_and_the_others_are_named() -> None:
    found = common_labels(AFFECTION, OTHER, "same")
    assert [label["id"] for label in found.labels] == ["awe", "fear"]
    assert (found.first, found.second) == ([-1, 0, -1, -1, -1, -1, 1, -1, -1], [-1, 1, 0, -1])
    assert found.left_out == (
        ["Amusement", "Contentment", "Excitement", "Anger", "Disgust", "Sadness", "Something else"],
        ["Joy", "Boredom"],
    )
    assert not found.is_merged


def test_both_sets_merge_to_polarity() -> None:
    found = common_labels(AFFECTION, OTHER, "polarity")
    assert [label["id"] for label in found.labels] == ["positive", "negative", "else"]
    assert found.first == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    assert found.second == [0, 1, 0, 1]
    assert found.is_merged
    half = [{**OTHER[0], "polarity": None}, *OTHER[1:]]
    with pytest.raises(InvalidInput, match="polarity"):
        common_labels(AFFECTION, half, "polarity")


def test_a_written_mapping_says_which_labels_belong_together() -> None:
    written = "joyful = amusement, Contentment, excitement | joy\n\nawe=AWE\nafraid = fear\ndown = sadness | boredom"
    found = common_labels(AFFECTION, OTHER, "written", written)
    assert [label["id"] for label in found.labels] == ["joyful", "awe", "afraid", "down"]
    assert found.first == [0, 1, 0, 0, -1, -1, 2, 3, -1]
    assert found.second == [0, 2, 1, 3]
    assert [label["polarity"] for label in found.labels] == ["positive", "positive", "negative", "negative"]
    assert found.left_out == (["Anger", "Disgust", "Something else"], [])


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("awe", "Line 1, 'awe', is no mapping"),
        ("a = awe\nb = awe | joy", "Line 2: 'awe' is in another line"),
        ("a = awe\na = fear", "Line 2: 'a' stands there twice"),
        ("a = envy | joy", "no label 'envy' on that side; it has amusement"),
        ("a = awe | envy", "no label 'envy' on that side; it has joy"),
        ("a = awe | joy | fear", "is no mapping"),
        ("a = awe", "fewer than two labels"),
        ("x = " + "é" * 900, "longer than 1500 bytes"),
    ],
)
def test_a_mapping_with_errors_says_where(written: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        common_labels(AFFECTION, OTHER, "written", written)


def test_sets_with_nothing_in_common_are_not_compared() -> None:
    with pytest.raises(InvalidInput, match="fewer than two labels"):
        common_labels(AFFECTION, [{"id": "x"}, {"id": "y"}], "same")
    with pytest.raises(InvalidInput, match="must be one of"):
        common_labels(AFFECTION, OTHER, "magic")
