"""Source: ArtEmis' public code and Affection table 2: does a text carry the emotion that people felt at its image?"""

import numpy as np

from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean

LEAST_PROBABILITY = 1e-12  # a classifier that is surely wrong costs 27.6 nats, not infinity


def emotion_alignment_accuracy(read: Array, counts: Array, resampling: Resampling) -> Estimate:
    """Share (0 to 1) of captions that a text network reads as the emotion most people felt.

    read (n, K): its probabilities of each caption; counts (n, K): people's answers to the caption's image. Only images
    with a unique strong majority (at least half of the answers and more than any other: rule 2).
    """
    majority = unique_strong_majority(counts)
    rows = majority >= 0
    right = read[rows].argmax(axis=1) == majority[rows]
    return estimate(weighted_mean(right.astype(np.float64)), resampling.of(rows))


def emotion_alignment_cross_entropy(read: Array, counts: Array, resampling: Resampling) -> Estimate:
    """Mean cross-entropy, in nats, of the text network's probabilities against people's distribution; smaller = nearer.

    All captions whose image has an answer; read (n, K), counts (n, K) as above.
    """
    answers = counts.sum(axis=1)
    rows = answers > 0
    shares = counts[rows] / answers[rows, None]
    losses = -(shares * np.log(np.maximum(read[rows], LEAST_PROBABILITY))).sum(axis=1)
    return estimate(weighted_mean(losses), resampling.of(rows))
