"""How well the best possible network would do on a generated world, and how much of that a network misses.

Source: Bayes' rule on the world's own chances. No network that sees the same can do better on average.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from modelserve.world.elements import Array
from modelserve.world.world import World


def image_distributions(world: World, indices: Sequence[int]) -> Array:
    """(n, K) what the best network that sees the images would answer: the true distributions."""
    return np.array([world.distribution(index) for index in indices]).reshape(len(indices), len(world.labels))


def text_distributions(world: World, texts: Sequence[str]) -> Array:
    """(n, K) what the best network that reads the texts alone would answer.

    Raises ValueError naming a text that is none of the world's grammar, about which nothing is known.
    """
    found = np.zeros((len(texts), len(world.labels)))
    for row, text in enumerate(texts):
        chances = world.label_given_text(text)
        if chances is None:
            raise ValueError(f"Text {row} is no text of the generated world: {text[:80]!r}.")
        found[row] = chances
    return found


def divergence(true: Array, predicted: Array) -> Array:
    """(n,) KL(true || predicted) in nats; 0 for the best possible network. Rows sum to 1; 0 log 0 = 0.

    Infinite where the prediction rules out what happens.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(true > 0, true * (np.log(true) - np.log(predicted)), 0.0)
    found: Array = terms.sum(axis=1)
    return found


def divergence_gap(true: Array, predicted: Array, average: Array) -> float:
    """The share of what can be learnt that a network misses: 0 = the best possible, 1 = it knows the average only.

    Mean KL(true || predicted) over mean KL(true || average); average (K,): people's answers overall, which is the best
    answer of a network that does not look. Above 1 = worse than not looking. Both are 0 above the best possible, whose
    divergence from the true distribution is 0. nan where every image has the average's distribution.
    """
    by_average = divergence(true, np.tile(average, (len(true), 1))).mean()
    return float(divergence(true, predicted).mean() / by_average) if by_average > 0 else float("nan")


def divergence_of_answers(true: Array, n_responses: int) -> Array:
    """(n,) expected KL(answers || true) of the shares of n independent answers: what is left for the best network.

    A network that is measured with n answers per image cannot be expected to come below the mean of this, since the
    answers scatter. Exact, by the binomial distribution of each label's count.
    """
    counts = np.arange(1, n_responses + 1)
    shares = counts / n_responses
    plain = shares * np.log(shares)  # 0 log 0 = 0, so a count of 0 adds nothing
    chances = binom.pmf(counts, n_responses, true[:, :, None])  # (n, K, counts)
    own = (chances * plain).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = np.where(true > 0, true * np.log(true), 0.0).sum(axis=1)
    left: Array = own - crossed
    return left


@dataclass(frozen=True, slots=True)
class BestAccuracy:
    """Expected share of answers that the best guess names; standard_error of its mean over these images or texts."""

    value: float
    standard_error: float


def best_accuracy(chances: Array) -> BestAccuracy:
    """Bayes accuracy of naming one person's label, from (n, K) true chances."""
    best = chances.max(axis=1)
    return BestAccuracy(float(best.mean()), float(best.std() / np.sqrt(max(len(best), 1))))


def best_listener_hits(world: World, texts: Sequence[str], own: Sequence[int], others: NDArray[np.int64]) -> Array:
    """(n,) whether the best listener finds each text's image among its distractors: 1, 0, or 1 / ties.

    own (n): index of each text's image; others (n, k): indices of its distractors. The best listener knows
    P(text | image) exactly; texts that it cannot tell apart leave it to chance.
    """
    hits = np.zeros(len(texts))
    scenes = {index: world.scene(index) for index in {*own, *others.ravel().tolist()}}
    for row, (text, target) in enumerate(zip(texts, own, strict=True)):
        said = world.read(text)
        if said is None:
            hits[row] = 1.0 / (1 + others.shape[1])
            continue
        likelihood = world.likelihoods.text_given_scene
        mine = likelihood(said, scenes[target])
        theirs = np.array([likelihood(said, scenes[index]) for index in others[row].tolist()])
        if not (theirs > mine).any():
            hits[row] = 1.0 / (1 + int((theirs == mine).sum()))
    return hits
