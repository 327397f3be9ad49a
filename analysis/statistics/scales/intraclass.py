"""Intraclass correlation: how much of the spread of ratings is between stimuli rather than between raters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import INTERVAL, Estimate

NO_SPREAD = "needs at least two stimuli, two ratings of each, and ratings that differ"
#: A mean square that is so small a part of another one is 0, rounded.
NOTHING = 1e-20
SAME_MEANS = "all stimuli have the same mean, so the reliability of means has no lower end"


@dataclass(frozen=True)
class IccForm:
    """One form: which design it is for, and whether it speaks of one rating or of the mean of all of a stimulus."""

    name: str
    definition: str
    two_way: bool
    consistency: bool
    averaged: bool


ICC_FORMS: Mapping[str, IccForm] = {
    form.name: form
    for form in (
        IccForm("1,1", "one rating; each stimulus was rated by other people", False, False, False),
        IccForm("2,1", "one rating; the same people, of many, rated all; absolute agreement", True, False, False),
        IccForm("3,1", "one rating; the same people rated all; consistency, whatever their levels", True, True, False),
        IccForm("1,k", "the mean of a stimulus's ratings; each was rated by other people", False, False, True),
        IccForm("2,k", "the mean of all people's ratings, drawn from many; absolute agreement", True, False, True),
        IccForm("3,k", "the mean of these people's ratings; consistency", True, True, True),
    )
}


def intraclass_correlation(ratings: ArrayLike, form: str = "2,1") -> Estimate:
    """The intraclass correlation of one form of ICC_FORMS: 1 = raters agree fully, 0 or below = not at all.

    ratings: (n_stimuli, n_raters), nan where missing. For the forms 1 the columns need not be the same people, and each
        stimulus may have another number of ratings (two or more); for the forms 2 and 3 each column is one person, and
        only stimuli that all of them rated are used. n is the number of stimuli used.
    The 95 % interval is the one from F distributions (normal ratings assumed), not from resampling; with missing
    ratings it takes the mean number of ratings and is approximate. Not given where the stimuli do not differ.
    The forms of means (k) have no lower bound: below 0 says that stimuli differ less than chance alone would make them.
    Source: Shrout and Fleiss (1979), Intraclass Correlations: Uses in Assessing Rater Reliability; intervals: McGraw
        and Wong (1996), Forming inferences about some intraclass correlation coefficients, table 7.
    Raises ValueError for an unknown form, an array that is not two-dimensional, or an endless rating.
    """
    if form not in ICC_FORMS:
        raise ValueError(f"Unknown form '{form}'; there are {', '.join(ICC_FORMS)}. Nothing was computed.")
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"A table of stimuli by raters is needed; got shape {table.shape}. Nothing was computed.")
    if np.isinf(table).any():
        raise ValueError("Ratings must be finite numbers, nan where one is missing. Nothing was computed.")
    wanted = ICC_FORMS[form]
    known = ~np.isnan(table)
    table = table[known.all(axis=1) if wanted.two_way else known.sum(axis=1) >= 2]
    # compared, not subtracted: rounding would leave a spread among equal numbers
    if len(table) < 2 or table.shape[1] < 2 or np.nanmin(table) == np.nanmax(table):
        return Estimate(None, None, None, len(table), reason=NO_SPREAD)
    found = _two_way(table, wanted) if wanted.two_way else _one_way(table)
    if found is None:
        return Estimate(None, None, None, len(table), reason=NO_SPREAD)
    value, low, high, n_ratings = found
    if wanted.averaged:
        value, low, high = (_averaged(number, n_ratings) for number in (value, low, high))
    if not np.isfinite(value):
        return Estimate(None, None, None, len(table), reason=SAME_MEANS)
    note = f"ICC({form}): {wanted.definition}; interval from F distributions"
    if not np.isfinite([low, high]).all():
        return Estimate(value, None, None, len(table), note=note)
    least = -np.inf if wanted.averaged else -1.0
    return Estimate(value, min(max(low, least), value), min(max(high, value), 1.0), len(table), note=note)


def _averaged(one: float, n_ratings: float) -> float:
    """Spearman-Brown: the reliability of the mean of so many ratings; -inf where the means do not differ at all."""
    below = 1 + (n_ratings - 1) * one
    return n_ratings * one / below if below > 1e-12 else -np.inf


def _one_way(table: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    known = ~np.isnan(table)
    sizes = known.sum(axis=1)
    n_stimuli, total = len(table), int(sizes.sum())
    means = np.nansum(table, axis=1) / sizes
    grand = float(np.nansum(table) / total)
    n_ratings = (total - (sizes**2).sum() / total) / (n_stimuli - 1)
    between = float((sizes * (means - grand) ** 2).sum() / (n_stimuli - 1))
    within = float(np.nansum((table - means[:, np.newaxis]) ** 2) / (total - n_stimuli))
    if between + within <= 0:
        return None
    value = (between - within) / (between + (n_ratings - 1) * within)
    if within <= 0:
        return value, value, value, float(n_ratings)
    if between <= NOTHING * within:
        return value, np.nan, np.nan, float(n_ratings)
    ratio = between / within
    low, high = _f_ends(ratio, n_stimuli - 1, total - n_stimuli)
    return value, (low - 1) / (low + n_ratings - 1), (high - 1) / (high + n_ratings - 1), float(n_ratings)


def _two_way(table: NDArray[np.float64], wanted: IccForm) -> tuple[float, float, float, float] | None:
    n, k = table.shape
    grand = table.mean()
    rows = float(k * ((table.mean(axis=1) - grand) ** 2).sum() / (n - 1))
    columns = float(n * ((table.mean(axis=0) - grand) ** 2).sum() / (k - 1))
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + grand
    error = float((rest**2).sum() / ((n - 1) * (k - 1)))
    if rows + columns + error <= 0:
        return None
    if wanted.consistency:
        value = (rows - error) / (rows + (k - 1) * error) if rows + error > 0 else None
    else:
        value = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    if value is None:
        return None
    if error <= 1e-12 * rows and (wanted.consistency or columns <= 1e-12 * rows):
        # without any error the formulas have no degrees of freedom: the value stands alone
        return value, value, value, float(k)
    if rows <= NOTHING * (error if wanted.consistency else columns + error):
        return value, np.nan, np.nan, float(k)
    if wanted.consistency:
        low, high = _f_ends(rows / error, n - 1, (n - 1) * (k - 1))
        return value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1), float(k)
    return (value, *_absolute_ends(rows, columns, error, n, k, value), float(k))


def _absolute_ends(rows: float, columns: float, error: float, n: int, k: int, value: float) -> tuple[float, float]:
    from scipy.stats import f as f_distribution

    share = (1 + INTERVAL) / 2
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    degrees = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    lower = float(f_distribution.ppf(share, n - 1, degrees))
    upper = float(f_distribution.ppf(share, degrees, n - 1))
    rest = k * columns + (k * n - k - n) * error
    low = n * (rows - lower * error) / (lower * rest + n * rows)
    high = n * (upper * rows - error) / (rest + n * upper * rows)
    return low, high


def _f_ends(ratio: float, first: int, second: int) -> tuple[float, float]:
    from scipy.stats import f as f_distribution

    share = (1 + INTERVAL) / 2
    return ratio / float(f_distribution.ppf(share, first, second)), ratio * float(
        f_distribution.ppf(share, second, first)
    )
