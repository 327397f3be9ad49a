"""Pieces of a table on all processors: the same results in the same order, whoever did which."""

import os
import threading

import numpy as np
import pytest

from analysis.statistics import AgreementSums, in_order
from analysis.statistics.resampling import resampled_sums


def test_results_come_in_the_order_of_the_items_and_not_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(3)))
    begun: list[int] = []
    asked = iter(in_order.in_order(lambda item: (begun.append(item), item**2)[1], range(50)))
    assert next(asked) == 0
    assert max(begun) <= 4
    assert list(asked) == [item**2 for item in range(1, 50)]
    assert list(in_order.in_order(str, [])) == []


def test_an_error_of_one_piece_is_raised_and_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(2)))
    before = threading.active_count()

    def work(item: int) -> int:
        if item == 3:
            raise ValueError("the fourth")
        return item

    with pytest.raises(ValueError, match="the fourth"):
        list(in_order.in_order(work, range(100)))
    assert threading.active_count() == before


def test_sums_are_the_same_to_the_last_bit_on_one_processor_and_on_four(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    counts = random.integers(0, 4, (9_000, 4))
    fractions = random.random((9_000, 3))
    found = []
    for n in (1, 4):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid, n=n: set(range(n)))
        sums = AgreementSums.of_counts(counts, n_resamples=20)
        found.append((sums.to_bytes(), resampled_sums(fractions, None, 20, 1).tobytes()))
    assert found[0] == found[1]
