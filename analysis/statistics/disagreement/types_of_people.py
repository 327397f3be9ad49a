"""Whether there are kinds of annotators who feel alike, or only people who differ a little, each in her own way.

A person's *leaning* is how often she chose each label beyond what the others chose at the same stimuli, (K,). People
are divided in two along the directions in which they differ most (2-means); then it is asked whether their places along
the line between the two have one top or two (the dip test, whose null is the distribution with one top that dips most
easily). Two types are warranted where two tops are, and each of the two is divided again in the same way. A crowd that
differs smoothly, however widely or lopsidedly, stays one.

Types with fewer than a tenth of all people, or nearer to each other than sampling error lets one see, stay unseen.

Source: Hartigan and Hartigan (1985), The Dip Test of Unimodality; splitting while a dip is found: Kalogeratos and Likas
(2012), Dip-means: an incremental clustering method.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.disagreement.dip import dip_p
from analysis.statistics.disagreement.votes import Floats, Integers, Votes
from analysis.statistics.estimate import INTERVAL
from analysis.statistics.resampling import DEFAULT_SEED

#: Fewer say too little about a person.
LEAST_ANSWERS = 15
LEAST_PEOPLE = 40
#: Of all the people sorted, at least so many are a type.
LEAST_SHARE = 0.1
LEAST_IN_TYPE = 12
MOST_TYPES = 6
LEVEL = 0.05
#: Further divisions are several tries at once.
FURTHER_LEVEL = 0.01
#: The directions in which people differ most; what is left is hardly more than sampling error.
N_DIRECTIONS = 3
_N_STARTS = 8
_N_STEPS = 50

Tick = Callable[[str], None]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Division:
    """One attempt to divide a type in two: how many people it has, the sizes of the two parts, the dip test's p, and
    whether it was warranted."""

    n_people: int
    sizes: tuple[int, int]
    p: float
    is_warranted: bool


@dataclass(frozen=True)
class TypesOfPeople:
    """n_types: how many are warranted; 1 = people differ smoothly; None = cannot tell, see reason.

    leanings: (n_types, K) each type's mean leaning, in shares of answers, the largest type first; low, high: their 95 %
    intervals over people. sizes: how many people each has. divisions: the tests. type_of: (n_annotators,) -1 where
    somebody answered too little.
    """

    n_types: int | None
    reason: str | None
    n_people: int
    leanings: list[list[float]] = field(default_factory=list)
    low: list[list[float]] = field(default_factory=list)
    high: list[list[float]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    divisions: list[Division] = field(default_factory=list)
    type_of: Integers = field(default_factory=lambda: np.zeros(0, np.int64), compare=False)


def types_of_people(votes: Votes, *, seed: int = DEFAULT_SEED, tick: Tick = lambda message: None) -> TypesOfPeople:
    """Of everybody with LEAST_ANSWERS answers at stimuli that others answered, too."""
    random = np.random.default_rng([seed, 2])
    excess, told = excess_over_others(votes)
    n_of = np.bincount(votes.annotator[told], minlength=votes.n_annotators)
    people = np.flatnonzero(n_of >= LEAST_ANSWERS)
    if len(people) < LEAST_PEOPLE:
        return TypesOfPeople(
            None,
            f"It takes {LEAST_PEOPLE} people with {LEAST_ANSWERS} answers each, beside others', to tell types of "
            f"people; there are {len(people)}.",
            len(people),
        )
    sums = [np.bincount(votes.annotator[told], weights=column, minlength=votes.n_annotators) for column in excess.T]
    leaning = np.stack(sums, axis=1)[people] / n_of[people][:, np.newaxis]
    divisions: list[Division] = []
    waiting: list[Bools] = [np.ones(len(people), dtype=bool)]
    done: list[Bools] = []
    while waiting:
        members = waiting.pop(0)
        tick(f"types of people: {len(waiting) + len(done) + 1} so far")
        division, left = _divided(leaning, members, len(people), random, seed)
        if division is not None:
            divisions.append(division)
        if division is None or not division.is_warranted or len(waiting) + len(done) + 2 > MOST_TYPES:
            done.append(members)
        else:
            waiting += [left, members & ~left]
    done.sort(key=lambda members: -int(members.sum()))
    means = [leaning[members].mean(axis=0) for members in done]
    reach = [_reach(leaning[members]) for members in done]
    type_of = np.full(votes.n_annotators, -1, dtype=np.int64)
    for number, members in enumerate(done):
        type_of[people[members]] = number
    return TypesOfPeople(
        n_types=len(done),
        reason=None,
        n_people=len(people),
        leanings=[mean.tolist() for mean in means],
        low=[(mean - width).tolist() for mean, width in zip(means, reach, strict=True)],
        high=[(mean + width).tolist() for mean, width in zip(means, reach, strict=True)],
        sizes=[int(members.sum()) for members in done],
        divisions=divisions,
        type_of=type_of,
    )


def _reach(own: Floats) -> Floats:
    """Half of the 95 % interval of a type's mean leaning, (K,). own: (n, K)."""
    from scipy.special import stdtrit  # here: SciPy is slow to load, and few need it

    n = len(own)
    reach: Floats = stdtrit(n - 1, (1 + INTERVAL) / 2) * own.std(axis=0, ddof=1) / np.sqrt(n)
    return reach


def excess_over_others(votes: Votes) -> tuple[Floats, Integers]:
    """Per answer 1 for its label, less the shares of the others' answers at that stimulus: (n, K), and which answers.

    Only answers beside somebody else's are told.
    """
    counts = votes.counts()
    n_at = counts.sum(axis=1)
    told = np.flatnonzero(n_at[votes.stimulus] >= 2)
    stimulus, label = votes.stimulus[told], votes.label[told]
    others = (n_at[stimulus] - 1).astype(np.float64)
    excess = -counts[stimulus] / others[:, np.newaxis]
    excess[np.arange(len(told)), label] += 1 + 1 / others
    return excess, told


def _divided(
    leaning: Floats, members: Bools, n_all: int, random: np.random.Generator, seed: int
) -> tuple[Division | None, Bools]:
    """The attempt, and who is in one of its parts; None where both parts would be too small."""
    inside = np.flatnonzero(members)
    least = max(LEAST_IN_TYPE, int(LEAST_SHARE * n_all))
    if len(inside) < max(2 * least, LEAST_PEOPLE):
        return None, members
    own = leaning[inside]
    away = own - own.mean(axis=0)
    _, _, directions = np.linalg.svd(away, full_matrices=False)
    kind = _two_means(away @ directions[:N_DIRECTIONS].T, random)
    sizes = (int((kind == 0).sum()), int((kind == 1).sum()))
    if min(sizes) < least:
        return Division(len(inside), sizes, 1.0, False), members
    line = own[kind == 1].mean(axis=0) - own[kind == 0].mean(axis=0)
    p = dip_p(own @ line, seed)
    part = np.zeros(len(members), dtype=bool)
    part[inside[kind == 1]] = True
    return Division(len(inside), sizes, p, p <= (LEVEL if len(inside) == n_all else FURTHER_LEVEL)), part


def _two_means(points: Floats, random: np.random.Generator) -> Integers:
    """(n,) 0 or 1: the division in two with the least squares, the best of some starts (Lloyd, 1982)."""
    best, least = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(_N_STARTS):
        centres = points[random.choice(len(points), 2, replace=False)]
        kind = np.zeros(len(points), dtype=np.int64)
        for _ in range(_N_STEPS):
            away = ((points[:, np.newaxis] - centres[np.newaxis]) ** 2).sum(axis=2)
            now = away.argmin(axis=1)
            if now.min() == now.max():
                break
            centres = np.stack([points[now == each].mean(axis=0) for each in (0, 1)])
            if (now == kind).all():
                break
            kind = now
        squares = float(((points - centres[kind]) ** 2).sum())
        if squares < least and 0 < kind.sum() < len(kind):
            best, least = kind, squares
    return best
