"""Shares of stimuli and of responses: majorities, mixed feelings, labels, polarities.

`keys`, `n_resamples` and `seed` fix the 95 % interval, as in `agreement.py`. Where a share is 0 or 1 in the data, it
is so in every resample; its interval then says how large (or small) it may still be: `resampling.interval_at_the_edge`.
"""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from analysis.statistics import figures
from analysis.statistics.estimate import Estimate
from analysis.statistics.majority import MAJORITY_RULES
from analysis.statistics.polarity import POLARITIES
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.sums import AgreementSums

RULE_NAMES = tuple(rule.name for rule in MAJORITY_RULES)


def majority_shares(
    counts: ArrayLike, *, keys: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES, seed: int = DEFAULT_SEED
) -> dict[str, Estimate]:
    """Share of stimuli that have a majority label, 0 to 1, under each of the rules in MAJORITY_RULES.

    counts: responses per stimulus and label, (n_stimuli, n_labels). Stimuli without responses are left out; n is the
        number of the others. A stimulus with one response has a majority under every rule.
    Source: Affection, sec. 3 (67.5 % under half_or_more); ArtEmis, analysis code, for each rule see MAJORITY_RULES.
    """
    sums = AgreementSums.of_counts(counts, keys=keys, n_resamples=n_resamples, seed=seed)
    return dict(zip(RULE_NAMES, figures.majority_shares(sums.grouped()).estimates(), strict=True))


def majority_label_shares(
    counts: ArrayLike, *, keys: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES, seed: int = DEFAULT_SEED
) -> dict[str, list[Estimate]]:
    """Among the stimuli with a majority, the share that each label is the majority of: {rule: one per label}.

    The shares of a rule add up to 1, except under half_or_more, where a stimulus split evenly between two labels counts
        for both. n is the number of stimuli with a majority under the rule.
    Source: Affection, supplement, fig. 7.
    """
    sums = AgreementSums.of_counts(counts, keys=keys, n_resamples=n_resamples, seed=seed)
    families = figures.majority_label_shares(sums.grouped())
    return {rule: family.estimates() for rule, family in zip(RULE_NAMES, families, strict=True)}


def positive_and_negative_share(
    counts: ArrayLike,
    polarities: Sequence[str | None] | None,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Share of stimuli with at least one positive and at least one negative response, 0 to 1.

    counts: (n_stimuli, n_labels); polarities: of each label. Stimuli without responses are left out.
    Not defined (None) if the labels have no polarity.
    Source: Affection, sec. 3 (50.0 %); ArtEmis, sec. 3 (61 %).
    """
    sums = AgreementSums.of_counts(counts, polarities=polarities, keys=keys, n_resamples=n_resamples, seed=seed)
    return figures.positive_and_negative_share(sums.grouped()).estimates()[0]


def mixed_polarity_share(
    counts: ArrayLike,
    polarities: Sequence[str | None] | None,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Share of stimuli whose responses fall on at least two of positive, negative, else, 0 to 1.

    counts: (n_stimuli, n_labels); polarities: of each label. Stimuli without responses are left out.
    Not defined (None) if the labels have no polarity.
    Source: ArtEmis, sec. 3 (79 %).
    """
    sums = AgreementSums.of_counts(counts, polarities=polarities, keys=keys, n_resamples=n_resamples, seed=seed)
    return figures.mixed_polarity_share(sums.grouped()).estimates()[0]


def label_shares(
    counts: ArrayLike, *, keys: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES, seed: int = DEFAULT_SEED
) -> list[Estimate]:
    """Share of all responses that chose each label, 0 to 1, in the order of the labels.

    counts: (n_stimuli, n_labels). n is the number of stimuli with a response, since these are resampled.
    Source: ArtEmis, sec. 3, histogram of emotions.
    """
    sums = AgreementSums.of_counts(counts, keys=keys, n_resamples=n_resamples, seed=seed)
    return figures.label_shares(sums.grouped()).estimates()


def polarity_shares(
    counts: ArrayLike,
    polarities: Sequence[str | None] | None,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> dict[str, Estimate]:
    """Share of all responses that are positive, negative, else, 0 to 1.

    counts: (n_stimuli, n_labels); polarities: of each label. Not defined (None) if the labels have no polarity.
    Source: Affection, sec. 3 (71.3 / 21.1 / 7.6 %).
    """
    sums = AgreementSums.of_counts(counts, polarities=polarities, keys=keys, n_resamples=n_resamples, seed=seed)
    return dict(zip(POLARITIES, figures.polarity_shares(sums.grouped()).estimates(), strict=True))
