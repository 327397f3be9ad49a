"""Intervals where answers of one stimulus, and answers of one person, depend on each other.

The delete-a-group jackknife: the stimuli are dealt into groups, each group is left out once, and the spread of what is
found then tells the variance. The same with people, and with single answers, which both of the others hold:
variance = by stimuli + by people - by answers.

Source: Kott (2001), The Delete-a-Group Jackknife; for two ways of dependence Cameron, Gelbach and Miller (2011), Robust
Inference with Multiway Clustering, sec. 2.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.disagreement.votes import Floats, Votes
from analysis.statistics.estimate import INTERVAL

N_STIMULUS_GROUPS = 60
N_PEOPLE_GROUPS = 30  # each costs a reading of all answers; 30 tell a standard error to some 13 %
#: Fewer people than this cannot stand for others: intervals then hold for these people and other stimuli.
LEAST_PEOPLE = 10
#: The variance is at least this share of that by stimuli alone, and of that by people alone. Of 1, intervals of small
#: parts held the truth 98 times in a hundred; without it, 88 (docs/benchmarks.md).
LEAST_OF_EITHER = 0.85

#: (answers to keep (n,), stimuli kept (n_stimuli,) or None, the share left) -> the figures
Without = Callable[[NDArray[np.bool_], NDArray[np.bool_] | None, float], Floats]


@dataclass(frozen=True, eq=False)
class Spread:
    """error: (n_figures,) standard errors, nan where there is none. freedom: degrees of freedom of their t."""

    error: Floats
    freedom: int

    def interval(self, at: int, value: float, *, by_factors: bool = False) -> tuple[float | None, float | None]:
        """Both None where there is no standard error.

        Of what is never below 0 the spread grows with the value, so an estimate that came out too small also seems
        too sure: the interval is made on the square root, where the spread hardly depends on the value, and squared
        (Bartlett, 1936, The Square Root Transformation in Analysis of Variance). by_factors: on the logarithm, for what
        the likelihood tells, since there the spread grows as the value itself does (docs/benchmarks.md), where the
        value is at least twice its error. Where it is not even as large as its error it stays plain.
        """
        error = float(self.error[at])
        if not np.isfinite(error):
            return None, None
        from scipy.special import stdtrit  # here: SciPy is slow to load, and few need it

        reach = float(stdtrit(self.freedom, (1 + INTERVAL) / 2)) * error
        if by_factors and value > 2 * error:
            factor = math.exp(reach / value)
            return value / factor, value * factor
        if value <= error:
            return value - reach, value + reach
        root = math.sqrt(value)
        low, high = root - reach / (2 * root), root + reach / (2 * root)
        return max(low, 0.0) ** 2, high**2


def two_way_spread(votes: Votes, without: Without, *, seed: int, progress: Callable[[int, int, str], None]) -> Spread:
    """without: computes the figures of what is left."""
    random = np.random.default_rng([seed, 1])
    stimuli, people = np.unique(votes.stimulus), np.unique(votes.annotator)
    n_stimulus_groups = min(N_STIMULUS_GROUPS, len(stimuli))
    by_people = len(people) >= LEAST_PEOPLE
    n_people_groups = min(N_PEOPLE_GROUPS, len(people)) if by_people else 0
    n_answer_groups = min(N_PEOPLE_GROUPS, votes.n) if by_people else 0
    n_runs = n_stimulus_groups + n_people_groups + n_answer_groups
    done = 0

    def variance(n_groups: int, group: NDArray[np.int64], of_stimuli: NDArray[np.int64] | None) -> Floats:
        nonlocal done
        found = []
        for left_out in range(n_groups):
            progress(done, n_runs, "intervals")
            keep = group != left_out
            kept_stimuli = None if of_stimuli is None else of_stimuli != left_out
            share = float(keep.mean()) if kept_stimuli is None else float(kept_stimuli[stimuli].mean())
            found.append(without(keep, kept_stimuli, share))
            done += 1
        table = np.array(found)
        spread: Floats = (n_groups - 1) / n_groups * ((table - table.mean(axis=0)) ** 2).sum(axis=0)
        return spread

    if n_stimulus_groups < 2:
        return Spread(np.full_like(without(np.ones(votes.n, bool), None, 1.0), np.nan), 1)
    stimulus_group = np.zeros(votes.n_stimuli, dtype=np.int64)
    stimulus_group[stimuli] = random.permutation(len(stimuli)) % n_stimulus_groups
    total = variance(n_stimulus_groups, stimulus_group[votes.stimulus], stimulus_group)
    if by_people:
        person_group = np.zeros(votes.n_annotators, dtype=np.int64)
        person_group[people] = random.permutation(len(people)) % n_people_groups
        of_people = variance(n_people_groups, person_group[votes.annotator], None)
        of_answers = variance(n_answer_groups, random.permutation(votes.n) % n_answer_groups, None)
        # the difference of two estimates may stray far below either; the share was set by simulated coverage
        total = np.maximum(LEAST_OF_EITHER * np.maximum(total, of_people), total + of_people - of_answers)
        return Spread(np.sqrt(total), min(n_stimulus_groups, n_people_groups) - 1)
    return Spread(np.sqrt(total), n_stimulus_groups - 1)
