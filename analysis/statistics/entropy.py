"""Shannon entropy of one stimulus's label distribution."""

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.counts import LabelCounts


def entropy_nats(counts: LabelCounts) -> NDArray[np.float64]:
    """Entropy of the labels of each stimulus, in nats: (n_stimuli,), 0 to ln(n_labels).

    0 = everyone chose the same label. Plain plug-in: the shares are taken as they are, so with few responses it is
    too low on average. A stimulus without responses gets nan.
    Source: Shannon (1948), A Mathematical Theory of Communication, sec. 6.
    """
    n_responses = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(n_responses, 1)
    # log of 1 in the empty cells: 0 * log(0) counts as 0
    terms = shares * np.log(np.where(shares > 0, shares, 1.0))
    entropy = np.abs(terms.sum(axis=1))  # the sum is never positive; abs also turns -0.0 into 0.0
    return np.where(n_responses[:, 0] > 0, entropy, np.nan)
