"""Source: the validation loss by which ArtEmis' public code stops its speakers (negative log-likelihood per token)."""

import math

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate

UNKNOWN_WORDS = 10_000  # as many words as an unknown one might be: a smaller vocabulary shall be no advantage


def word_loss(losses: Array, n_words: Array, n_unknown: Array, resampling: Resampling) -> Estimate:
    """Mean negative log-probability of a word in nats; smaller is better. Its exponential is the perplexity.

    losses (N,): of every text, summed over its words; n_words (N,); n_unknown (N,): of those, how many are <unk>, each
    of which costs ln 10,000 more. The mean is over words, <eos> included, and resampling over stimuli.
    """
    rows = n_words > 0
    totals, words = (losses + n_unknown * math.log(UNKNOWN_WORDS))[rows], n_words[rows]

    def statistic(weights: Array) -> Array:
        below = weights @ words
        values: Array = np.divide(weights @ totals, below, out=np.full(len(weights), np.nan), where=below > 0)
        return values

    return estimate(statistic, resampling.of(rows))
