"""What can be said of each single stimulus: for galleries, filters and a stimulus's own page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.contributions import agreeing_pairs
from analysis.statistics.counts import as_label_counts
from analysis.statistics.entropy import entropy_nats, grassberger_entropy_nats
from analysis.statistics.majority import MAJORITY_RULES, majority_flags, top_labels
from analysis.statistics.polarity import (
    POLARITIES,
    as_polarities,
    has_mixed_polarity,
    has_positive_and_negative,
    polarity_counts,
)


@dataclass(frozen=True)
class StimulusFacts:
    """One entry (or row) per stimulus in each array; nan where a number is not defined.

    n_responses: (n_stimuli,).
    entropy_nats: (n_stimuli,), nan without responses.
    entropy_grassberger_nats: (n_stimuli,), corrected for having few responses, see `entropy.py`; nan below two.
    pairwise_agreement: (n_stimuli,), share of pairs of responses that agree, 0 to 1; nan below two responses.
    is_top: (n_stimuli, n_labels), the most frequent label or, in a tie, labels.
    top_share: (n_stimuli,), share of responses on one of these, 0 to 1; nan without responses.
    majority: (n_stimuli, n_rules), a majority under each rule in the order of MAJORITY_RULES.
    polarity_counts: (n_stimuli, 3) in the order of POLARITIES; this and the next two are None without polarities.
    positive_and_negative: (n_stimuli,), at least one response of each.
    mixed_polarity: (n_stimuli,), at least two of positive, negative, else.
    """

    n_responses: NDArray[np.int64]
    entropy_nats: NDArray[np.float64]
    entropy_grassberger_nats: NDArray[np.float64]
    pairwise_agreement: NDArray[np.float64]
    is_top: NDArray[np.bool_]
    top_share: NDArray[np.float64]
    majority: NDArray[np.bool_]
    polarity_counts: NDArray[np.int64] | None
    positive_and_negative: NDArray[np.bool_] | None
    mixed_polarity: NDArray[np.bool_] | None

    def as_dict(self, row: int) -> dict[str, Any]:
        """The facts of one stimulus, ready for JSON: label indexes in top_labels, None for what is not defined."""
        polarity = None if self.polarity_counts is None else self.polarity_counts[row].tolist()
        return {
            "n_responses": int(self.n_responses[row]),
            "entropy_nats": _number(self.entropy_nats[row]),
            "entropy_grassberger_nats": _number(self.entropy_grassberger_nats[row]),
            "pairwise_agreement": _number(self.pairwise_agreement[row]),
            "top_labels": np.flatnonzero(self.is_top[row]).tolist(),
            "top_share": _number(self.top_share[row]),
            "majority": {rule.name: bool(self.majority[row, index]) for index, rule in enumerate(MAJORITY_RULES)},
            "polarity_counts": None if polarity is None else dict(zip(POLARITIES, polarity, strict=True)),
            "positive_and_negative": _flag(self.positive_and_negative, row),
            "mixed_polarity": _flag(self.mixed_polarity, row),
        }


def stimulus_facts(counts: ArrayLike, polarities: Sequence[str | None] | None = None) -> StimulusFacts:
    """The facts of each stimulus, from the same rules as the study's figures.

    counts: responses per stimulus and label, (n_stimuli, n_labels), or one stimulus's row, (n_labels,).
    polarities: 'positive', 'negative' or 'else' for each label, or None.
    """
    rows = as_label_counts(np.atleast_2d(np.asarray(counts)))
    known = as_polarities(polarities, rows.shape[1])
    n_responses = rows.sum(axis=1)
    pairs = n_responses * (n_responses - 1)
    nothing = np.full(len(rows), np.nan)
    return StimulusFacts(
        n_responses=n_responses,
        entropy_nats=entropy_nats(rows),
        entropy_grassberger_nats=grassberger_entropy_nats(rows),
        pairwise_agreement=np.divide(agreeing_pairs(rows), pairs, out=nothing.copy(), where=pairs > 0),
        is_top=top_labels(rows),
        top_share=np.divide(rows.max(axis=1), n_responses, out=nothing.copy(), where=n_responses > 0),
        majority=majority_flags(rows),
        polarity_counts=None if known is None else polarity_counts(rows, known),
        positive_and_negative=None if known is None else has_positive_and_negative(rows, known),
        mixed_polarity=None if known is None else has_mixed_polarity(rows, known),
    )


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _flag(flags: NDArray[np.bool_] | None, row: int) -> bool | None:
    return None if flags is None else bool(flags[row])
