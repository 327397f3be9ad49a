"""How often two answers are the same: two people at a stimulus, of one group or of two; one person at two stimuli.

All are means over pairs, so they do not depend on how many answers a stimulus or a person has (U-statistics, Hoeffding
1948), and each answer weighs the same. Source of the split into components: Light and Margolin (1971), An Analysis of
Variance for Categorical Data; Shavelson and Webb (1991), Generalizability Theory.
"""

from dataclasses import dataclass

import numpy as np

from analysis.statistics.disagreement.votes import Floats, Integers, Votes

#: Pairs of stimuli of one person that are looked up to see how many others they share.
N_SHARED_PAIRS = 20_000


@dataclass(frozen=True, eq=False)
class SameStimulus:
    """Two people at one stimulus.

    shares: (K,) of the answers. within: (K, K) the chance that two of one group choose these two labels. between: the
    same for any two. Without groups both are equal. n_pairs_*: how many pairs of answers stand behind them.
    """

    shares: Floats
    within: Floats
    between: Floats
    n_pairs_within: int
    n_pairs_across: int

    @property
    def disagreement(self) -> float:
        """The chance that two people choose different labels."""
        return 1 - float(np.trace(self.between))

    @property
    def group(self) -> float:
        """How much of it is there only since people are of different groups."""
        return float(np.trace(self.within) - np.trace(self.between))

    @property
    def total(self) -> float:
        """The chance that two answers to different stimuli differ: all the variance there is (Gini)."""
        return 1 - float(self.shares @ self.shares)


def same_stimulus(votes: Votes) -> SameStimulus | None:
    """None where no stimulus has two answers, or where two groups never met at a stimulus."""
    if len(votes.names) < 2:
        counts = votes.counts()
        matrix, weight, pairs = _within(counts)
        if not weight:
            return None
        return SameStimulus(_shares(counts), matrix / weight, matrix / weight, pairs, 0)
    by_group = votes.counts_by_group()
    weights = by_group.sum(axis=(1, 2)) / by_group.sum()
    k = votes.n_labels
    within, between = np.zeros((k, k)), np.zeros((k, k))
    n_within = n_across = 0
    for g, counts in enumerate(by_group):
        matrix, weight, pairs = _within(counts)
        if not weight:
            return None
        within += weights[g] * matrix / weight
        between += weights[g] ** 2 * matrix / weight
        n_within += pairs
        for h in range(g):
            matrix, weight, pairs = _across(counts, by_group[h])
            if not weight:
                return None
            between += weights[g] * weights[h] * (matrix + matrix.T) / weight
            n_across += pairs
    return SameStimulus(_shares(by_group.sum(axis=0)), within, between, n_within, n_across)


def _within(counts: Integers) -> tuple[Floats, float, int]:
    """Summed over stimuli with two answers or more, each weighing as many answers as it has."""
    n = counts.sum(axis=1)
    rows = counts[n >= 2].astype(np.float64)
    n = n[n >= 2]
    over = rows / (n - 1)[:, np.newaxis]
    matrix = over.T @ rows - np.diag(over.sum(axis=0))
    return matrix, float(n.sum()), int((n * (n - 1) // 2).sum())


def _across(counts: Integers, others: Integers) -> tuple[Floats, float, int]:
    n, m = counts.sum(axis=1), others.sum(axis=1)
    both = (n > 0) & (m > 0)
    n, m = n[both], m[both]
    matrix = (counts[both] / (n + m)[:, np.newaxis]).T @ others[both].astype(np.float64)
    return matrix, float((n * m / (n + m)).sum()), int((n * m).sum())


def _shares(counts: Integers) -> Floats:
    totals: Floats = counts.sum(axis=0) / max(int(counts.sum()), 1)
    return totals


def habit(votes: Votes, seed: int, shared: float | None = None) -> float | None:
    """How much of the chance that two people differ comes from what each of them chooses anyway.

    The variance, summed over labels, between the people of a group in how often they choose a label beyond what the
    others chose at the same stimuli: the mean product of two such excesses of one person at two stimuli. Each answer
    weighs the same. None where fewer than two people have two answers each beside somebody else's. shared: what
    `shared_others` says of these answers or of nearly the same ones; None = found out.
    """
    counts = votes.counts()
    n_at = counts.sum(axis=1)
    told = votes.kept(n_at[votes.stimulus] >= 2)
    if not told.n:
        return None
    n_others = (n_at[told.stimulus] - 1).astype(np.float64)
    excess = -counts[told.stimulus] / n_others[:, np.newaxis]  # (n, K): less what the others chose ...
    excess[np.arange(told.n), told.label] += 1 + 1 / n_others  # ... who do not hold her own answer
    group = told.group_of_answer
    for g in np.unique(group):  # what all of a group do is the group's part, not a habit of one of them
        excess[group == g] -= excess[group == g].mean(axis=0)
    n_of = np.bincount(told.annotator, minlength=votes.n_annotators)
    sums = np.stack(
        [np.bincount(told.annotator, weights=column, minlength=votes.n_annotators) for column in excess.T], axis=1
    )
    squares = np.bincount(told.annotator, weights=(excess**2).sum(axis=1), minlength=votes.n_annotators)
    enough = n_of >= 2
    if enough.sum() < 2:
        return None
    products = ((sums[enough] ** 2).sum(axis=1) - squares[enough]) / (n_of[enough] - 1)
    # others who are the same people at both stimuli bring their own habits along, which would count as hers
    if shared is None:
        shared = shared_others(votes, seed)
    return float(products.sum() / n_of[enough].sum() / (1 + shared))


def shared_others(votes: Votes, seed: int) -> float:
    """Per pair of stimuli of one person: others at both, over the product of how many others each has; the mean.

    Of at most N_SHARED_PAIRS pairs, drawn with the seed. 0 where nobody answered two stimuli beside somebody else.
    """
    random = np.random.default_rng(seed)
    n_at = np.bincount(votes.stimulus, minlength=votes.n_stimuli)
    votes = votes.kept(n_at[votes.stimulus] >= 2)
    n_of = np.bincount(votes.annotator, minlength=votes.n_annotators)
    people = np.flatnonzero(n_of >= 2)
    if not people.size:
        return 0.0
    order = np.argsort(votes.annotator, kind="stable")
    start = np.concatenate([[0], np.cumsum(n_of)])[:-1]
    chosen = random.choice(
        people, min(N_SHARED_PAIRS, 4 * len(people) * int(n_of.max())), p=n_of[people] / n_of[people].sum()
    )
    one = random.integers(0, n_of[chosen])
    other = (one + random.integers(1, n_of[chosen])) % n_of[chosen]
    first = votes.stimulus[order[start[chosen] + one]]
    second = votes.stimulus[order[start[chosen] + other]]
    keys = np.sort(votes.stimulus * np.int64(votes.n_annotators) + votes.annotator)
    by_stimulus = np.argsort(votes.stimulus, kind="stable")
    begin = np.concatenate([[0], np.cumsum(np.bincount(votes.stimulus, minlength=votes.n_stimuli))])
    n_first = begin[first + 1] - begin[first]
    rows = np.repeat(np.arange(len(chosen)), n_first)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(n_first) - n_first, n_first)
    there = votes.annotator[by_stimulus[begin[first][rows] + within]]
    wanted = second[rows] * np.int64(votes.n_annotators) + there
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    is_shared = (keys[at] == wanted) & (there != chosen[rows])
    n_shared = np.bincount(rows, weights=is_shared, minlength=len(chosen))
    return float((n_shared / ((n_at[first] - 1) * (n_at[second] - 1))).mean())
