"""Source: Affection table 2 and ArtEmis' public code: distinct captions over captions, and what is produced most."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.resampling import Estimate, Resampling, estimate, weighted_mean


def unique_productions(texts: Sequence[str], resampling: Resampling) -> Estimate:
    """Distinct captions / captions, 0 to 1, higher = more varied.

    A caption that was produced m times counts 1/m each time, so the mean is the share; resampling these shares does
    not make captions look repeated only because they were drawn twice. Depends on how many captions there are:
    compare like with like.
    """
    times = Counter(texts)
    return estimate(weighted_mean(np.array([1.0 / times[text] for text in texts])), resampling)


def most_common_share(texts: Sequence[str], resampling: Resampling) -> Estimate:
    """Share (0 to 1) of captions that are the one produced most; of several as frequent, the first in the alphabet."""
    if not texts:
        return Estimate(None, None, None, 0)
    common = most_common(texts)
    return estimate(weighted_mean(np.array([float(text == common) for text in texts])), resampling)


def most_common(texts: Sequence[str]) -> str:
    """The caption produced most; of several as frequent, the first in the alphabet. Empty where there is none."""
    return min(Counter(texts).items(), key=lambda item: (-item[1], item[0]), default=("", 0))[0]
