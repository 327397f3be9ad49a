"""The answers that the parts are computed from: who, in which group, gave which label to which stimulus."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.latent import Responses

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Votes:
    """One entry per answer in stimulus, annotator, label; group: (n_annotators,) from 0, or -1 for nobody's.

    names: of the groups; empty where there are none.
    """

    stimulus: Integers
    annotator: Integers
    label: Integers
    group: Integers
    n_stimuli: int
    n_annotators: int
    n_labels: int
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, responses: Responses, group: ArrayLike | None = None, names: tuple[str, ...] = ()) -> "Votes":
        """group: (n_annotators,) an index into names, -1 = in none. Raises ValueError where lengths or indices differ.

        Nobody counts twice at a stimulus: of several answers of one person the last one stands.
        """
        groups = np.full(responses.n_annotators, -1) if group is None else np.asarray(group, dtype=np.int64)
        if groups.shape != (responses.n_annotators,):
            raise ValueError(
                f"group needs one entry per annotator ({responses.n_annotators}); got {groups.shape}. "
                "Nothing was computed."
            )
        if groups.size and (groups.min() < -1 or groups.max() >= len(names)):
            raise ValueError(f"group must be from -1 to {len(names) - 1}, an index into names. Nothing was computed.")
        key = responses.stimulus_index * np.int64(responses.n_annotators) + responses.annotator_index
        last = key.size - 1 - np.unique(key[::-1], return_index=True)[1]
        return cls(
            responses.stimulus_index[last].astype(np.int64),
            responses.annotator_index[last].astype(np.int64),
            responses.label_index[last].astype(np.int64),
            groups,
            responses.n_stimuli,
            responses.n_annotators,
            responses.n_labels,
            tuple(names),
        )

    @property
    def n(self) -> int:
        return int(self.stimulus.size)

    def kept(self, keep: NDArray[np.bool_]) -> "Votes":
        """Only these answers; the sizes stay."""
        return Votes(
            self.stimulus[keep],
            self.annotator[keep],
            self.label[keep],
            self.group,
            self.n_stimuli,
            self.n_annotators,
            self.n_labels,
            self.names,
        )

    def only_labels(self, labels: NDArray[np.intp]) -> "Votes":
        """The labels renumbered to these; every answer must be one of them."""
        place = np.full(self.n_labels, -1)
        place[labels] = np.arange(len(labels))
        return Votes(
            self.stimulus,
            self.annotator,
            place[self.label].astype(np.int64),
            self.group,
            self.n_stimuli,
            self.n_annotators,
            len(labels),
            self.names,
        )

    @property
    def group_of_answer(self) -> Integers:
        """(n,) the group of each answer's author."""
        groups: Integers = self.group[self.annotator]
        return groups

    def counts(self) -> Integers:
        """(n_stimuli, n_labels)."""
        return self._table(self.stimulus, self.n_stimuli)

    def counts_by_group(self) -> Integers:
        """(n_groups, n_stimuli, n_labels); answers of nobody's group are in none."""
        group = self.group_of_answer
        inside = group >= 0
        place = group[inside] * self.n_stimuli + self.stimulus[inside]
        flat = np.bincount(
            place * self.n_labels + self.label[inside], minlength=len(self.names) * self.n_stimuli * self.n_labels
        )
        return flat.astype(np.int64).reshape(len(self.names), self.n_stimuli, self.n_labels)

    def _table(self, rows: Integers, n_rows: int) -> Integers:
        flat = np.bincount(rows * self.n_labels + self.label, minlength=n_rows * self.n_labels)
        return flat.astype(np.int64).reshape(n_rows, self.n_labels)


def groups_of_size(
    responses: Responses, group: ArrayLike, names: tuple[str, ...], *, least_people: int, least_answers: int
) -> tuple[NDArray[np.int64], tuple[str, ...], list[str]]:
    """Groups that are large enough, renumbered by size, with everybody else in none (-1).

    Returns the groups of annotators, their names, and the names of those left out.
    """
    groups = np.asarray(group, dtype=np.int64)
    active = responses.n_per_annotator > 0
    people = np.bincount(groups[active & (groups >= 0)], minlength=len(names))
    of_answer = groups[responses.annotator_index]
    answers = np.bincount(of_answer[of_answer >= 0], minlength=len(names))
    large = [
        int(at)
        for at in np.argsort(-answers, kind="stable")
        if people[at] >= least_people and answers[at] >= least_answers
    ][:MOST_GROUPS]
    place = np.full(len(names) + 1, -1)
    place[large] = np.arange(len(large))
    left_out = [name for at, name in enumerate(names) if at not in large and people[at]]
    return place[groups], tuple(names[at] for at in large), left_out


#: More groups are compared two by two at too high a cost; the largest stay.
MOST_GROUPS = 12
