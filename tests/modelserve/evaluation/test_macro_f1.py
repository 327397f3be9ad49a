"""Macro-F1 over several labels per row equals counting by hand, rare labels counting as much as frequent ones."""

import numpy as np
import pytest

from modelserve.evaluation.macro_f1 import f1_of_labels, macro_f1
from modelserve.evaluation.resampling import Resampling

RANDOM = np.random.default_rng(2)
LABELS = RANDOM.random((80, 5)) < [0.5, 0.3, 0.2, 0.05, 0.0]
SAID = LABELS ^ (RANDOM.random((80, 5)) < 0.1)
SAID[:, 4] = False


def by_precision_and_recall(label: int) -> float:
    """The harmonic mean of precision and recall, counted row by row; 0 where neither has anything to count."""
    pairs = [(bool(is_so), bool(is_said)) for is_so, is_said in zip(LABELS[:, label], SAID[:, label], strict=True)]
    right = pairs.count((True, True))
    if not right:
        return 0.0
    precision = right / sum(is_said for _, is_said in pairs)
    recall = right / sum(is_so for is_so, _ in pairs)
    return 2 / (1 / precision + 1 / recall)


def test_it_is_the_mean_of_the_labels_harmonic_means() -> None:
    each = [by_precision_and_recall(label) for label in range(5)]
    assert f1_of_labels(LABELS, SAID).tolist() == pytest.approx(each)
    found = macro_f1(LABELS, SAID, Resampling(np.arange(80)))
    assert found.value == pytest.approx(sum(each) / 5)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.high < 1


def test_nothing_to_say_is_no_number() -> None:
    nothing = np.zeros((0, 3), dtype=bool)
    assert macro_f1(nothing, nothing, Resampling(np.zeros(0, np.int64))).value is None
    never = np.zeros((4, 3), dtype=bool)
    assert macro_f1(never, never, Resampling(np.arange(4))).value == 0
