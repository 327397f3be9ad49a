"""Single stimuli on which two sides answered differently, searched among all that have enough answers on each side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.counts import LabelCounts
from analysis.statistics.many_comparisons import benjamini_hochberg
from analysis.statistics.resampling import DEFAULT_SEED

Numbers = NDArray[np.float64]
N_DRAWS = 9_999
#: Only the stimuli that the quick test finds suspicious are tested by exchanging answers, at most so many.
MOST_DRAWN = 2_000


@dataclass(frozen=True)
class ApartStimuli:
    """One entry per stimulus with enough answers on both sides, (n,) each.

    row: of the counts given. distance: the share of one side's answers that would have to change to give the other
    side's shares, 0 to 1 (total variation; chance alone makes it larger than 0). p: that nothing but chance made the
    two sides differ. p_corrected: Benjamini-Hochberg over all of these stimuli.
    """

    row: NDArray[np.int64]
    distance: Numbers
    p: Numbers
    p_corrected: Numbers

    def first(self, n: int) -> list[int]:
        """Places of the n least likely to be chance, the larger distance first in a tie."""
        return [int(place) for place in np.lexsort((self.row, -self.distance, self.p))[:n]]


def apart_stimuli(counts: LabelCounts, *, least: int, seed: int = DEFAULT_SEED) -> ApartStimuli:
    """counts: (2, n_stimuli, n_labels). least: answers that a stimulus needs on each side, 2 or more.

    Everybody answers a stimulus once, so exchanging answers between the sides says what chance does: p is (1 + k) /
    (1 + draws) over tables with the same margins, ordered by Pearson's chi-square. Stimuli whose chi-square alone gives
    p above 0.05 keep that one.
    Source: Agresti (2013), Categorical Data Analysis, sec. 16.5 (exact inference for tables, by Monte Carlo).
    """
    from scipy.special import chdtrc  # imported when used: it takes longer to load than all of this package

    kept = np.flatnonzero((counts.sum(axis=2) >= max(least, 2)).all(axis=0)) if counts.size else np.zeros(0, np.int64)
    used = counts[:, kept]
    sizes = used.sum(axis=2).astype(np.float64)  # (2, n)
    if not len(kept):
        nothing = np.zeros(0)
        return ApartStimuli(kept, nothing, nothing, nothing)
    shares = used / sizes[:, :, np.newaxis]
    distance: Numbers = np.abs(shares[0] - shares[1]).sum(axis=1) / 2
    together = used.sum(axis=0)
    squares = chi_square(used[0], together, sizes[0])
    degrees = np.maximum((together > 0).sum(axis=1) - 1, 1)
    p = np.where((together > 0).sum(axis=1) > 1, chdtrc(degrees, squares), 1.0)
    random = np.random.default_rng(seed)
    suspicious = np.argsort(p, kind="stable")[: min(MOST_DRAWN, int((p <= 0.05).sum()))]
    for place in suspicious:
        drawn = random.multivariate_hypergeometric(together[place], int(sizes[0, place]), size=N_DRAWS)
        larger = chi_square(drawn, together[place][np.newaxis], sizes[0, place]) >= squares[place] - 1e-9
        p[place] = (1 + int(larger.sum())) / (1 + N_DRAWS)
    return ApartStimuli(kept, distance, p, benjamini_hochberg(p))


def chi_square(first: NDArray[np.int64], together: NDArray[np.int64], n_first: Numbers | float) -> Numbers:
    """Pearson's, of two rows that add up to `together`: (n,). first, together: (n, n_labels); n_first: (n,) or one."""
    n_first = np.asarray(n_first, dtype=np.float64)
    total = together.sum(axis=1).astype(np.float64)
    share = n_first / total
    expected = together * (share[..., np.newaxis] if share.ndim else share)
    off = np.divide((first - expected) ** 2, together, out=np.zeros(np.shape(expected + first)), where=together > 0)
    # of one row; the other row's is the same numbers over its own share
    found: Numbers = off.sum(axis=-1) / (share * (1 - share))
    return found
