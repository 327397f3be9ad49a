"""Source: Affection table 2, ClipDivCos: mean cosine of CLIP's text embeddings over all pairs of captions."""

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate


def clip_div_cos(texts: Array, resampling: Resampling) -> Estimate:
    """-1 to 1, smaller = captions differ more in what they say.

    texts (n, D): embeddings of length above 0. Pairs of two different captions only: one that a resample draws twice
    is not compared with itself. Only with CLIP's embeddings is this ClipDivCos. No value for fewer than two captions.
    """
    if len(texts) < 2:
        return Estimate(None, None, None, 0)
    lengths = np.linalg.norm(texts, axis=1, keepdims=True)
    unit = np.divide(texts, lengths, out=np.zeros(texts.shape), where=lengths > 0)
    squares = (unit**2).sum(axis=1)

    def statistic(weights: Array) -> Array:
        # Over all ordered pairs the cosines sum to the square of the summed vectors; the pairs of one are taken out.
        summed = weights @ unit
        products = (summed**2).sum(axis=1) - weights**2 @ squares
        pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
        means: Array = np.divide(products, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
        return means

    return estimate(statistic, resampling)
