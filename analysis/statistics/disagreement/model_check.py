"""Whether the answers look as the model says: how many different labels a stimulus has."""

from dataclasses import dataclass
from itertools import combinations
from math import lgamma

import numpy as np

from analysis.statistics.disagreement.likelihood import Answering, Floats, Patterns, log_likelihood

#: Off by more than this share of stimuli, and by more than chance may do, the model is not believed.
MOST_OFF = 0.05
MOST_ERRORS = 4.0


@dataclass(frozen=True)
class ModelCheck:
    """Among the stimuli with n answers (the most common number): the share with one label, with two, with more.

    observed, expected: those three. holds: whether none is off too far.
    """

    n_answers: int
    n_stimuli: int
    observed: tuple[float, float, float]
    expected: tuple[float, float, float]
    holds: bool

    @property
    def worst(self) -> str:
        """The figure that is off most, in words."""
        names = ("one label only", "two labels", "three labels or more")
        at = int(np.argmax(np.abs(np.subtract(self.observed, self.expected))))
        return (
            f"of the stimuli with {self.n_answers} answers {100 * self.observed[at]:.0f} % have {names[at]}, "
            f"where the model expects {100 * self.expected[at]:.0f} %"
        )


def check_model(patterns: Patterns, answering: Answering) -> ModelCheck:
    """Of the most common number of answers, from three on."""
    n = patterns.counts.sum(axis=1)
    sizes = np.bincount(n, weights=patterns.times, minlength=4)
    sizes[:3] = 0
    size = int(np.argmax(sizes))
    own = n == size
    different = (patterns.counts[own] > 0).sum(axis=1)
    n_stimuli = float(patterns.times[own].sum())
    one = float(patterns.times[own][different == 1].sum() / n_stimuli)
    two = float(patterns.times[own][different == 2].sum() / n_stimuli)
    expected_one, expected_two = _one_and_two(answering, size)
    observed = (one, two, 1 - one - two)
    expected = (expected_one, expected_two, 1 - expected_one - expected_two)
    off = np.abs(np.subtract(observed, expected))
    errors = np.sqrt(np.maximum(np.multiply(expected, np.subtract(1, expected)), 1e-9) / n_stimuli)
    holds = not bool(((off > MOST_OFF) & (off > MOST_ERRORS * errors)).any())
    return ModelCheck(size, int(n_stimuli), observed, expected, holds)


def _one_and_two(answering: Answering, size: int) -> tuple[float, float]:
    """The chance that all answers have one label, and that they have two."""
    k = answering.a.size
    alone = size * np.eye(k, dtype=np.int64)
    mixed, ways = [], []
    for one, other in combinations(range(k), 2):
        for n_one in range(1, size):
            row = np.zeros(k, dtype=np.int64)
            row[one], row[other] = n_one, size - n_one
            mixed.append(row)
            ways.append(lgamma(size + 1) - lgamma(n_one + 1) - lgamma(size - n_one + 1))
    single = float(np.exp(_chances(alone, answering)).sum())
    double = float(np.exp(_chances(np.array(mixed), answering) + np.array(ways)).sum()) if mixed else 0.0
    return single, double


def _chances(counts: np.ndarray, answering: Answering) -> Floats:
    patterns = Patterns(counts, np.ones(len(counts)), np.arange(len(counts)))
    return log_likelihood(patterns, answering)[0]
