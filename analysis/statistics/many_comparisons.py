"""P values of many comparisons at once, put right so that chance alone seldom makes a finding.

Two corrections, each for its purpose: `holm` where each single claim must hold (groups and labels: the chance of even
one false claim stays at 5 %), `benjamini_hochberg` where a long list is searched for candidates to look at (stimuli: of
those listed, at most 5 % on average are there by chance).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def holm(p_values: ArrayLike) -> Numbers:
    """Adjusted p values, (n,): reject where at most 0.05, and the chance of any false rejection is at most 0.05.

    nan (a comparison that could not be made) stays nan and does not count. No assumption about dependence.
    Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.
    Raises ValueError for numbers outside 0 to 1.
    """
    values, made, order = _ranked(p_values)
    n = len(order)
    steps = np.maximum.accumulate(values[made][order] * (n - np.arange(n)))
    return _in_place(values, made, order, steps)


def benjamini_hochberg(p_values: ArrayLike) -> Numbers:
    """Adjusted p values, (n,): of those at most 0.05, at most one in twenty is false on average.

    nan stays nan and does not count. Holds for independent comparisons and those that depend positively.
    Source: Benjamini and Hochberg (1995), Controlling the False Discovery Rate, eq. 1.
    Raises ValueError for numbers outside 0 to 1.
    """
    values, made, order = _ranked(p_values)
    n = len(order)
    scaled = values[made][order] * n / np.arange(1, n + 1)
    steps = np.minimum.accumulate(scaled[::-1])[::-1]
    return _in_place(values, made, order, steps)


def _ranked(p_values: ArrayLike) -> tuple[Numbers, NDArray[np.bool_], NDArray[np.intp]]:
    values = np.asarray(p_values, dtype=np.float64).reshape(-1)
    made = ~np.isnan(values)
    outside = values[made][(values[made] < 0) | (values[made] > 1)]
    if len(outside):
        raise ValueError(f"A p value is from 0 to 1; got {outside[0]}. Nothing was corrected.")
    return values, made, np.argsort(values[made], kind="stable")


def _in_place(values: Numbers, made: NDArray[np.bool_], order: NDArray[np.intp], steps: Numbers) -> Numbers:
    found = np.full(len(values), np.nan)
    among = np.empty(len(order))
    among[order] = np.minimum(steps, 1.0)
    found[made] = among
    return found
