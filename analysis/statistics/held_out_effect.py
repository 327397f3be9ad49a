"""Does seeing something change what people do afterwards? Those who saw it beside those who were held out by lot.

The person is what was drawn, so the person is what is counted: each gives one value per outcome, the mean of her later
answers, however many these are. Two means of independent people are compared by Welch's t; the distributions of labels
by exchanging people between the sides, which the lot itself justifies.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.equivalence import CANNOT_TELL, Difference, difference, undefined, verdict
from analysis.statistics.many_comparisons import holm

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Fewer people on a side say too little about how much people differ.
LEAST_PEOPLE = 5
TOO_FEW_PEOPLE = f"fewer than {LEAST_PEOPLE} people on one side"
NO_SPREAD = "everybody gave the same"
N_EXCHANGES = 4_999


@dataclass(frozen=True)
class Outcome:
    """What is compared. values: (n_answers,), NaN where an answer has none. margin: the smallest difference that would
    matter, above 0, in the unit of the values. is_log: values are natural logarithms, differences therefore ratios."""

    name: str
    values: Numbers
    margin: float
    is_log: bool = False


def held_out_effect(
    person: Integers,
    label: Integers,
    outcomes: Sequence[Outcome],
    *,
    is_shown: NDArray[np.bool_],
    n_labels: int,
    margin: float,
    seed: int,
    n_exchanges: int = N_EXCHANGES,
) -> dict[str, Any]:
    """person: (n_answers,) index of `is_shown`; label: (n_answers,) 0 to n_labels - 1, -1 = none; is_shown: (n_people,)
    True where the person saw it. margin: of shares. Plain JSON: outcomes, labels, distribution, n_people.

    Differences are shown minus held out. Every claim is corrected by Holm: the outcomes and the whole distribution are
    one family, the single labels another; and so are the claims that there is no difference worth naming.
    """
    n_people = [int((~is_shown).sum()), int(is_shown.sum())]
    measured = [{"name": one.name, "is_log": one.is_log, **_compare(one, person, is_shown)} for one in outcomes]
    has_label = label >= 0
    share = _person_means(np.eye(n_labels)[label[has_label]], person[has_label], len(is_shown))  # (people, labels)
    labels = []
    for at in range(n_labels):
        labels.append(_of_people(share[:, at], is_shown, margin=margin))
    whole = _distribution(share, is_shown, labels, n_exchanges=n_exchanges, seed=seed)
    _correct([*measured, whole])
    _correct(labels)
    return {"n_people": {"held_out": n_people[0], "shown": n_people[1]}, "outcomes": measured, "labels": labels,
            "distribution": whole}  # fmt: skip


def _compare(outcome: Outcome, person: Integers, is_shown: NDArray[np.bool_]) -> dict[str, Any]:
    there = ~np.isnan(outcome.values)
    means = _person_means(outcome.values[there][:, np.newaxis], person[there], len(is_shown))[:, 0]
    return _of_people(means, is_shown, margin=outcome.margin)


def _person_means(values: Numbers, person: Integers, n_people: int) -> Numbers:
    """(n_people, n_columns): each person's mean, NaN for who has none."""
    n = np.bincount(person, minlength=n_people).astype(np.float64)
    sums = np.stack(
        [np.bincount(person, weights=column, minlength=n_people) for column in values.T], axis=1
    ) if values.shape[1] else np.zeros((n_people, 0))  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums / n[:, np.newaxis], dtype=np.float64)


def _of_people(means: Numbers, is_shown: NDArray[np.bool_], *, margin: float) -> dict[str, Any]:
    sides = [means[~is_shown & ~np.isnan(means)], means[is_shown & ~np.isnan(means)]]
    found = welch(sides[1], sides[0], margin=margin)
    return {
        "held_out": float(sides[0].mean()) if len(sides[0]) else None,
        "shown": float(sides[1].mean()) if len(sides[1]) else None,
        "margin": margin,
        **asdict(found),
    }


def welch(first: Numbers, second: Numbers, *, margin: float) -> Difference:
    """The difference of two means of independent people, first minus second; spreads may differ. n: both together.

    Where each side is of one mind, and the sides are not of the same, p is that of an exact exchange of people.

    Source: Welch (1947), The Generalization of Student's Problem; degrees of freedom after Satterthwaite (1946).
    """
    n = len(first) + len(second)
    if not len(first) or not len(second):
        return undefined(n, TOO_FEW_PEOPLE)
    value = float(first.mean() - second.mean())
    if min(len(first), len(second)) < LEAST_PEOPLE:
        return undefined(n, TOO_FEW_PEOPLE, value)
    parts = [float(side.var(ddof=1)) / len(side) for side in (first, second)]
    if sum(parts) <= 1e-24 and abs(value) <= 1e-12:
        return undefined(n, NO_SPREAD, value)
    if sum(parts) <= 1e-24:  # t is not defined, but of all ways to deal these people out hardly one does this
        p = (1 + (len(first) == len(second))) / math.comb(n, len(first))
        return Difference(value, value, value, 0.0, None, p, p if abs(value) < margin else 1.0, n)
    squares = parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1)
    return difference(value, sum(parts) ** 0.5, max(sum(parts) ** 2 / squares, 1.0), margin=margin, n=n)


def _distribution(
    share: Numbers, is_shown: NDArray[np.bool_], labels: Sequence[dict[str, Any]], *, n_exchanges: int, seed: int
) -> dict[str, Any]:
    """How far apart the sides' mean distributions are: the total variation distance, 0 to 1, with what chance makes.

    p: the share of exchanges (people dealt to the sides anew, as many to each) with a distance at least as large.
    by_chance: the middle 95 % of these; a distance is never below 0, so that is what to read it beside. It is 'the
    same' where every single label surely differs by less than the margin (a claim about all of them needs no
    correction: Berger and Hsu (1996), intersection-union tests).
    """
    there = ~np.isnan(share).any(axis=1) if share.shape[1] else np.zeros(len(share), dtype=bool)
    rows, side = share[there], is_shown[there]
    n_shown, n = int(side.sum()), len(side)
    empty = {"name": "distribution", "is_log": False, "held_out": None, "shown": None, "low": None, "high": None,
             "n": n, "p": None, "p_equivalence": None, "by_chance": None}  # fmt: skip
    if min(n_shown, n - n_shown) < LEAST_PEOPLE:
        return {**empty, "value": None, "reason": TOO_FEW_PEOPLE}
    total = rows.sum(axis=0)

    def distance(shown: Numbers) -> Numbers:
        """shown: (..., n_labels) sums of those who are on the side that is shown."""
        return np.asarray(np.abs(shown / n_shown - (total - shown) / (n - n_shown)).sum(axis=-1) / 2)

    value = float(distance(rows[side].sum(axis=0)))
    random = np.random.default_rng(seed)
    exchanged = np.empty(n_exchanges)
    for number in range(n_exchanges):
        exchanged[number] = distance(rows[random.permutation(n)[:n_shown]].sum(axis=0))
    p = (1 + int((exchanged >= value - 1e-12).sum())) / (1 + n_exchanges)
    low, high = np.quantile(exchanged, [0.025, 0.975])
    equivalences = [one["p_equivalence"] for one in labels if one["reason"] != NO_SPREAD]
    is_known = equivalences and all(each is not None for each in equivalences)
    return {
        **empty,
        "value": value,
        "p": p,
        "p_equivalence": max(equivalences) if is_known else None,
        "by_chance": [float(low), float(high)],
        "reason": None,
    }


def _correct(compared: Sequence[dict[str, Any]]) -> None:
    """Adds the corrected p values and the verdict to each."""
    for kind in ("p", "p_equivalence"):
        values = [np.nan if one[kind] is None else one[kind] for one in compared]
        for one, corrected in zip(compared, holm(values), strict=True):
            one[f"{kind}_corrected"] = None if np.isnan(corrected) else float(corrected)
    for one in compared:
        one["verdict"] = CANNOT_TELL
        if one["p"] is not None:
            one["verdict"] = verdict(one["p_corrected"], one["p_equivalence_corrected"])
