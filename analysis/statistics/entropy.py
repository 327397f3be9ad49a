"""Shannon entropy of one stimulus's label distribution: plain, and corrected for having few responses.

With six responses the plain entropy of a stimulus is far too low on average: who was not asked cannot have chosen a
further label. In simulations of 9 labels (shares of stimuli Dirichlet, entropy 0.8 to 1.9 nats) it misses by -0.21 to
-0.62 nats at 6 responses, after Miller and Madow by -0.11 to -0.37, after Chao and Shen by -0.03 to +0.05 and after
Grassberger by -0.04 to +0.03, Grassberger's scatter being the smaller of the last two on most settings. So the
study's figure uses Grassberger's; Miller and Madow's is given because others print it.
`tests/analysis/statistics/test_entropy.py` repeats the simulation.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import as_label_counts


def entropy_nats(counts: ArrayLike) -> NDArray[np.float64]:
    """Entropy of the labels of each stimulus, in nats: (n_stimuli,), 0 to ln(n_labels).

    0 = everyone chose the same label. Plain plug-in: the shares are taken as they are, so with few responses it is
    too low on average. A stimulus without responses gets nan.
    Source: Shannon (1948), A Mathematical Theory of Communication, sec. 6.
    """
    counts = as_label_counts(counts)
    n_responses = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(n_responses, 1)
    # log of 1 in the empty cells: 0 * log(0) counts as 0
    terms = shares * np.log(np.where(shares > 0, shares, 1.0))
    entropy = np.abs(terms.sum(axis=1))  # the sum is never positive; abs also turns -0.0 into 0.0
    return np.where(n_responses[:, 0] > 0, entropy, np.nan)


def miller_madow_entropy_nats(counts: ArrayLike) -> NDArray[np.float64]:
    """Plain entropy plus (labels seen - 1) / (2 responses), in nats: (n_stimuli,), 0 or more; nan without responses.

    Source: Miller (1955), Note on the Bias of Information Estimates.
    """
    counts = as_label_counts(counts)
    n_responses = counts.sum(axis=1)
    correction = ((counts > 0).sum(axis=1) - 1) / (2 * np.maximum(n_responses, 1))
    return np.asarray(entropy_nats(counts) + correction, dtype=np.float64)


def grassberger_entropy_nats(counts: ArrayLike) -> NDArray[np.float64]:
    """Entropy with nearly no bias from few responses, in nats: (n_stimuli,); nan below two responses.

    Right on average over stimuli; a single stimulus's value may lie a little below 0 or above ln(n_labels).
    Source: Grassberger (2003), Entropy Estimates from Insufficient Samplings, eqs. 28 to 30 and 35.
    """
    counts = as_label_counts(counts)
    n_responses = counts.sum(axis=1)
    table = _grassberger_table()
    # beyond the table G(n) is the logarithm to 1e-8
    values = np.where(counts < len(table), table[np.minimum(counts, len(table) - 1)], np.log(np.maximum(counts, 1)))
    terms = (counts * values).sum(axis=1) / np.maximum(n_responses, 1)
    return np.where(n_responses >= 2, np.log(np.maximum(n_responses, 1)) - terms, np.nan)


def chao_shen_entropy_nats(counts: ArrayLike) -> NDArray[np.float64]:
    """Entropy corrected by the estimated share of unseen labels, in nats: (n_stimuli,); nan below two responses.

    Where every response chose a label of its own, one of them counts as seen twice, as in the authors' program.
    Source: Chao and Shen (2003), Nonparametric estimation of Shannon's index of diversity, eq. 9.
    """
    counts = as_label_counts(counts)
    n_responses = counts.sum(axis=1)
    once = (counts == 1).sum(axis=1)
    once = np.where(once == n_responses, n_responses - 1, once)
    coverage = 1 - once / np.maximum(n_responses, 1)
    shares = coverage[:, np.newaxis] * counts / np.maximum(n_responses, 1)[:, np.newaxis]
    seen = 1 - (1 - shares) ** n_responses[:, np.newaxis]
    terms = np.divide(
        shares * np.log(np.where(shares > 0, shares, 1.0)), seen, out=np.zeros_like(shares), where=seen > 0
    )
    return np.where(n_responses >= 2, np.abs(terms.sum(axis=1)), np.nan)


@lru_cache(maxsize=1)
def _grassberger_table() -> NDArray[np.float64]:
    """G(n) for n = 0 ... 4096: G(1) = -gamma - ln 2, G(2) = 2 + G(1), G(2n+1) = G(2n), G(2n+2) = G(2n) + 2/(2n+1)."""
    table = np.zeros(4097)
    table[1] = -np.euler_gamma - np.log(2)
    for n in range(2, len(table)):
        table[n] = table[n - 1] if n % 2 else table[max(n - 2, 1)] + 2 / (n - 1)
    return table
