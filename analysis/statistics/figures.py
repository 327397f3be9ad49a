"""The formulas: from sums to figures, for the data as they are and for every resample at once.

Each takes `GroupedSums` and returns `Figures`. The functions of the same names in `agreement.py` and `shares.py`
take label counts and say what each figure means; the formula stands only here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.contributions import ENTROPY_UNIT_NATS, Columns
from analysis.statistics.estimate import INTERVAL, Estimate
from analysis.statistics.majority import MAJORITY_RULES
from analysis.statistics.polarity import POLARITIES, polarity_matrix

Numbers = NDArray[np.float64]

NO_RESPONSE = "needs at least one response"
NO_PAIR = "needs at least two responses on one stimulus"
ONE_LABEL = "every response chose the same label, so agreement beyond chance is not defined"
NO_POLARITY = "the labels carry no polarity"
NO_MAJORITY = "no stimulus has a majority under this rule"


@dataclass(frozen=True)
class GroupedSums:
    """Contributions summed over stimuli, apart for each number of responses.

    groups: number of responses -> int64 (1 + n_resamples, n_columns); row 0 is the data, the others are the resamples.
        Ascending, at least one response, no group without stimuli.
    polarities: of each label, or None.
    """

    columns: Columns
    polarities: tuple[str, ...] | None
    n_resamples: int
    groups: Mapping[int, NDArray[np.int64]]

    def total(self, column: int | slice) -> NDArray[np.int64]:
        """A column (or several) summed over all stimuli: (1 + n_resamples,) or (1 + n_resamples, width)."""
        empty = np.zeros((1 + self.n_resamples, self.columns.total), dtype=np.int64)[:, column]
        return sum((sums[:, column] for sums in self.groups.values()), start=empty)

    def paired(self) -> "GroupedSums":
        """Only the stimuli with at least two responses: the ones that can tell of agreement."""
        groups = {n: sums for n, sums in self.groups.items() if n >= 2}
        return GroupedSums(self.columns, self.polarities, self.n_resamples, groups)

    def n_stimuli(self) -> int:
        """Number of stimuli in the data."""
        return int(self.total(self.columns.stimuli)[0])


@dataclass(frozen=True)
class Figures:
    """One figure or a family of figures, for the data and each resample.

    values: (1 + n_resamples, width), nan where not defined.
    n: number of stimuli that each figure of the family rests on.
    reason: why a figure is not defined, where it is not.
    """

    values: Numbers
    n: int
    reason: str
    note: str | None = None

    def estimates(self) -> list[Estimate]:
        """One estimate per figure of the family, with the percentile interval of its resamples."""
        return [self._estimate(self.values[:, column]) for column in range(self.values.shape[1])]

    def _estimate(self, values: Numbers) -> Estimate:
        value, resamples = float(values[0]), values[1:]
        if np.isnan(value):
            return Estimate(None, None, None, self.n, reason=self.reason)
        defined = resamples[~np.isnan(resamples)]
        if self.n < 2 or len(defined) == 0 or 2 * len(defined) < len(resamples):
            return Estimate(value, None, None, self.n, note=self.note)
        low, high = np.quantile(defined, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
        return Estimate(value, float(low), float(high), self.n, note=self.note)


def _ratio(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Numbers:
    """numerator / denominator, nan where the denominator is 0."""
    top = np.asarray(numerator, dtype=np.float64)
    bottom = np.broadcast_to(np.asarray(denominator, dtype=np.float64), top.shape)
    ratio: Numbers = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0)
    return ratio


def _one(values: Numbers, n: int, reason: str, note: str | None = None) -> Figures:
    return Figures(values[:, np.newaxis], n, reason, note)


def _undefined(sums: GroupedSums, width: int, n: int, reason: str) -> Figures:
    return Figures(np.full((1 + sums.n_resamples, width), np.nan), n, reason)


def krippendorff_alpha(sums: GroupedSums) -> Figures:
    """1 - observed / expected disagreement, from the coincidence matrix's diagonal and margins."""
    paired = sums.paired()
    n_stimuli = paired.n_stimuli()
    if n_stimuli == 0:
        return _undefined(sums, 1, 0, NO_PAIR)
    labels = paired.total(sums.columns.labels).astype(np.float64)
    n_values = labels.sum(axis=1)
    agreeing = np.zeros(1 + sums.n_resamples)
    for n_responses, group in paired.groups.items():
        agreeing += group[:, sums.columns.agreeing_pairs] / (n_responses - 1)
    observed = _ratio(n_values - agreeing, n_values)
    expected = _ratio(n_values**2 - (labels**2).sum(axis=1), n_values * (n_values - 1))
    return _one(1 - _ratio(observed, expected), n_stimuli, ONE_LABEL)


def modal_responses(sums: GroupedSums) -> int | None:
    """The most common number of responses among stimuli with at least two; the larger in a tie; None without any."""
    sizes = {n: int(group[0, sums.columns.stimuli]) for n, group in sums.paired().groups.items()}
    return max(sizes, key=lambda n: (sizes[n], n), default=None)


def fleiss_kappa(sums: GroupedSums) -> Figures:
    """(observed - expected) / (1 - expected) agreement on the stimuli with the modal number of responses."""
    n_responses = modal_responses(sums)
    if n_responses is None:
        return _undefined(sums, 1, 0, NO_PAIR)
    group = sums.groups[n_responses]
    stimuli = group[:, sums.columns.stimuli]
    n_stimuli = int(stimuli[0])
    observed = _ratio(group[:, sums.columns.agreeing_pairs], stimuli * (n_responses * (n_responses - 1)))
    labels = group[:, sums.columns.labels].astype(np.float64)
    n_values = labels.sum(axis=1)
    # exactly 0 where one label has all responses, which a difference of shares would miss by a rounding error
    disagreement = _ratio(n_values**2 - (labels**2).sum(axis=1), n_values**2)
    note = f"on the {n_stimuli} stimuli with exactly {n_responses} responses, the most common number"
    return _one(_ratio(observed - (1 - disagreement), disagreement), n_stimuli, ONE_LABEL, note)


def pairwise_agreement(sums: GroupedSums) -> Figures:
    """Mean over stimuli of the share of agreeing pairs of responses."""
    paired = sums.paired()
    shares = np.zeros(1 + sums.n_resamples)
    for n_responses, group in paired.groups.items():
        shares += group[:, sums.columns.agreeing_pairs] / (n_responses * (n_responses - 1))
    return _one(_ratio(shares, paired.total(sums.columns.stimuli)), paired.n_stimuli(), NO_PAIR)


def _mean_over_stimuli(sums: GroupedSums, column: int | slice, unit: float = 1.0) -> Figures:
    totals = sums.total(column).reshape(1 + sums.n_resamples, -1)
    means = _ratio(totals, sums.total(sums.columns.stimuli)[:, np.newaxis]) * unit
    return Figures(means, sums.n_stimuli(), NO_RESPONSE)


def mean_entropy_nats(sums: GroupedSums) -> Figures:
    """Mean over stimuli of the entropy of their labels."""
    return _mean_over_stimuli(sums, sums.columns.entropy, ENTROPY_UNIT_NATS)


def majority_shares(sums: GroupedSums) -> Figures:
    """Share of stimuli with a majority, one figure per rule in the order of MAJORITY_RULES."""
    return _mean_over_stimuli(sums, sums.columns.majority)


def majority_label_shares(sums: GroupedSums) -> list[Figures]:
    """Per rule one family: each label's share of the stimuli that have a majority under that rule."""
    stimuli = sums.total(sums.columns.majority)
    flags = sums.total(sums.columns.majority_labels).reshape(1 + sums.n_resamples, len(MAJORITY_RULES), -1)
    reason = NO_MAJORITY if sums.groups else NO_RESPONSE
    return [
        Figures(_ratio(flags[:, rule], stimuli[:, rule, np.newaxis]), int(stimuli[0, rule]), reason)
        for rule in range(len(MAJORITY_RULES))
    ]


def positive_and_negative_share(sums: GroupedSums) -> Figures:
    """Share of stimuli with at least one positive and one negative response."""
    if sums.polarities is None:
        return _undefined(sums, 1, sums.n_stimuli(), NO_POLARITY)
    return _mean_over_stimuli(sums, sums.columns.positive_and_negative)


def mixed_polarity_share(sums: GroupedSums) -> Figures:
    """Share of stimuli whose responses fall on at least two of positive, negative, else."""
    if sums.polarities is None:
        return _undefined(sums, 1, sums.n_stimuli(), NO_POLARITY)
    return _mean_over_stimuli(sums, sums.columns.mixed_polarity)


def label_shares(sums: GroupedSums) -> Figures:
    """Share of all responses, one figure per label."""
    labels = sums.total(sums.columns.labels)
    return Figures(_ratio(labels, labels.sum(axis=1, keepdims=True)), sums.n_stimuli(), NO_RESPONSE)


def polarity_shares(sums: GroupedSums) -> Figures:
    """Share of all responses, one figure per polarity in the order of POLARITIES."""
    if sums.polarities is None:
        return _undefined(sums, 3, sums.n_stimuli(), NO_POLARITY)
    labels = sums.total(sums.columns.labels)
    totals = labels @ polarity_matrix(sums.polarities)
    return Figures(_ratio(totals, labels.sum(axis=1, keepdims=True)), sums.n_stimuli(), NO_RESPONSE)


def all_estimates(sums: GroupedSums, label_names: Sequence[str]) -> dict[str, Estimate]:
    """Every figure by its name, families as name.member; `catalogue.py` describes each."""
    rules = [rule.name for rule in MAJORITY_RULES]
    families: list[tuple[str, Sequence[str], Figures]] = [
        ("krippendorff_alpha", (), krippendorff_alpha(sums)),
        ("fleiss_kappa", (), fleiss_kappa(sums)),
        ("pairwise_agreement", (), pairwise_agreement(sums)),
        ("mean_entropy_nats", (), mean_entropy_nats(sums)),
        ("majority", rules, majority_shares(sums)),
        ("positive_and_negative", (), positive_and_negative_share(sums)),
        ("mixed_polarity", (), mixed_polarity_share(sums)),
        ("label_share", label_names, label_shares(sums)),
        ("polarity_share", POLARITIES, polarity_shares(sums)),
        *(
            (f"majority_label.{rule}", label_names, figures)
            for rule, figures in zip(rules, majority_label_shares(sums), strict=True)
        ),
    ]
    named: dict[str, Estimate] = {}
    for name, members, figures in families:
        keys = [f"{name}.{member}" for member in members] or [name]
        named.update(zip(keys, figures.estimates(), strict=True))
    return named
