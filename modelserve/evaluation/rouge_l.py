"""Source: Lin (2004), ROUGE; as the COCO caption toolkit has it (beta 1.2, best of all references)."""

import numpy as np
from rapidfuzz.distance import LCSseq

from modelserve.evaluation.captions import Captions
from modelserve.evaluation.resampling import Array, Estimate, estimate, weighted_mean
from modelserve.evaluation.subsequences import WordCodes

BETA = 1.2


def rouge_l(captions: Captions, seed: int = 0) -> Estimate:
    """Mean over captions of the F-measure of the longest common subsequence with people's texts, 0 to 1."""
    return estimate(weighted_mean(rouge_l_scores(captions)), captions.resampling(seed))


def rouge_l_scores(captions: Captions) -> Array:
    """(n,) of each caption; 0 for an empty one."""
    codes = WordCodes()
    candidates = codes.encode(captions.candidates)
    scores = np.zeros(len(captions))
    for row, (candidate, texts) in enumerate(zip(candidates, captions.references, strict=True)):
        if not candidate:
            continue
        references = codes.encode(texts)
        common = [LCSseq.similarity(candidate, reference) for reference in references]
        precision = max(common) / len(candidate)
        recall = max(
            (length / len(reference) for length, reference in zip(common, references, strict=True) if reference),
            default=0.0,
        )
        if precision and recall:
            scores[row] = (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)
    return scores
