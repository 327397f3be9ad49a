"""Source: Papineni et al. (2002), BLEU; closest reference length and the smoothing of the COCO caption toolkit."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.captions import LONGEST_NGRAM, Captions
from modelserve.evaluation.resampling import Array, Estimate, estimate

# What the COCO caption toolkit adds so that nothing is divided by zero.
SMALL, TINY = 1e-9, 1e-15


def bleu(captions: Captions, seed: int = 0) -> list[Estimate]:
    """BLEU-1 to BLEU-4 of the whole set, each 0 to 1, higher = more runs of words shared with people.

    Of the corpus, not the mean of sentences: an interval resamples images and adds their counts up anew.
    """
    counts = bleu_counts(captions)

    def statistic_of(n: int) -> Callable[[Array], Array]:
        return lambda weights: corpus_bleu(weights @ counts)[:, n]

    return [estimate(statistic_of(n), captions.resampling(seed)) for n in range(LONGEST_NGRAM)]


def bleu_counts(captions: Captions) -> Array:
    """(n, 10) per caption: its length, the closest reference's length (of two as close the shorter), then n-grams that
    match and n-grams in all, for n = 1 to 4."""
    counts: NDArray[np.float64] = np.zeros((len(captions), 2 + 2 * LONGEST_NGRAM))
    for row, (tokens, found, references) in enumerate(
        zip(captions.candidates, captions.candidate_ngrams, captions.reference_ngrams, strict=True)
    ):
        length = len(tokens)
        lengths = [len(reference) for reference in captions.references[row]]
        counts[row, 0] = length
        counts[row, 1] = min((abs(other - length), other) for other in lengths)[1]
        for run, times in found.items():
            most = max(reference[run] for reference in references)
            counts[row, 1 + len(run)] += min(times, most)
        for n in range(1, LONGEST_NGRAM + 1):
            counts[row, 1 + LONGEST_NGRAM + n] = max(length - n + 1, 0)
    return counts


def corpus_bleu(totals: Array) -> Array:
    """(R, 4) BLEU-1 to 4 from (R, 10) summed counts."""
    lengths, reference_lengths = totals[:, 0], totals[:, 1]
    matching, in_all = totals[:, 2 : 2 + LONGEST_NGRAM], totals[:, 2 + LONGEST_NGRAM :]
    precisions = (matching + TINY) / (in_all + SMALL)
    means = np.cumprod(precisions, axis=1) ** (1 / np.arange(1, LONGEST_NGRAM + 1))
    ratio = (lengths + TINY) / (reference_lengths + SMALL)
    brevity = np.where(ratio < 1, np.exp(1 - 1 / ratio), 1.0)
    scores: Array = means * brevity[:, None]
    return scores
