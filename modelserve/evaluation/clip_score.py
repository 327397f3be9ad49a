"""Source: Hessel et al. (2021), CLIPScore: 2.5 max(cos, 0); RefCLIPScore: harmonic mean with the best reference."""

from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean

SCALE = 2.5


def clip_score(texts: Array, images: Array, resampling: Resampling) -> Estimate:
    """Mean over captions, 0 to 2.5: how well a text fits its image, by an encoder of both.

    texts, images (n, D): embeddings of each caption and of its image, of any length above 0. Only with CLIP's
    embeddings is this CLIPScore; with a listener of the study's own it is called Listener score.
    """
    return estimate(weighted_mean(clip_scores(texts, images)), resampling)


def ref_clip_score(texts: Array, images: Array, references: Sequence[Array], resampling: Resampling) -> Estimate:
    """Mean over captions of the harmonic mean of CLIPScore and the best cosine with a human text of the image.

    references (n) of (r, D): embeddings of the human texts; captions of images without any are left out.
    """
    rows = np.array([len(one) > 0 for one in references], dtype=bool)
    kept = [one for one in references if len(one)]
    if not kept:
        return Estimate(None, None, None, 0)
    own = clip_scores(texts[rows], images[rows])
    unit = _unit(texts[rows])
    best = np.array([max(float((_unit(one) @ text).max()), 0.0) for text, one in zip(unit, kept, strict=True)])
    total = own + best
    harmonic = np.divide(2 * own * best, total, out=np.zeros_like(total), where=total > 0)
    return estimate(weighted_mean(harmonic), resampling.of(rows))


def clip_scores(texts: Array, images: Array) -> Array:
    """(n,) 2.5 max(cos, 0) of each row of texts with the same row of images."""
    cosines = np.einsum("nd,nd->n", _unit(texts), _unit(images))
    scores: Array = SCALE * np.maximum(cosines, 0.0)
    return scores


def _unit(vectors: Array) -> Array:
    """Rows at length 1; a row of zeros stays one and is like nothing."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Array = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > 0)
    return unit
