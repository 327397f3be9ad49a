"""A network's distributions beside people's: where they agree, where it is wrong and sure, where people are split."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import interval_of

Numbers = NDArray[np.float64]
#: The network is sure where one label has at least this share of its distribution.
SURE = 0.6
#: Stimuli with fewer responses say too little about what people feel.
LEAST_RESPONSES = 3
TOO_FEW = "fewer than three images, or no difference between them"


@dataclass(frozen=True)
class BesidePeople:
    """Places of stimuli, each list with the clearest first; a compared stimulus stands in exactly one of the five.

    divergence_nats: (n_stimuli,) Jensen-Shannon, NaN where too few answered. split_known: Spearman's correlation of the
    entropies of people and network: 1 where the network is the less sure the more people are split.
    """

    agree: list[int]
    surely_wrong: list[int]
    unsure: list[int]
    split_and_known: list[int]
    split_and_unknown: list[int]
    divergence_nats: Numbers
    mean_divergence_nats: Estimate
    split_known: Estimate
    n_compared: int


def beside_people(counts: ArrayLike, predicted: ArrayLike, *, n_resamples: int, seed: int) -> BesidePeople:
    """counts: (n_stimuli, n_labels) responses; predicted: (n_stimuli, n_labels) shares that sum to 1.

    Compared are stimuli with at least LEAST_RESPONSES responses. Where a label has at least half of the responses (two
    may have half each): agree: the network's likeliest label is such a one, the nearest first; surely_wrong: it is
    another one, and the network is sure of it (SURE), the surest first; unsure: another one, without being sure, the
    farthest first. split: no label has half. split_and_known: the network is not sure either, the nearest to people's
    shares first; split_and_unknown: it is sure. Intervals: 95 %, from resampling stimuli (`resampling.interval_of`).
    Source: Lin (1991), Divergence Measures Based on the Shannon Entropy, for the divergence; the rest is ours.
    Raises ValueError where the tables do not fit each other.
    """
    votes, shares = np.asarray(counts, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if votes.shape != shares.shape or votes.ndim != 2:
        raise ValueError(f"Counts are {votes.shape} and predictions {shares.shape}. Nothing was computed.")
    n = votes.sum(axis=1)
    compared = np.flatnonzero(n >= LEAST_RESPONSES)
    people = votes[compared] / n[compared, None]
    network = shares[compared]
    divergence = np.full(len(votes), np.nan)
    divergence[compared] = _entropy((people + network) / 2) - (_entropy(people) + _entropy(network)) / 2
    top, sure = people.max(axis=1, initial=0.0), network.max(axis=1, initial=0.0) >= SURE
    is_split = top < 0.5
    guess = network.argmax(axis=1) if network.size else np.zeros(len(network), dtype=np.intp)
    is_met = (people == top[:, None])[np.arange(len(people)), guess] if people.size else sure
    near, sureness = divergence[compared], network.max(axis=1, initial=0.0)

    def places(chosen: NDArray[np.bool_], by: Numbers) -> list[int]:
        found = np.flatnonzero(chosen)
        return [int(compared[place]) for place in found[np.argsort(by[found], kind="stable")]]

    both = np.column_stack([_entropy(people), _entropy(network)])
    return BesidePeople(
        agree=places(~is_split & is_met, near),
        surely_wrong=places(~is_split & ~is_met & sure, -sureness),
        unsure=places(~is_split & ~is_met & ~sure, -near),
        split_and_known=places(is_split & ~sure, near),
        split_and_unknown=places(is_split & sure, -sureness),
        divergence_nats=divergence,
        mean_divergence_nats=_resampled(near[:, None], lambda rows: float(rows.mean()), n_resamples, seed, least=1),
        split_known=_resampled(both, _spearman, n_resamples, seed, least=3),
        n_compared=len(compared),
    )


def _entropy(shares: Numbers) -> Numbers:
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    result: Numbers = -(shares * logs).sum(axis=1)
    return result


def _spearman(rows: Numbers) -> float:
    """NaN where one of the two does not vary."""
    # only the job that compares needs it, and it takes a second of every process that imports it
    from scipy.stats import rankdata

    first, second = rankdata(rows[:, 0]), rankdata(rows[:, 1])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _resampled(
    rows: Numbers, measure: Callable[[Numbers], float], n_resamples: int, seed: int, *, least: int
) -> Estimate:
    n = len(rows)
    value = measure(rows) if n >= least else float("nan")
    if np.isnan(value):
        return Estimate(None, None, None, n, reason=TOO_FEW)
    if n < 2:
        return Estimate(value, None, None, n)
    random = np.random.default_rng(seed)
    drawn = np.array([measure(rows[random.integers(0, n, n)]) for _ in range(n_resamples)])
    interval = interval_of(value, drawn, n)
    if interval is None:
        return Estimate(value, None, None, n, note="not defined in more than half of the resamples")
    return Estimate(value, *interval, n)
