"""Groups of people side by side: each within itself, each pair between, and where a pair parts ways.

Minimum sizes come first: a group of fewer people than `least_people` is not looked at, a stimulus with fewer answers of
either group than `least_answers` is not shown. Then the corrections: the labels' differences of all pairs are one
family, the gaps of all pairs another (both Holm, each kind of test for itself); stimuli are searched by
Benjamini-Hochberg within a pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
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
    groups, stimuli, people, labels = (
        np.asarray(column, dtype=np.int64).reshape(-1) for column in (group, stimulus, person, label)
    )
    comparison = GroupComparison(
        groups, stimuli, people, labels,
        names, n_stimuli, n_labels, margin, least_people, least_answers, keys, n_resamples, seed,
    )  # fmt: skip
    return comparison.everything(progress)


@dataclass(frozen=True)
class GroupComparison:
    """The same cut into what can be computed apart: the groups' own figures, and each pair. See `compare_groups`."""

    group: NDArray[np.int64]
    stimulus: NDArray[np.int64]
    person: NDArray[np.int64]
    label: NDArray[np.int64]
    names: Sequence[str]
    n_stimuli: int
    n_labels: int
    margin: float
    least_people: int
    least_answers: int
    keys: Sequence[str] | None
    n_resamples: int
    seed: int

    @cached_property
    def n_people(self) -> list[int]:
        """Of each group."""
        return [len(np.unique(self.person[self.group == index])) for index in range(len(self.names))]

    @cached_property
    def order(self) -> list[int]:
        """The groups by their sizes, the largest first."""
        return sorted(range(len(self.names)), key=lambda index: (-self.n_people[index], index))

    @property
    def large(self) -> list[int]:
        """The groups that are looked at, if there are not too many."""
        return [index for index in self.order if self.n_people[index] >= max(self.least_people, 1)]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Every two groups that are compared."""
        return list(combinations(self.large[:MOST_GROUPS], 2))

    def everything(self, progress: Callable[[int, int], None]) -> dict[str, Any]:
        """What `compare_groups` gives."""
        own = self.own_figures()
        pairs = []
        for done, (first, second) in enumerate(self.pairs):
            progress(done, len(self.pairs))
            pairs.append(self.pair(first, second))
        progress(len(self.pairs), len(self.pairs))
        return self.joined(own, pairs)

    def own_figures(self) -> list[dict[str, Any]]:
        """Each group within itself."""
        shown = self.large[:MOST_GROUPS]
        sums = sums_by_group(
            np.where(np.isin(self.group, shown), self.group, -1),
            self.stimulus,
            self.label,
            n_groups=len(self.names),
            n_stimuli=self.n_stimuli,
            n_labels=self.n_labels,
            keys=self.keys,
            n_resamples=self.n_resamples,
            seed=self.seed,
        )
        own = []
        for index in shown:
            estimates = sums[index].estimates(label_names=[str(at) for at in range(self.n_labels)])
            own.append(
                {
                    "name": self.names[index],
                    "n_people": self.n_people[index],
                    "n_responses": int((self.group == index).sum()),
                    "n_stimuli": sums[index].n_stimuli,
                    "figures": {name: estimates[name].as_dict() for name in OWN_FIGURES},
                    "shares": [estimates[f"label_share.{at}"].as_dict() for at in range(self.n_labels)],
                }
            )
        return own

    def pair(self, first: int, second: int) -> dict[str, Any]:
        """Two groups beside each other, before any correction."""
        side = np.full(len(self.group), -1)
        side[self.group == first], side[self.group == second] = 0, 1
        columns = side, self.stimulus, self.person, self.label
        found = compare_pair(
            columns, n_labels=self.n_labels, margin=self.margin, least_answers=self.least_answers, seed=self.seed
        )
        return {"first": self.names[first], "second": self.names[second], **found}

    def joined(self, own: list[dict[str, Any]], pairs: list[dict[str, Any]]) -> dict[str, Any]:
        """pairs: those of `pairs`, in their order; they are corrected for one another here."""
        correct_pairs(pairs)
        return {
            "groups": own,
            "pairs": pairs,
            "too_small": [
                self.names[index] for index in self.order if 0 < self.n_people[index] < max(self.least_people, 1)
            ],
            "too_many": [self.names[index] for index in self.large[MOST_GROUPS:]],
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
