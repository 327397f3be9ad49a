"""The same figures for each part of the data: per source, emotion, cohort, annotator, language, or any other grouping.

One function serves all groupings, since each says no more than to which group a response belongs:

- study: 0 for each response;
- source: the source of its stimulus, `source_of_stimulus[stimulus_index]`;
- emotion: the majority label of its stimulus (`majority_label_of_stimuli(counts)[stimulus_index]`), -1 without one;
- cohort, language, annotator: those of the person who gave it.

The groups' figures rest on the responses of the group only. Resamples are of stimuli and have the same keys in every
group, so two groups that share stimuli can be compared resample by resample.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import LabelCounts, as_indexes, as_label_counts, count_labels
from analysis.statistics.majority import MAJORITY_RULES, majority_flags
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, row_keys
from analysis.statistics.sums import AgreementSums


def sums_by_group(
    group_index: ArrayLike,
    stimulus_index: ArrayLike,
    label_index: ArrayLike,
    *,
    n_groups: int,
    n_stimuli: int,
    n_labels: int,
    polarities: Sequence[str | None] | None = None,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> dict[int, AgreementSums]:
    """The sums of each group that has responses; `estimates()` of each gives its figures with intervals.

    group_index: the group of each response, 0 to n_groups - 1; -1 = in none, left out.
    stimulus_index, label_index: of each response. keys: one per stimulus; without keys the row numbers serve.
    The cost grows with the stimuli that each group touches: with thousands of groups (annotators) give n_resamples = 0
    and read single shares with `dirichlet.share_intervals` or `wilson_interval`.
    Raises ValueError if the three differ in length or an index is out of range.
    """
    groups, stimuli, labels = (
        as_indexes(what, values)
        for what, values in (("group", group_index), ("stimulus", stimulus_index), ("label", label_index))
    )
    if not len(groups) == len(stimuli) == len(labels):
        raise ValueError(
            f"Each response needs a group, a stimulus and a label; got {len(groups)}, {len(stimuli)} and "
            f"{len(labels)}. Nothing was counted."
        )
    outside = np.flatnonzero((groups < -1) | (groups >= n_groups))
    if len(outside):
        raise ValueError(
            f"Response {outside[0]}: group index {groups[outside[0]]} is not in -1 to {n_groups - 1}. "
            "Nothing was counted."
        )
    names = row_keys(n_stimuli) if keys is None else keys
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(n_groups + 1))
    found: dict[int, AgreementSums] = {}
    for group in range(n_groups):
        members = order[ends[group] : ends[group + 1]]
        if len(members) == 0:
            continue
        touched, row = np.unique(stimuli[members], return_inverse=True)
        if touched[0] < 0 or touched[-1] >= n_stimuli:
            raise ValueError(f"A stimulus index is not in 0 to {n_stimuli - 1}. Nothing was counted.")
        counts = count_labels(row.reshape(-1), labels[members], len(touched), n_labels)
        sums = AgreementSums(n_labels, polarities, n_resamples, seed)
        sums.add([names[stimulus] for stimulus in touched], counts)
        found[group] = sums
    return found


def label_counts_of_groups(group_index: ArrayLike, label_index: ArrayLike, n_groups: int, n_labels: int) -> LabelCounts:
    """Responses per group and label, (n_groups, n_labels): the distribution of thousands of annotators at once."""
    groups, labels = as_indexes("group", group_index), as_indexes("label", label_index)
    member = groups >= 0
    return count_labels(groups[member], labels[member], n_groups, n_labels)


def majority_label_of_stimuli(counts: ArrayLike, rule: str = "unique_half_or_more") -> NDArray[np.int64]:
    """The label each stimulus has a majority of, (n_stimuli,); -1 where it has none or two share it.

    rule: a name of MAJORITY_RULES.
    """
    checked = as_label_counts(counts)
    names: Mapping[str, int] = {known.name: index for index, known in enumerate(MAJORITY_RULES)}
    if rule not in names:
        raise ValueError(f"Unknown majority rule '{rule}'; there are {', '.join(names)}. Nothing was computed.")
    top = checked.max(axis=1)
    single = (checked == top[:, np.newaxis]).sum(axis=1) == 1
    found: NDArray[np.int64] = np.where(majority_flags(checked)[:, names[rule]] & single, checked.argmax(axis=1), -1)
    return found
