"""Source: ArtEmis' public code, basic production statistics: how long captions are and how many words they use."""

from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.captions import Tokens
from modelserve.evaluation.resampling import Estimate, Resampling, estimate, weighted_mean


def mean_length(captions: Sequence[Tokens], resampling: Resampling) -> Estimate:
    """Mean number of tokens of a caption."""
    return estimate(weighted_mean(np.array([float(len(tokens)) for tokens in captions])), resampling)


def distinct_tokens(captions: Sequence[Tokens]) -> Estimate:
    """How many different tokens all captions use together; a count of this set, so without an interval.

    Grows with the number of captions: compare like with like.
    """
    if not captions:
        return Estimate(None, None, None, 0)
    return Estimate(float(len({token for tokens in captions for token in tokens})), None, None, len(captions))
