"""95 % intervals hold the truth 93 to 97 times in a hundred: the short form of bench/interval_coverage.py.

400 tries have a standard error of 1.1 %, so the mean over a kind's figures has to be within 93 to 97 % and each figure
within what that many tries may scatter (90.5 to 99.5 %). The live figures: test_resampling.py.
"""

import numpy as np
import pytest

from bench.interval_coverage import coverage_of_formulas, coverage_of_resampling, grade_study, grades, set_study, sets

TRIES = 400


@pytest.mark.parametrize(("draw", "measure"), [(grade_study, grades), (set_study, sets)], ids=["grades", "sets"])
def test_resampled_intervals_of_grades_and_sets(draw: object, measure: object) -> None:
    shares = coverage_of_resampling(draw, measure, 60, TRIES)  # type: ignore[arg-type]
    assert 0.93 <= np.mean(list(shares.values())) <= 0.97, shares
    assert all(0.905 <= share <= 0.995 for share in shares.values()), shares


def test_intervals_by_formula() -> None:
    """One share, the shares at one stimulus, judges, and two annotators."""
    shares = coverage_of_formulas(TRIES)
    assert len(shares) == 5
    assert 0.93 <= np.mean(list(shares.values())) <= 0.97, shares
    assert all(0.905 <= share <= 0.995 for share in shares.values()), shares
