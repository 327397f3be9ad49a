"""The formulas: from sums to figures, for the data as they are and for every resample at once.

Each takes `GroupedSums` and returns `Figures`. The functions of the same names in `agreement.py` and `shares.py`
take label counts and say what each figure means; the formula stands only here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.ceiling import CEILING_FIGURES, ceiling_of_shapes
from analysis.statistics.contributions import Columns
from analysis.statistics.entropy import entropy_nats, grassberger_entropy_nats, miller_madow_entropy_nats
from analysis.statistics.estimate import Estimate
from analysis.statistics.majority import MAJORITY_RULES
from analysis.statistics.patterns import Shape
from analysis.statistics.polarity import POLARITIES, POLARITY_MIXES, polarity_matrix
from analysis.statistics.resampling import interval_at_the_edge, interval_of

Numbers = NDArray[np.float64]

NO_RESPONSE = "needs at least one response"
NO_PAIR = "needs at least two responses on one stimulus"
ONE_LABEL = "every response chose the same label, so agreement beyond chance is not defined"
NO_POLARITY = "the labels carry no polarity"
ONE_LABEL_IN_SET = "the label set has one label only"
NOBODY_OR_EVERYBODY = "nobody or everybody chose the label, so agreement beyond chance is not defined"
NO_SUCH_LABEL = "no response chose the label"
NO_REST_MAJORITY = "no response whose companions have a majority under this rule"
NO_MAJORITY = "no stimulus has a majority under this rule"


@dataclass(frozen=True)
class GroupedSums:
    """Contributions summed over stimuli, apart for each number of responses.

    groups: number of responses -> int64 (1 + n_resamples, n_columns); row 0 is the data, the others are the resamples.
        Ascending, at least one response, no group without stimuli.
    shapes: responses per label, largest first -> how many stimuli have them, (1 + n_resamples,); see `patterns.py`.
    polarity_shapes: responses per polarity -> the same; empty where the labels have none.
    polarities: of each label, or None.
    """

    columns: Columns
    polarities: tuple[str, ...] | None
    n_resamples: int
    groups: Mapping[int, NDArray[np.int64]]
    shapes: Mapping[Shape, NDArray[np.int64]]
    polarity_shapes: Mapping[Shape, NDArray[np.int64]]

    def total(self, column: int | slice) -> NDArray[np.int64]:
        """A column (or several) summed over all stimuli: (1 + n_resamples,) or (1 + n_resamples, width)."""
        empty = np.zeros((1 + self.n_resamples, self.columns.total), dtype=np.int64)[:, column]
        return sum((sums[:, column] for sums in self.groups.values()), start=empty)

    def with_responses(self, least: int) -> "GroupedSums":
        """Only the stimuli with at least so many responses."""
        groups = {n: sums for n, sums in self.groups.items() if n >= least}
        shapes, mixes = (
            {shape: stimuli for shape, stimuli in table.items() if sum(shape) >= least}
            for table in (self.shapes, self.polarity_shapes)
        )
        return GroupedSums(self.columns, self.polarities, self.n_resamples, groups, shapes, mixes)

    def paired(self) -> "GroupedSums":
        """Only the stimuli with at least two responses: the ones that can tell of agreement."""
        return self.with_responses(2)

    def n_stimuli(self) -> int:
        """Number of stimuli in the data."""
        return int(self.total(self.columns.stimuli)[0])


@dataclass(frozen=True)
class Figures:
    """One figure or a family of figures, for the data and each resample.

    values: (1 + n_resamples, width), nan where not defined.
    n: number of stimuli that each figure of the family rests on.
    reason: why a figure is not defined, where it is not.
    is_share: whether each stimulus gives a number from 0 to 1, so that an interval is known where all gave 0, or all 1.
    """

    values: Numbers
    n: int
    reason: str
    note: str | None = None
    is_share: bool = False

    def estimates(self) -> list[Estimate]:
        """One estimate per figure of the family, with the interval of its resamples (`resampling.interval_of`), of
        shares at 0 and 1 the one of `resampling.interval_at_the_edge`."""
        return [self._estimate(self.values[:, column]) for column in range(self.values.shape[1])]

    def _estimate(self, values: Numbers) -> Estimate:
        value, resamples = float(values[0]), values[1:]
        if np.isnan(value):
            return Estimate(None, None, None, self.n, reason=self.reason)
        interval = interval_of(value, resamples, self.n)
        if interval is None:
            return Estimate(value, None, None, self.n, note=self.note)
        if self.is_share and min(value, 1 - value) < 1e-12:
            interval = interval_at_the_edge(value, self.n)
        return Estimate(value, *interval, self.n, note=self.note)


def ratio(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Numbers:
    """numerator / denominator, nan where the denominator is 0."""
    top = np.asarray(numerator, dtype=np.float64)
    bottom = np.broadcast_to(np.asarray(denominator, dtype=np.float64), top.shape)
    ratio: Numbers = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0)
    return ratio


def _one(values: Numbers, n: int, reason: str, note: str | None = None, *, is_share: bool = False) -> Figures:
    return Figures(values[:, np.newaxis], n, reason, note, is_share)


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
    observed = ratio(n_values - agreeing, n_values)
    expected = ratio(n_values**2 - (labels**2).sum(axis=1), n_values * (n_values - 1))
    return _one(1 - ratio(observed, expected), n_stimuli, ONE_LABEL)


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
    observed = ratio(group[:, sums.columns.agreeing_pairs], stimuli * (n_responses * (n_responses - 1)))
    labels = group[:, sums.columns.labels].astype(np.float64)
    n_values = labels.sum(axis=1)
    # exactly 0 where one label has all responses, which a difference of shares would miss by a rounding error
    disagreement = ratio(n_values**2 - (labels**2).sum(axis=1), n_values**2)
    note = f"on the {n_stimuli} stimuli with exactly {n_responses} responses, the most common number"
    return _one(ratio(observed - (1 - disagreement), disagreement), n_stimuli, ONE_LABEL, note)


def pairwise_agreement(sums: GroupedSums) -> Figures:
    """Mean over stimuli of the share of agreeing pairs of responses."""
    paired = sums.paired()
    shares = np.zeros(1 + sums.n_resamples)
    for n_responses, group in paired.groups.items():
        shares += group[:, sums.columns.agreeing_pairs] / (n_responses * (n_responses - 1))
    return _one(ratio(shares, paired.total(sums.columns.stimuli)), paired.n_stimuli(), NO_PAIR, is_share=True)


def chance_agreement(sums: GroupedSums) -> Figures:
    """The chance that two responses drawn from all stimuli with two responses chose the same label."""
    paired = sums.paired()
    labels = paired.total(sums.columns.labels).astype(np.float64)
    n_values = labels.sum(axis=1)
    return _one(ratio((labels * (labels - 1)).sum(axis=1), n_values * (n_values - 1)), paired.n_stimuli(), NO_PAIR)


def gwet_ac1(sums: GroupedSums) -> Figures:
    """(observed - chance) / (1 - chance), chance = sum of pi (1 - pi) / (labels - 1), pi = mean share of a label."""
    n_labels = sums.columns.n_labels
    if n_labels < 2:
        return _undefined(sums, 1, sums.paired().n_stimuli(), ONE_LABEL_IN_SET)
    observed = pairwise_agreement(sums).values[:, 0]
    shares = np.zeros((1 + sums.n_resamples, n_labels))
    for n_responses, group in sums.groups.items():
        shares += group[:, sums.columns.labels] / n_responses
    shares = ratio(shares, sums.total(sums.columns.stimuli)[:, np.newaxis])
    chance = (shares * (1 - shares)).sum(axis=1) / (n_labels - 1)
    return _one(ratio(observed - chance, 1 - chance), sums.paired().n_stimuli(), NO_PAIR)


def label_alphas(sums: GroupedSums) -> Figures:
    """Krippendorff's alpha of each label against all others together."""
    paired = sums.paired()
    n_labels = sums.columns.n_labels
    if not paired.groups:
        return _undefined(sums, n_labels, 0, NO_PAIR)
    chosen = paired.total(sums.columns.labels).astype(np.float64)
    n_values = chosen.sum(axis=1, keepdims=True)
    agreeing = np.zeros_like(chosen)
    for n_responses, group in paired.groups.items():
        agreeing += group[:, sums.columns.label_pairs] / (n_responses - 1)
    # each response on the label, against the share of its companions on another one
    observed = chosen - agreeing
    expected = ratio(chosen * (n_values - chosen), n_values - 1)
    return Figures(1 - ratio(observed, expected), paired.n_stimuli(), NOBODY_OR_EVERYBODY)


def single_response_reliability(sums: GroupedSums) -> Numbers:
    """How well one response of a stimulus tells another one, in the labels' shares: (1 + n_resamples,).

    Covariance of the label indicators of two responses to a stimulus, over their variance, both summed over labels.
    """
    paired = sums.paired()
    n_stimuli = paired.total(sums.columns.stimuli).astype(np.float64)
    shape = (1 + sums.n_resamples, sums.columns.n_labels)
    shares, together, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for n_responses, group in paired.groups.items():
        labels, pairs = group[:, sums.columns.labels], group[:, sums.columns.label_pairs]
        shares += labels / n_responses
        together += pairs / (n_responses * (n_responses - 1))
        squares += (labels + pairs) / n_responses**2
    # mean over pairs of different stimuli of the product of their shares: what two strangers' responses have in common
    apart = ratio(shares**2 - squares, (n_stimuli * (n_stimuli - 1))[:, np.newaxis]).sum(axis=1)
    within = ratio(together, n_stimuli[:, np.newaxis]).sum(axis=1)
    return ratio(within - apart, 1 - apart)


def spearman_brown(reliability: Numbers, times: float) -> Numbers:
    """The reliability of so many times as many responses; nan where it is not defined."""
    stepped = ratio(times * reliability, 1 + (times - 1) * reliability)
    # below -1 / (times - 1) the formula has no meaning, just above it no bounds
    return np.where(np.abs(stepped) > 1 + 1e-9, np.nan, np.clip(stepped, -1, 1))


def reliabilities(sums: GroupedSums) -> list[Figures]:
    """Of one response, of half of a stimulus's responses, and of all: the most common number of responses."""
    n_responses, n_stimuli = modal_responses(sums), sums.paired().n_stimuli()
    if n_responses is None:
        return [_undefined(sums, 1, 0, NO_PAIR)] * 3
    one = single_response_reliability(sums)
    half = n_responses // 2
    return [
        _one(one, n_stimuli, ONE_LABEL),
        _one(spearman_brown(one, half), n_stimuli, ONE_LABEL, f"of {half} responses with {half} others"),
        _one(spearman_brown(one, n_responses), n_stimuli, ONE_LABEL, f"of all {n_responses} responses"),
    ]


def human_ceiling(sums: GroupedSums) -> list[Figures]:
    """The figures of CEILING_FIGURES: each response against the other responses to its stimulus."""
    paired = sums.paired()
    if not paired.shapes:
        return [_undefined(sums, 1, 0, NO_PAIR)] * len(CEILING_FIGURES)
    rows, stimuli = shape_table(paired.shapes, sums.columns.n_labels)
    parts = ceiling_of_shapes(rows)
    families = []
    for figure in CEILING_FIGURES:
        over, under = parts[figure.name]
        n_stimuli = round(float((stimuli[0] * (under > 0)).sum()))
        is_share = figure.high == 1
        families.append(_one(ratio(stimuli @ over, stimuli @ under), n_stimuli, NO_REST_MAJORITY, is_share=is_share))
    return families


def _mean_over_stimuli(sums: GroupedSums, column: int | slice) -> Figures:
    totals = sums.total(column).reshape(1 + sums.n_resamples, -1)
    means = ratio(totals, sums.total(sums.columns.stimuli)[:, np.newaxis])
    return Figures(means, sums.n_stimuli(), NO_RESPONSE, is_share=True)


def shape_table(shapes: Mapping[Shape, NDArray[np.generic]], width: int) -> tuple[NDArray[np.int64], Numbers]:
    """The shapes as rows of counts, (n_shapes, width), and how many stimuli have them, (1 + n_resamples, n_shapes)."""
    rows = np.zeros((len(shapes), width), dtype=np.int64)
    for index, shape in enumerate(shapes):
        rows[index, : len(shape)] = shape
    stimuli = [np.asarray(number, dtype=np.float64) for number in shapes.values()]
    return rows, np.stack(stimuli, axis=1) if stimuli else np.zeros((0, 0))


def mean_over_shapes(
    sums: GroupedSums, number: Callable[[NDArray[np.int64]], Numbers], reason: str = NO_RESPONSE
) -> Figures:
    """Mean over stimuli of a number that does not depend on which label is which: number(counts) -> (n_stimuli,)."""
    if not sums.shapes:
        return _undefined(sums, 1, 0, reason)
    rows, stimuli = shape_table(sums.shapes, sums.columns.n_labels)
    return _one(ratio(stimuli @ number(rows), stimuli.sum(axis=1)), sums.n_stimuli(), reason)


def mean_entropy_nats(sums: GroupedSums) -> Figures:
    """Mean over stimuli of the entropy of their labels."""
    return mean_over_shapes(sums, entropy_nats)


def mean_entropy_miller_madow_nats(sums: GroupedSums) -> Figures:
    """Mean over stimuli of the entropy after Miller and Madow."""
    return mean_over_shapes(sums, miller_madow_entropy_nats)


def mean_entropy_grassberger_nats(sums: GroupedSums) -> Figures:
    """Mean over the stimuli with two responses of the entropy after Grassberger."""
    return mean_over_shapes(sums.paired(), grassberger_entropy_nats, NO_PAIR)


def majority_shares(sums: GroupedSums) -> Figures:
    """Share of stimuli with a majority, one figure per rule in the order of MAJORITY_RULES."""
    return _mean_over_stimuli(sums, sums.columns.majority)


def majority_label_shares(sums: GroupedSums) -> list[Figures]:
    """Per rule one family: each label's share of the stimuli that have a majority under that rule."""
    stimuli = sums.total(sums.columns.majority)
    flags = sums.total(sums.columns.majority_labels).reshape(1 + sums.n_resamples, len(MAJORITY_RULES), -1)
    reason = NO_MAJORITY if sums.groups else NO_RESPONSE
    return [
        Figures(ratio(flags[:, rule], stimuli[:, rule, np.newaxis]), int(stimuli[0, rule]), reason, is_share=True)
        for rule in range(len(MAJORITY_RULES))
    ]


def majority_labels_per_response(sums: GroupedSums) -> list[Figures]:
    """Per rule one family: stimuli whose majority label is this one, divided by all responses of the label."""
    flags = sums.total(sums.columns.majority_labels).reshape(1 + sums.n_resamples, len(MAJORITY_RULES), -1)
    labels = sums.total(sums.columns.labels)
    return [
        Figures(ratio(flags[:, rule], labels), sums.n_stimuli(), NO_SUCH_LABEL) for rule in range(len(MAJORITY_RULES))
    ]


def polarity_mixes(sums: GroupedSums) -> Figures:
    """Share of stimuli whose responses fall on exactly these polarities, in the order of POLARITY_MIXES."""
    if sums.polarities is None or not sums.polarity_shapes:
        reason = NO_POLARITY if sums.polarities is None else NO_RESPONSE
        return _undefined(sums, len(POLARITY_MIXES), sums.n_stimuli(), reason)
    rows, stimuli = shape_table(sums.polarity_shapes, len(POLARITIES))
    wanted = np.array([[polarity in mix.split("+") for polarity in POLARITIES] for mix in POLARITY_MIXES])
    is_mix = ((rows > 0)[:, np.newaxis, :] == wanted[np.newaxis]).all(axis=2)
    means = ratio(stimuli @ is_mix.astype(np.float64), stimuli.sum(axis=1, keepdims=True))
    return Figures(means, sums.n_stimuli(), NO_RESPONSE, is_share=True)


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
    return Figures(ratio(labels, labels.sum(axis=1, keepdims=True)), sums.n_stimuli(), NO_RESPONSE, is_share=True)


def polarity_shares(sums: GroupedSums) -> Figures:
    """Share of all responses, one figure per polarity in the order of POLARITIES."""
    if sums.polarities is None:
        return _undefined(sums, 3, sums.n_stimuli(), NO_POLARITY)
    labels = sums.total(sums.columns.labels)
    totals = labels @ polarity_matrix(sums.polarities)
    return Figures(ratio(totals, labels.sum(axis=1, keepdims=True)), sums.n_stimuli(), NO_RESPONSE, is_share=True)


def all_estimates(sums: GroupedSums, label_names: Sequence[str]) -> dict[str, Estimate]:
    """Every figure by its name, families as name.member; `catalogue.py` describes each."""
    rules = [rule.name for rule in MAJORITY_RULES]
    reliability_names = ("reliability_of_one", "split_half_reliability", "reliability_of_all")
    families: list[tuple[str, Sequence[str], Figures]] = [
        ("krippendorff_alpha", (), krippendorff_alpha(sums)),
        ("fleiss_kappa", (), fleiss_kappa(sums)),
        ("pairwise_agreement", (), pairwise_agreement(sums)),
        ("chance_agreement", (), chance_agreement(sums)),
        ("gwet_ac1", (), gwet_ac1(sums)),
        ("label_alpha", label_names, label_alphas(sums)),
        *((name, (), figure) for name, figure in zip(reliability_names, reliabilities(sums), strict=True)),
        *(
            (f"human_ceiling.{f.name}", (), figure)
            for f, figure in zip(CEILING_FIGURES, human_ceiling(sums), strict=True)
        ),
        ("mean_entropy_nats", (), mean_entropy_nats(sums)),
        ("mean_entropy_miller_madow_nats", (), mean_entropy_miller_madow_nats(sums)),
        ("mean_entropy_grassberger_nats", (), mean_entropy_grassberger_nats(sums)),
        ("majority", rules, majority_shares(sums)),
        ("positive_and_negative", (), positive_and_negative_share(sums)),
        ("mixed_polarity", (), mixed_polarity_share(sums)),
        ("polarity_mix", POLARITY_MIXES, polarity_mixes(sums)),
        ("label_share", label_names, label_shares(sums)),
        ("polarity_share", POLARITIES, polarity_shares(sums)),
        *(
            (f"majority_label.{rule}", label_names, figures)
            for rule, figures in zip(rules, majority_label_shares(sums), strict=True)
        ),
        *(
            (f"majority_per_response.{rule}", label_names, figures)
            for rule, figures in zip(rules, majority_labels_per_response(sums), strict=True)
        ),
    ]
    named: dict[str, Estimate] = {}
    for name, members, figures in families:
        keys = [f"{name}.{member}" for member in members] or [name]
        named.update(zip(keys, figures.estimates(), strict=True))
    return named
