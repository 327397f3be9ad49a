"""How well images will be known with more responses, and how many the stopping rule would ask for: for planning.

The rule is that of interval_width.py and top_up.py, unchanged: an image has enough when the widest 95 % Wilson interval
of its labels' shares is at most `width`, or when it has the most it may get. What is new here is only the speed: every
number of responses at once, for every shape of counts once.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import as_label_counts
from analysis.statistics.interval_width import widest_interval
from analysis.statistics.wilson import Z

Numbers = NDArray[np.float64]
#: No rule may ask for more (annotation/services/top_up.py).
MOST = 1_000


def wilson_widths(n_chosen: Numbers, n: Numbers) -> Numbers:
    """As interval_width, for whole arrays; n above 0."""
    share = n_chosen / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    widths: Numbers = np.minimum(1.0, centre + half) - np.maximum(0.0, centre - half)
    return widths


def shapes_of(counts: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different rows of counts, each sorted, largest first, and how many stimuli have each."""
    checked = np.sort(as_label_counts(counts), axis=1)[:, ::-1]
    rows, n_stimuli = np.unique(checked, axis=0, return_counts=True)
    return rows.astype(np.int64), n_stimuli.astype(np.int64)


def totals_needed(row: Sequence[int] | NDArray[np.int64], widths: Iterable[float]) -> list[int]:
    """With how many responses in all one image is known to each width, its shares staying as they are; MOST where not
    even that many are enough. What it has, where it is known already.

    Equal to n + expected_further(row, width=..., most=MOST) of interval_width.py. An image without responses needs
    MOST: nothing is known of its shares.
    """
    counts = np.asarray(row, dtype=np.int64)
    n = int(counts.sum())
    wanted = list(widths)
    if n == 0:
        return [MOST for _ in wanted]
    now = widest_interval(counts.tolist())
    totals = np.arange(n + 1, MOST)
    shares = np.unique(counts) / n
    # Python's and NumPy's rounding are both half to even, so both rules round alike
    chosen = np.round(shares[:, np.newaxis] * totals)
    later = wilson_widths(chosen, totals[np.newaxis].astype(np.float64)).max(axis=0)
    found = []
    for width in wanted:
        if now <= width:
            found.append(n)
            continue
        enough = np.flatnonzero(later <= width)
        found.append(int(totals[enough[0]]) if len(enough) else max(MOST, n))
    return found


def expected_widths(shares: ArrayLike, n: int) -> Numbers:
    """The expected width of the 95 % Wilson interval of each share with n responses, (n_shares,), 0 to 1.

    shares: the true ones, 0 to 1. n: from 1.
    """
    from scipy.stats import binom  # imported when used: it takes longer to load than all of this package

    true = np.asarray(shares, dtype=np.float64).reshape(-1, 1)
    if n < 1 or (true < 0).any() or (true > 1).any():
        raise ValueError(f"Shares are from 0 to 1 and responses from 1; got n = {n}. Nothing was computed.")
    outcomes = np.arange(n + 1)
    widths = wilson_widths(outcomes.astype(np.float64), np.full(n + 1, float(n)))
    expected: Numbers = binom.pmf(outcomes, n, true) @ widths
    return expected


def expected_widest(rows: NDArray[np.int64], n_stimuli: NDArray[np.int64], n: int) -> tuple[float, float, float] | None:
    """The expected width of the label that is known least, with n responses: mean, 10th and 90th percentile of images.

    rows, n_stimuli: from `shapes_of`; images without responses are left out, None if there are no others. Each image's
    true shares are taken to be those of its responses with one more response that all labels share alike, since with
    few responses the plain shares are more extreme than the true ones. Half a response on each label would, with 28 of
    them, take every image for a mixed one, and foretell widths that are a fifth too small.
    Source: Perks (1947), Some Observations on Inverse Probability Including a New Indifference Rule.
    """
    answered = rows.sum(axis=1) > 0
    if not answered.any():
        return None
    used, weight = rows[answered], n_stimuli[answered]
    shares = (used + 1 / used.shape[1]) / (used.sum(axis=1, keepdims=True) + 1)
    different, place = np.unique(shares, return_inverse=True)
    widths = expected_widths(different, n)[place.reshape(shares.shape)].max(axis=1)
    order = np.argsort(widths)
    until = weight[order].cumsum() / weight.sum()
    tenth, ninetieth = (float(widths[order][min(np.searchsorted(until, at), len(order) - 1)]) for at in (0.1, 0.9))
    return float((widths * weight).sum() / weight.sum()), tenth, ninetieth
