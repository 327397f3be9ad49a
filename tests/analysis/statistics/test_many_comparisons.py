"""Corrections for many comparisons and tests of equivalence, against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from analysis.statistics.equivalence import CANNOT_TELL, DIFFER, DIFFER_LITTLE, SAME, difference, verdict
from analysis.statistics.many_comparisons import benjamini_hochberg, holm


@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_both_corrections_equal_statsmodels(n: int) -> None:
    random = np.random.default_rng(n)
    p = np.minimum(random.random(n) ** 3, 1)
    p[: n // 3] = p[0]  # ties
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], atol=1e-12)


def test_a_comparison_that_could_not_be_made_does_not_count() -> None:
    p = np.array([0.01, np.nan, 0.04])
    for correct, other in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        found = correct(p)
        assert np.isnan(found[1])
        np.testing.assert_allclose(found[[0, 2]], multipletests(p[[0, 2]], method=other)[1])
    assert len(holm([])) == 0
    assert np.isnan(holm([np.nan])).all()


def test_a_number_that_is_no_p_value_is_refused() -> None:
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1"):
            holm([0.5, wrong])


def test_difference_and_equivalence_equal_statsmodels_two_samples() -> None:
    random = np.random.default_rng(7)
    first, second = random.normal(0.3, 1, 40), random.normal(0.2, 1, 40)
    compared = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    t, p, degrees = compared.ttest_ind()
    value = first.mean() - second.mean()
    found = difference(value, value / t, degrees, margin=0.5, n=40)
    assert found.p == pytest.approx(p, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(compared.tconfint_diff(), abs=1e-12)
    assert found.p_equivalence == pytest.approx(compared.ttost_ind(-0.5, 0.5)[0], abs=1e-12)


def test_there_are_four_things_to_say() -> None:
    assert verdict(0.01, 0.4) == DIFFER
    assert verdict(0.01, 0.01) == DIFFER_LITTLE
    assert verdict(0.4, 0.01) == SAME
    assert verdict(0.4, 0.4) == CANNOT_TELL
    assert verdict(None, float("nan")) == CANNOT_TELL


@pytest.mark.parametrize(("error", "degrees", "margin"), [(0.0, 5, 0.1), (0.1, 0, 0.1), (0.1, 5, 0.0)])
def test_a_difference_that_cannot_be_judged_is_refused(error: float, degrees: int, margin: float) -> None:
    with pytest.raises(ValueError, match="Nothing was computed"):
        difference(0.1, error, degrees, margin=margin, n=10)
