"""The reference game by hand, and its edges."""

import numpy as np
import pytest

from modelserve.evaluation.listener_accuracy import listener_accuracy, listener_hits
from modelserve.evaluation.resampling import Resampling
from modelserve.evaluation.word_loss import UNKNOWN_WORDS, word_loss

OWN = np.arange(12)


def test_a_perfect_listener_finds_all_and_a_deaf_one_guesses() -> None:
    points = np.eye(12)
    assert listener_hits(points, points, OWN).tolist() == [1.0] * 12
    deaf = listener_hits(np.ones((12, 12)), np.ones((12, 12)), OWN)
    assert deaf == pytest.approx(1 / 11)


def test_hits_are_what_the_drawing_gives() -> None:
    """One text is nearer to one other image: it misses exactly where that one is drawn."""
    images = np.eye(12)
    texts = images[:1] + 2 * images[5:6]
    hits = listener_hits(texts, images, np.array([0]), k=3, seeds=range(400))
    assert float(hits[0]) == pytest.approx(1 - 3 / 11, abs=0.07)
    assert listener_hits(texts, images, np.array([0]), k=11, seeds=(0,)).tolist() == [0.0]


def test_images_that_are_the_same_are_told_apart_by_luck_alone() -> None:
    random = np.random.default_rng(1)
    images = np.tile(random.normal(size=48), (30, 1))
    texts = random.normal(size=(400, 48))
    assert listener_hits(texts, images, random.integers(0, 30, 400)) == pytest.approx(1 / 11)


def test_many_texts_are_heard_as_a_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    images, texts, own = random.normal(size=(40, 8)), random.normal(size=(100, 8)), random.integers(0, 40, 100)
    at_once = listener_hits(texts, images, own)
    monkeypatch.setattr("modelserve.evaluation.listener_accuracy.CELLS_AT_ONCE", 600)
    assert listener_hits(texts, images, own).tolist() == at_once.tolist()


def test_too_few_images_allow_no_game() -> None:
    points = np.eye(5)
    assert listener_accuracy(points, points, np.arange(5), Resampling(np.arange(5))).value is None
    empty = listener_accuracy(np.zeros((0, 12)), np.eye(12), np.zeros(0, dtype=np.int64), Resampling(np.zeros(0)))
    assert empty.n == 0
    with pytest.raises(ValueError, match="10 distractors need at least 11 images; there are 5"):
        listener_hits(points, points, np.arange(5))


def test_word_loss_is_per_word_and_an_unknown_word_costs_more() -> None:
    groups = Resampling(np.array([0, 0, 1]))
    found = word_loss(np.array([2.0, 4.0, 6.0]), np.array([2.0, 4.0, 2.0]), np.array([0.0, 0.0, 1.0]), groups)
    assert found.value == pytest.approx((12 + np.log(UNKNOWN_WORDS)) / 8)
    assert found.n == 3
    assert word_loss(np.zeros(0), np.zeros(0), np.zeros(0), Resampling(np.zeros(0))).value is None
