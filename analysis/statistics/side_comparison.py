"""Two studies, sources, periods or label sets: everything each side answered, then what both answered.

Two comparisons, since they say different things. *Everything*: the sides' plain shares and agreement, whatever images
they are of; a difference may then be one of the images. *Shared*: only the images that both answered, image by image
(two_sides.py, common_ground.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.statistics import figures
from analysis.statistics.counts import count_labels
from analysis.statistics.equivalence import Difference, difference, undefined
from analysis.statistics.group_comparison import compare_pair, correct_pairs
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, interval_of
from analysis.statistics.sums import AgreementSums
from analysis.statistics.two_sides import (
    LEAST_CHOSEN,
    LEAST_PEOPLE,
    LEAST_STIMULI,
    NO_ERROR,
    NO_SPREAD,
    TOO_FEW_PEOPLE,
    TOO_RARE,
    Integers,
    TwoSides,
    person_covariance,
)

#: Of either side at one stimulus, below which it is not searched for a difference.
LEAST_ANSWERS = 5
TOO_FEW_ON_A_SIDE = f"fewer than {LEAST_STIMULI} stimuli were answered on one side"
NO_FIGURE = "not defined on one of the sides"

#: name -> its family of figures, and which of the family it is.
AGREEMENT_FIGURES: dict[str, tuple[Callable[[figures.GroupedSums], figures.Figures], int]] = {
    "krippendorff_alpha": (figures.krippendorff_alpha, 0),
    "gwet_ac1": (figures.gwet_ac1, 0),
    "pairwise_agreement": (figures.pairwise_agreement, 0),
    "mean_entropy_grassberger_nats": (figures.mean_entropy_grassberger_nats, 0),
    "majority.half_or_more": (figures.majority_shares, 0),
    "positive_and_negative": (figures.positive_and_negative_share, 0),
}


def compare_sides(
    side: Integers,
    stimulus: Integers,
    person: Integers,
    label: Integers,
    *,
    keys: Sequence[str],
    n_labels: int,
    polarities: Sequence[str | None] | None,
    margin: float,
    least_answers: int = LEAST_ANSWERS,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> dict[str, Any]:
    """One entry per answer in each; side 0 or 1, stimulus an index of `keys`, person the same index on both sides for
    the same person, label 0 to n_labels - 1. Plain JSON; stimuli of `shared` are named by their row."""
    columns = side, stimulus, person, label
    everything = compare_everything(
        *columns, keys=keys, n_labels=n_labels, polarities=polarities, margin=margin, n_resamples=n_resamples, seed=seed
    )
    shared = compare_pair(columns, n_labels=n_labels, margin=margin, least_answers=least_answers, seed=seed)
    return both_together(everything, shared)


def compare_everything(
    side: Integers,
    stimulus: Integers,
    person: Integers,
    label: Integers,
    *,
    keys: Sequence[str],
    n_labels: int,
    polarities: Sequence[str | None] | None,
    margin: float,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> dict[str, Any]:
    """All that each side answered, before any correction; see `compare_sides`."""
    counts = [count_labels(stimulus[side == at], label[side == at], len(keys), n_labels) for at in (0, 1)]
    found: dict[str, Any] = {"sides": [_side(counts[at], person[side == at]) for at in (0, 1)]}
    both = np.intersect1d(person[side == 0], person[side == 1])
    found["n_people_on_both"] = len(both)
    differences = everything_differences(side, stimulus, person, label, n_labels=n_labels, margin=margin)
    sums = []
    for each in counts:
        rows = np.flatnonzero(each.sum(axis=1))
        sums.append(
            AgreementSums.of_counts(
                each[rows],
                polarities=polarities,
                keys=[keys[row] for row in rows.tolist()],
                n_resamples=n_resamples,
                seed=seed,
            )
        )
    shares = [figures.label_shares(each.grouped()).estimates() for each in sums]
    found["labels"] = [
        {"first": shares[0][at].as_dict(), "second": shares[1][at].as_dict(), **asdict(differences[at])}
        for at in range(n_labels)
    ]
    found["agreement"] = {name: _agreement(sums, *which) for name, which in AGREEMENT_FIGURES.items()}
    return found


def both_together(everything: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """The result of `compare_everything` and that of `compare_pair`, each corrected for its own comparisons."""
    correct_pairs([shared])
    correct_pairs([{"labels": everything["labels"], "gap": {"p": None, "p_equivalence": None}}])
    return {**everything, "shared": shared}


def _side(counts: NDArray[np.int64], person: Integers) -> dict[str, Any]:
    totals = counts.sum(axis=1)
    answered = totals[totals > 0]
    return {
        "n_responses": int(totals.sum()),
        "n_stimuli": len(answered),
        "n_people": len(np.unique(person)),
        "responses_per_stimulus": float(np.median(answered)) if len(answered) else None,
    }


def everything_differences(
    side: Integers, stimulus: Integers, person: Integers, label: Integers, *, n_labels: int, margin: float
) -> list[Difference]:
    """Of each label's share of all answers of a side, first minus second; every answer weighs the same.

    Stimuli and people that are on both sides count once in the variance, so a difference between two sides that share
    them is known better. Source: Cameron, Gelbach and Miller (2011), as in two_sides.py.
    """
    on = [np.flatnonzero(side == at) for at in (0, 1)]
    n_stimuli = [len(np.unique(stimulus[rows])) for rows in on]
    n_people = [len(np.unique(person[rows])) for rows in on]
    n = min(n_stimuli)
    if n < LEAST_STIMULI or min(n_people) < LEAST_PEOPLE:
        reason = TOO_FEW_ON_A_SIDE if n < LEAST_STIMULI else TOO_FEW_PEOPLE
        return [_too_small(side, label, at, n, reason) for at in range(n_labels)]
    _, dense = np.unique(stimulus, return_inverse=True)
    _, people = np.unique(person, return_inverse=True)
    width = int(dense.max()) + 1
    sides = TwoSides(side, dense.reshape(-1), people.reshape(-1), label, width, n_labels, np.arange(width))
    sizes = np.array([len(rows) for rows in on], dtype=np.float64)
    found = []
    for at in range(n_labels):
        chosen = label == at
        shares = np.array([chosen[rows].mean() for rows in on])
        value = float(shares[0] - shares[1])
        if chosen.sum() < LEAST_CHOSEN:
            found.append(undefined(n, TOO_RARE, value))
            continue
        influence = np.where(side == 0, 1.0, -1.0) * (chosen - shares[side]) / sizes[side]
        by_stimulus = np.bincount(sides.stimulus, weights=influence, minlength=width)
        over_stimuli = float(by_stimulus @ by_stimulus) * width / (width - 1)
        error = np.sqrt(max(over_stimuli + person_covariance(sides, influence), over_stimuli / 10))
        if error <= NO_ERROR:
            found.append(undefined(n, NO_SPREAD, value))
            continue
        found.append(difference(value, float(error), min(n, *n_people) - 1, margin=margin, n=n))
    return found


def _too_small(side: Integers, label: Integers, at: int, n: int, reason: str) -> Difference:
    parts = [label[side == each] == at for each in (0, 1)]
    value = float(parts[0].mean() - parts[1].mean()) if all(len(part) for part in parts) else None
    return undefined(n, reason, value)


def _agreement(
    sums: Sequence[AgreementSums], family: Callable[[figures.GroupedSums], figures.Figures], column: int
) -> dict[str, Any]:
    """Both sides' figure and the difference; its interval from the same resamples of the same stimuli."""
    made = [family(each.grouped()) for each in sums]
    values = made[0].values[:, column] - made[1].values[:, column]
    n, value = min(each.n for each in made), float(values[0])
    first, second = (each.estimates()[column].as_dict() for each in made)
    if np.isnan(value):
        gone = {"value": None, "low": None, "high": None, "n": n, "reason": NO_FIGURE}
        return {"first": first, "second": second, "difference": gone}
    low, high = interval_of(value, values[1:], n) or (None, None)
    return {
        "first": first,
        "second": second,
        "difference": {"value": value, "low": low, "high": high, "n": n, "reason": None},
    }
