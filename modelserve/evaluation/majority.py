"""Source: Affection's supplement (arXiv 2210.01946): 'unique strong majority', as in ArtEmis' public code."""

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.resampling import Array


def unique_strong_majority(counts: Array) -> NDArray[np.int64]:
    """The label that at least half of the responses chose and more than any other; -1 where there is none, (n,).

    This is rule 2 of the four named majority rules (docs: statistics): max >= n/2 and strictly above the runner-up.
    """
    totals = counts.sum(axis=1)
    ordered = np.sort(counts, axis=1)
    runner_up = ordered[:, -2] if counts.shape[1] > 1 else np.zeros(len(counts))
    holds = (totals > 0) & (2 * ordered[:, -1] >= totals) & (ordered[:, -1] > runner_up)
    return np.where(holds, counts.argmax(axis=1), -1)
