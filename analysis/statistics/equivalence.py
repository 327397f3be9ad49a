"""Is there a difference, and if not: is there surely none worth naming?

A test that finds nothing has not shown that there is nothing. Two one-sided tests (TOST) ask the other question: is the
difference, with its uncertainty, smaller than the smallest one that would matter to the researcher (the margin)? With
both answers there are four things to say, and 'cannot tell' is one of them.

Source: Schuirmann (1987), A Comparison of the Two One-Sided Tests Procedure and the Power Approach; Lakens (2017),
Equivalence Tests: A Practical Primer.
"""

import math
from dataclasses import dataclass

from analysis.statistics.estimate import INTERVAL

ALPHA = 1 - INTERVAL

DIFFER = "differ"
DIFFER_LITTLE = "differ_little"
SAME = "same"
CANNOT_TELL = "cannot_tell"
VERDICTS = (DIFFER, DIFFER_LITTLE, SAME, CANNOT_TELL)


@dataclass(frozen=True)
class Difference:
    """A difference with what one must know to judge it.

    value, low, high: the difference and its 95 % interval. standard_error, degrees: of Student's t behind both.
    p: of no difference at all, two-sided. p_equivalence: of a difference at least as large as the margin (TOST).
    All but n None where it is not defined; reason then says why. n: shared stimuli it rests on.
    """

    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    degrees: float | None
    p: float | None
    p_equivalence: float | None
    n: int
    reason: str | None = None


def difference(value: float, standard_error: float, degrees: float, *, margin: float, n: int) -> Difference:
    """The difference judged by Student's t. margin: above 0, in the unit of the value. degrees: at least 1.

    Raises ValueError otherwise, or where the standard error is not above 0.
    """
    from scipy.special import stdtr, stdtrit  # imported when used: it takes longer to load than all of this package

    if not (margin > 0 and degrees >= 1 and standard_error > 0 and math.isfinite(value)):
        raise ValueError(
            "A difference is judged by a margin above 0, a standard error above 0 and at least one degree of freedom; "
            f"got {margin}, {standard_error}, {degrees}. Nothing was computed."
        )
    reach = float(stdtrit(degrees, (1 + INTERVAL) / 2)) * standard_error
    p = 2 * float(stdtr(degrees, -abs(value) / standard_error))
    # the larger of the two one-sided p values: against 'at or below -margin' and 'at or above +margin'
    p_equivalence = float(stdtr(degrees, (abs(value) - margin) / standard_error))
    return Difference(value, value - reach, value + reach, standard_error, degrees, min(p, 1.0), p_equivalence, n)


def undefined(n: int, reason: str, value: float | None = None) -> Difference:
    return Difference(value, None, None, None, None, None, None, n, reason)


def verdict(p: float | None, p_equivalence: float | None, alpha: float = ALPHA) -> str:
    """What may be said, from both p values, corrected or not: one of VERDICTS.

    differ: there is a difference, and it may well matter. differ_little: there is one, and it is smaller than the
    margin. same: no difference worth naming. cannot_tell: neither was shown; more responses or people are needed.
    """
    is_there = p is not None and not math.isnan(p) and p <= alpha
    is_small = p_equivalence is not None and not math.isnan(p_equivalence) and p_equivalence <= alpha
    if is_there:
        return DIFFER_LITTLE if is_small else DIFFER
    return SAME if is_small else CANNOT_TELL
