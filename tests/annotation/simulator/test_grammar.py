"""Explanations name something visible, keep to the study's limits and vary."""

import itertools

import pytest

from annotation.simulator import grammar
from annotation.simulator.grammar import Style, TextLimits, explanation, with_typo
from annotation.simulator.random_streams import stream
from snapshots.simile_marks import SIMILE_MARKS

THINGS = ("striped kitten", "wooden floor")
ANY_LENGTH = TextLimits()


def write(label, *, number=0, target=19, simile=False, typo=False, tidy=True, limits=ANY_LENGTH, things=THINGS):
    polarity = label["polarity"] if label and label["polarity"] else "else"
    return explanation(label, things, polarity, Style(target, simile, typo, tidy), limits, stream("test", number))


def has_simile(text):
    return any(mark in text.lower() for mark in SIMILE_MARKS)


def test_every_emotion_has_words_of_its_own(affection):
    for label in affection:
        texts = {write(label, number=number) for number in range(60)}
        assert len(texts) > 55
        assert all("kitten" in text or "floor" in text for text in texts)


@pytest.mark.parametrize("target", [12, 19, 30, 45])
def test_texts_come_out_near_the_length_aimed_at(affection, target):
    lengths = [len(write(affection[n % 9], number=n, target=target).split()) for n in range(300)]
    assert sum(lengths) / 300 == pytest.approx(target, abs=1)
    assert len(set(lengths)) > 4


def test_a_text_holds_a_simile_exactly_when_asked(affection):
    for number, target in itertools.product(range(100), (4, 19, 40)):
        label = affection[number % 9]
        assert has_simile(write(label, number=number, target=target, simile=True))
        assert not has_simile(write(label, number=number, target=target, simile=False))


@pytest.mark.parametrize(
    "limits",
    [
        TextLimits(0, 2000),
        TextLimits(300, 400),
        TextLimits(900, 1000),
        TextLimits(1, 25),
        TextLimits(40, 40),
        TextLimits(0, 1),
    ],
)
def test_texts_are_never_empty_and_keep_the_limits(affection, limits):
    for number, target in itertools.product(range(50), (3, 19, 60)):
        for simile in (True, False):
            text = write(affection[number % 9], number=number, target=target, simile=simile, limits=limits)
            assert text.strip()
            assert limits.min_characters <= len(text) <= limits.max_characters
            assert text == text.strip()


def test_limits_that_nothing_can_meet_are_refused():
    with pytest.raises(ValueError, match="min_characters"):
        TextLimits(min_characters=10, max_characters=5)


def test_a_label_that_is_no_known_emotion_is_quoted():
    texts = [write({"id": "x", "name": "Not {safe} for work", "polarity": None}, number=number) for number in range(30)]
    assert all('"Not {safe} for work"' in text for text in texts)


def test_a_text_without_a_label_is_written_too():
    assert "kitten" in write(None) or "floor" in write(None)


def test_a_single_thing_is_enough(affection):
    assert "moon" in write(affection[1], things=("moon",), target=30)


def test_tidy_texts_have_capitals_and_a_full_stop_and_others_have_neither(affection):
    tidy, untidy = write(affection[0], tidy=True), write(affection[0], tidy=False)
    assert tidy[0].isupper()
    assert tidy.endswith(".")
    assert untidy == untidy.lower()
    assert not untidy.endswith(".")


def test_a_slip_changes_one_longer_word_only():
    text = "I saw the striped kitten"
    changed = {with_typo(text, stream("slip", number)) for number in range(200)}
    assert text not in changed or len(changed) > 10
    for slipped in changed:
        different = [a for a, b in zip(text.split(), slipped.split(), strict=True) if a != b]
        assert len(different) <= 1
        assert set(different) <= {"striped", "kitten"}
    assert with_typo("I am not", stream("slip")) == "I am not"


def test_no_piece_holds_a_simile_but_the_similes():
    for pieces in (
        *grammar._OPENINGS_OF.values(),
        *grammar._REASONS_OF.values(),
        grammar._OPENINGS,
        grammar._DETAILS,
        grammar._CLOSINGS,
    ):
        assert not any(has_simile(piece) for piece in pieces)
    assert all(has_simile(piece) for pieces in grammar._SIMILES_OF.values() for piece in pieces)
