"""How every figure would look with 2, 3, ... n responses per stimulus: whether asking more people would change it.

All points of a curve rest on the same stimuli: those that have at least n responses. A point says what would be found
if k of each stimulus's responses were drawn at random, without replacement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics import figures
from analysis.statistics.ceiling import CEILING_FIGURES, ceiling_of_shapes
from analysis.statistics.contributions import agreeing_pairs
from analysis.statistics.counts import LabelCounts, as_label_counts
from analysis.statistics.entropy import entropy_nats, grassberger_entropy_nats, miller_madow_entropy_nats
from analysis.statistics.estimate import Estimate
from analysis.statistics.majority import MAJORITY_RULES, majority_flags
from analysis.statistics.patterns import (
    Numbers,
    drawn_label_shapes,
    drawn_polarity_shapes,
    thin,
    thin_to,
    thinned_label_shape,
    thinned_polarity_shape,
)
from analysis.statistics.polarity import POLARITIES
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, resampled_sums

#: The longest curve. The shapes of more responses than this are too many to follow each exactly.
MOST_RESPONSES = 20


@dataclass(frozen=True)
class Curve:
    """A figure at each number of responses: estimates[i] is that with n_responses[i] responses per stimulus."""

    name: str
    n_responses: tuple[int, ...]
    estimates: tuple[Estimate, ...]


def convergence(sums: figures.GroupedSums, n_responses: int | None = None) -> dict[str, Curve]:
    """The expected value of the figures with k = 2 ... n_responses responses per stimulus, exactly: no draw is made.

    sums: `AgreementSums.grouped()`; so the curves follow every response as the figures do.
    n_responses: where the curves end; by default the most common number of responses, at most MOST_RESPONSES. Stimuli
        with fewer are left out.
    The curves: mean entropies, the majority rules, pairwise agreement (level by nature: more responses do not change
    it, they narrow it), positive and negative, mixed polarity, the human ceiling, and the reliability of k responses.
    Empty if no stimulus has two responses.
    Source: the multivariate hypergeometric distribution (thinning one response at a time, see `patterns.py`);
        reliability: Spearman (1910), Brown (1910).
    Raises ValueError if n_responses is below 2 or above MOST_RESPONSES.
    """
    end = figures.modal_responses(sums) if n_responses is None else n_responses
    if end is None:
        return {}
    end = min(end, MOST_RESPONSES) if n_responses is None else end
    if not 2 <= end <= MOST_RESPONSES:
        raise ValueError(f"A curve ends at 2 to {MOST_RESPONSES} responses; got {end}. Nothing was computed.")
    enough = sums.with_responses(end)
    points: dict[str, dict[int, Estimate]] = {}

    def add(name: str, k: int, above: Numbers, below: Numbers, reason: str) -> None:
        values, is_share = figures.ratio(above, below)[:, np.newaxis], not name.endswith("_nats")
        family = figures.Figures(values, enough.n_stimuli(), reason, is_share=is_share)
        points.setdefault(name, {})[k] = family.estimates()[0]

    current = thin_to(enough.shapes, end, drawn_label_shapes)
    for k in range(end, 1, -1):
        if k < end:
            current = thin(current, thinned_label_shape)
        if not current:
            break
        rows, stimuli = figures.shape_table(current, sums.columns.n_labels)
        everyone = stimuli.sum(axis=1)
        for name, number in _NUMBERS.items():
            add(name, k, stimuli @ number(rows), everyone, figures.NO_PAIR)
        for name, (above, below) in ceiling_of_shapes(rows).items():
            add(f"human_ceiling.{name}", k, stimuli @ above, stimuli @ below, figures.NO_REST_MAJORITY)
    if sums.polarities is not None:
        current = thin_to(enough.polarity_shapes, end, drawn_polarity_shapes)
        for k in range(end, 1, -1):
            if k < end:
                current = thin(current, thinned_polarity_shape)
            if not current:
                break
            rows, stimuli = figures.shape_table(current, len(POLARITIES))
            everyone = stimuli.sum(axis=1)
            add("positive_and_negative", k, stimuli @ (rows[:, :2] > 0).all(axis=1), everyone, figures.NO_PAIR)
            add("mixed_polarity", k, stimuli @ ((rows > 0).sum(axis=1) >= 2), everyone, figures.NO_PAIR)
    one = figures.single_response_reliability(enough)
    for k in range(1, end + 1):
        family = figures.Figures(figures.spearman_brown(one, k)[:, np.newaxis], enough.n_stimuli(), figures.ONE_LABEL)
        points.setdefault("reliability", {})[k] = family.estimates()[0]
    return {
        name: Curve(name, tuple(sorted(at)), tuple(at[k] for k in sorted(at))) for name, at in sorted(points.items())
    }


def _rule(index: int) -> Callable[[LabelCounts], Numbers]:
    return lambda rows: majority_flags(rows)[:, index].astype(np.float64)


_NUMBERS: dict[str, Callable[[LabelCounts], Numbers]] = {
    "mean_entropy_nats": entropy_nats,
    "mean_entropy_miller_madow_nats": miller_madow_entropy_nats,
    "mean_entropy_grassberger_nats": grassberger_entropy_nats,
    "pairwise_agreement": lambda rows: agreeing_pairs(rows) / (rows.sum(axis=1) * (rows.sum(axis=1) - 1)),
    **{f"majority.{rule.name}": _rule(index) for index, rule in enumerate(MAJORITY_RULES)},
}
CURVES: tuple[str, ...] = (
    *_NUMBERS,
    *(f"human_ceiling.{figure.name}" for figure in CEILING_FIGURES),
    "positive_and_negative",
    "mixed_polarity",
    "reliability",
)


def chance_corrected_convergence(
    counts: ArrayLike,
    n_responses: int | None = None,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> dict[str, Curve]:
    """Alpha, Fleiss' kappa and AC1 with k = 2 ... n_responses responses per stimulus, from one seeded draw.

    These are not means over stimuli, so no exact formula gives their scatter: the responses of each stimulus are put
    into a random order (seed) and the first k of them are taken. The values hardly move with k, since chance-corrected
    agreement does not depend on the number of responses; their intervals narrow.
    counts: (n_stimuli, n_labels); stimuli with fewer than n_responses (default: the most common number) are left out.
    Empty if there is no other. Raises ValueError if n_responses is below 2.
    """
    checked = as_label_counts(counts)
    sizes = checked.sum(axis=1)
    paired = sizes[sizes >= 2]
    if len(paired) == 0:
        return {}
    common = np.bincount(paired)
    end = int(len(common) - 1 - np.argmax(common[::-1])) if n_responses is None else n_responses
    if end < 2:
        raise ValueError(f"A curve ends at 2 responses or more; got {end}. Nothing was computed.")
    enough = np.flatnonzero(sizes >= end)
    if not len(enough):
        return {}
    chosen = thinned_counts(checked[enough], end, seed)
    n_labels = checked.shape[1]
    columns = [np.concatenate([agreeing_pairs(part)[:, np.newaxis], part], axis=1) for part in chosen]
    names = None if keys is None else [keys[row] for row in enough.tolist()]
    ones = np.ones((len(enough), 1))
    totals = resampled_sums(np.concatenate([ones, *columns], axis=1).astype(np.float64), names, n_resamples, seed)
    curves: dict[str, list[Estimate]] = {"krippendorff_alpha": [], "fleiss_kappa": [], "gwet_ac1": []}
    stimuli = totals[:, 0]
    for place, k in enumerate(range(2, end + 1)):
        part = totals[:, 1 + place * (n_labels + 1) : 1 + (place + 1) * (n_labels + 1)]
        labels = part[:, 1:]
        n_values = labels.sum(axis=1)
        observed = figures.ratio(part[:, 0], stimuli * k * (k - 1))
        shares = figures.ratio(labels, n_values[:, np.newaxis])
        same = (shares**2).sum(axis=1)
        disagreement = figures.ratio(n_values * (1 - same), n_values - 1)
        ac1_chance = (1 - same) / (n_labels - 1) if n_labels > 1 else np.full_like(same, np.nan)
        by_name = {
            "krippendorff_alpha": 1 - figures.ratio(1 - observed, disagreement),
            "fleiss_kappa": figures.ratio(observed - same, 1 - same),
            "gwet_ac1": figures.ratio(observed - ac1_chance, 1 - ac1_chance),
        }
        for name, values in by_name.items():
            family = figures.Figures(values[:, np.newaxis], len(enough), figures.ONE_LABEL)
            curves[name].append(family.estimates()[0])
    ks = tuple(range(2, end + 1))
    return {name: Curve(name, ks, tuple(estimates)) for name, estimates in curves.items()}


def thinned_counts(counts: LabelCounts, n_responses: int, seed: int) -> list[LabelCounts]:
    """Counts of the first k = 2 ... n_responses responses of each stimulus in one random order: (n_stimuli, n_labels).

    counts: at least n_responses per stimulus.
    """
    n_stimuli, n_labels = counts.shape
    labels = np.repeat(np.tile(np.arange(n_labels), n_stimuli), counts.reshape(-1))
    stimuli = np.repeat(np.arange(n_stimuli), counts.sum(axis=1))
    order = np.lexsort((np.random.default_rng(seed).random(len(labels)), stimuli))
    labels, stimuli = labels[order], stimuli[order]
    starts = np.concatenate([[0], np.cumsum(counts.sum(axis=1))[:-1]]).astype(np.int64)
    thinned: list[LabelCounts] = []
    sofar = np.zeros(n_stimuli * n_labels, dtype=np.int64)
    for k in range(n_responses):
        drawn: NDArray[np.int64] = np.arange(n_stimuli) * n_labels + labels[starts + k]
        sofar[drawn] += 1  # one per stimulus, so no place is met twice
        if k >= 1:
            thinned.append(sofar.reshape(n_stimuli, n_labels).copy())
    return thinned
