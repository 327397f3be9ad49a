"""Source: Affection table 2 and ArtEmis' public code: share of texts with one of thirteen substrings (snapshots)."""

from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.resampling import Estimate, Resampling, estimate, weighted_mean
from snapshots.simile_marks import has_simile


def simile_share(texts: Sequence[str], resampling: Resampling) -> Estimate:
    """Share (0 to 1) of texts with a simile; nearer to people's own share is better (19.7 % in Affection)."""
    return estimate(weighted_mean(np.array([float(has_simile(text)) for text in texts])), resampling)
