"""Source: Kullback and Leibler (1951); the loss of ArtEmis' and Affection's image classifiers."""

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean

LEAST_PROBABILITY = 1e-8  # a network that calls an emotion impossible is punished by 18 nats, not by infinity


def kl_divergence_per_row(counts: Array, predicted: Array) -> Array:
    """KL(people || network) in nats, (n,): 0 = the network answers exactly as people did. Rows need a response."""
    people = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log(np.where(people > 0, people, 1.0)) - np.log(np.maximum(predicted, LEAST_PROBABILITY))
    return (people * logs).sum(axis=1)  # type: ignore[no-any-return]


def kl_divergence(counts: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """The mean of KL(people || network) over rows that have a response, in nats; smaller is better."""
    rows = counts.sum(axis=1) > 0
    return estimate(weighted_mean(kl_divergence_per_row(counts[rows], predicted[rows])), resampling.of(rows))
