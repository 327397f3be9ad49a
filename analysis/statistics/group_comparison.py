"""Groups of people side by side: each within itself, each pair between, and where a pair parts ways.

Minimum sizes come first: a group of fewer people than `least_people` is not looked at, a stimulus with fewer answers of
either group than `least_answers` is not shown. Then the corrections: the labels' differences of all pairs are one
family, the gaps of all pairs another (both Holm, each kind of test for itself); stimuli are searched by
Benjamini-Hochberg within a pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.apart_stimuli import apart_stimuli
from analysis.statistics.common_ground import common_ground
from analysis.statistics.equivalence import CANNOT_TELL, verdict
from analysis.statistics.groups import sums_by_group
from analysis.statistics.many_comparisons import holm
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.two_sides import LEAST_PEOPLE, TwoSides, share_differences

#: The largest groups that are compared: 28 pairs.
MOST_GROUPS = 8
N_STIMULI_SHOWN = 12
#: Work of the exchanges of people, in answers times exchanges, so that a large study does not take hours.
MOST_EXCHANGED = 250_000_000
N_EXCHANGES = (199, 999)
OWN_FIGURES = ("krippendorff_alpha", "pairwise_agreement", "mean_entropy_grassberger_nats")


def compare_groups(
    group: ArrayLike,
    stimulus: ArrayLike,
    person: ArrayLike,
    label: ArrayLike,
    *,
    names: Sequence[str],
    n_stimuli: int,
    n_labels: int,
    margin: float,
    least_people: int = LEAST_PEOPLE,
    least_answers: int = 5,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """group: of each answer, an index of `names`; -1 = in none. Plain JSON: groups, pairs and what was left out.

    margin: the smallest difference that would matter, of shares and of agreement alike, above 0. Groups come in the
    order of their sizes. keys: of the stimuli, as elsewhere. A stimulus is named by its row.
    """
    groups, people = np.asarray(group, dtype=np.int64).reshape(-1), np.asarray(person, dtype=np.int64).reshape(-1)
    stimuli, labels = np.asarray(stimulus, dtype=np.int64).reshape(-1), np.asarray(label, dtype=np.int64).reshape(-1)
    n_people = [len(np.unique(people[groups == index])) for index in range(len(names))]
    order = sorted(range(len(names)), key=lambda index: (-n_people[index], index))
    large = [index for index in order if n_people[index] >= max(least_people, 1)]
    shown = large[:MOST_GROUPS]
    sums = sums_by_group(
        np.where(np.isin(groups, shown), groups, -1),
        stimuli,
        labels,
        n_groups=len(names),
        n_stimuli=n_stimuli,
        n_labels=n_labels,
        keys=keys,
        n_resamples=n_resamples,
        seed=seed,
    )
    own = []
    for index in shown:
        estimates = sums[index].estimates(label_names=[str(at) for at in range(n_labels)])
        own.append(
            {
                "name": names[index],
                "n_people": n_people[index],
                "n_responses": int((groups == index).sum()),
                "n_stimuli": sums[index].n_stimuli,
                "figures": {name: estimates[name].as_dict() for name in OWN_FIGURES},
                "shares": [estimates[f"label_share.{at}"].as_dict() for at in range(n_labels)],
            }
        )
    wanted = list(combinations(shown, 2))
    pairs = []
    for done, (first, second) in enumerate(wanted):
        progress(done, len(wanted))
        side = np.full(len(groups), -1)
        side[groups == first], side[groups == second] = 0, 1
        columns = side, stimuli, people, labels
        found = compare_pair(columns, n_labels=n_labels, margin=margin, least_answers=least_answers, seed=seed)
        pairs.append({"first": names[first], "second": names[second], **found})
    progress(len(wanted), len(wanted))
    correct_pairs(pairs)
    return {
        "groups": own,
        "pairs": pairs,
        "too_small": [names[index] for index in order if 0 < n_people[index] < max(least_people, 1)],
        "too_many": [names[index] for index in large[MOST_GROUPS:]],
    }


def compare_pair(
    columns: tuple[NDArray[np.int64], ...], *, n_labels: int, margin: float, least_answers: int, seed: int
) -> dict[str, Any]:
    """One pair before any correction across pairs: side, stimulus, person, label of each answer."""
    sides = TwoSides.of(*columns, n_labels=n_labels)
    twice = TwoSides.of(*columns, n_labels=n_labels, least=2)
    shares, differences = share_differences(sides, margin=margin)
    n_exchanges = int(np.clip(MOST_EXCHANGED // max(len(twice.side), 1), *N_EXCHANGES))
    ground = common_ground(twice, margin=margin, n_permutations=n_exchanges, seed=seed)
    counts = sides.counts()
    apart = apart_stimuli(counts, least=least_answers, seed=seed)
    totals = np.maximum(counts.sum(axis=2, keepdims=True), 1)
    return {
        "n_shared": sides.n_stimuli,
        "n_paired": twice.n_stimuli,
        "labels": [
            {"first": _number(shares[0, at]), "second": _number(shares[1, at]), **asdict(differences[at])}
            for at in range(n_labels)
        ],
        "within": [asdict(each) for each in ground.within],
        "between": asdict(ground.between),
        "gap": asdict(ground.gap),
        "cross_kappa": ground.cross_kappa.as_dict(),
        "normalised": ground.normalised.as_dict(),
        "n_searched": len(apart.row),
        "n_apart": int((apart.p_corrected <= 0.05).sum()),
        "stimuli": [
            {
                "row": int(sides.kept[apart.row[place]]),
                "distance": float(apart.distance[place]),
                "p": float(apart.p[place]),
                "p_corrected": float(apart.p_corrected[place]),
                "shares": [(counts[at, apart.row[place]] / totals[at, apart.row[place]]).tolist() for at in (0, 1)],
                "n_responses": counts[:, apart.row[place]].sum(axis=1).tolist(),
            }
            for place in apart.first(N_STIMULI_SHOWN)
        ],
    }


def correct_pairs(pairs: Sequence[dict[str, Any]]) -> None:
    """Adds to every difference its corrected p values and what may be said: p_corrected, p_equivalence_corrected,
    verdict."""
    _correct([label for pair in pairs for label in pair["labels"]])
    _correct([pair["gap"] for pair in pairs])


def _correct(differences: Sequence[dict[str, Any]]) -> None:
    for kind in ("p", "p_equivalence"):
        values = holm([np.nan if each[kind] is None else each[kind] for each in differences])
        for each, corrected in zip(differences, values, strict=True):
            each[f"{kind}_corrected"] = _number(corrected)
    for each in differences:
        is_judged = each["p"] is not None
        each["verdict"] = verdict(each["p_corrected"], each["p_equivalence_corrected"]) if is_judged else CANNOT_TELL


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
