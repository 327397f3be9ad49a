"""The interval of each label's share at one stimulus: few responses, so a whole distribution is plausible.

For each label the responses are divided in two, this label and all others, and these two shares have a Dirichlet
distribution. Half a response on every single label, Jeffreys' prior of the whole table, would take the labels for about
equally common: with nine of them, ten responses and a true share of 0.9 its interval holds the truth 35 times in a
hundred, with 28 labels and 20 responses 12 times, and it may lie below the very share that was seen. Divided in two it
holds the truth 92 to 99 times, however many labels there are (`tests/analysis/statistics/test_groups_and_shares.py`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import as_label_counts
from analysis.statistics.estimate import INTERVAL, Estimate

#: Jeffreys' prior: half a response on the label, and half on all others together.
PRIOR = 0.5
DEFINITION = (
    "95 % interval of the share, from the Dirichlet distribution of this label and all others together, with Jeffreys' "
    "prior (half a response on each of the two)"
)


def share_intervals(counts: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the 95 % interval of each label's share: low and high, each (n_stimuli, n_labels), 0 to 1.

    counts: (n_stimuli, n_labels). Given the counts, a label's share and that of all others together have a
    Dirichlet(count + 1/2, other responses + 1/2) distribution; the share alone then has a Beta distribution, whose
    middle 95 % are taken. Where nobody (or everybody) chose the label the interval begins at 0 (ends at 1). nan without
    responses: a prior alone is no finding.
    Source: Berger and Bernardo (1992), Ordered Group Reference Priors with Application to the Multinomial Problem: the
        reference prior of one share of several is that of two; Brown, Cai and DasGupta (2001), Interval Estimation for
        a Binomial Proportion, sec. 4.1.
    """
    from scipy.special import betaincinv  # imported when used: it takes longer to load than all of this package

    checked = as_label_counts(counts)
    n_labels = checked.shape[1]
    n_responses = checked.sum(axis=1, keepdims=True)
    others = n_responses - checked
    # equal counts have equal intervals, and there are few different ones among many stimuli
    pairs, index = np.unique(np.stack([checked.reshape(-1), others.reshape(-1)]), axis=1, return_inverse=True)
    own, rest = pairs[0] + PRIOR, pairs[1] + PRIOR
    if n_labels == 1:
        ends = np.ones((2, pairs.shape[1]))
    else:
        tail = (1 - INTERVAL) / 2
        ends = np.stack([betaincinv(own, rest, tail), betaincinv(own, rest, 1 - tail)])
        ends[0, pairs[0] == 0] = 0.0
        ends[1, pairs[1] == 0] = 1.0
    ends[:, pairs.sum(axis=0) == 0] = np.nan
    low, high = ends[:, index.reshape(-1)].reshape(2, *checked.shape)
    return low, high


def stimulus_shares(row: Sequence[int] | NDArray[np.int64]) -> list[Estimate]:
    """Each label's share of one stimulus's responses with its interval; n is the number of responses.

    row: responses per label, (n_labels,).
    """
    checked = as_label_counts(np.asarray(row)[np.newaxis])
    n_responses = int(checked.sum())
    if n_responses == 0:
        return [Estimate(None, None, None, 0, reason="needs at least one response")] * checked.shape[1]
    low, high = share_intervals(checked)
    return [
        Estimate(int(count) / n_responses, float(low[0, label]), float(high[0, label]), n_responses, note=DEFINITION)
        for label, count in enumerate(checked[0])
    ]
