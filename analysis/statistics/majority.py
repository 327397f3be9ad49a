"""The four rules by which a stimulus can have a majority: the literature uses all four under one word.

They differ where it matters: with four labels and six responses, counts of 3, 3, 0, 0 have a majority under the first
rule only, and 2, 2, 1, 1 under none. Every figure therefore names its rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.counts import LabelCounts

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class MajorityRule:
    """A rule, its sentence, where it is used, and the test itself.

    holds(top, n_top, n_responses): for each stimulus the count of its most frequent label, how many labels share that
        count, and the number of responses (at least 1).
    """

    name: str
    title: str
    sentence: str
    source: str
    holds: Callable[[Integers, Integers, Integers], Flags]


MAJORITY_RULES: tuple[MajorityRule, ...] = (
    MajorityRule(
        name="half_or_more",
        title="Half or more",
        sentence="At least half of the responses chose one label; two labels with exactly half each also count.",
        source="ArtEmis, analysis code: has_emotion_max_dominance (the 'strong majority' of the papers)",
        holds=lambda top, n_top, n: 2 * top >= n,
    ),
    MajorityRule(
        name="unique_half_or_more",
        title="Half or more, without a tie",
        sentence="At least half of the responses chose one label, and every other label was chosen less often.",
        source="ArtEmis, emotional alignment metric: dominant_maximizer; "
        "Affection, supplement: 'unique strong majority'",
        holds=lambda top, n_top, n: (2 * top >= n) & (n_top == 1),
    ),
    MajorityRule(
        name="strict_majority",
        title="More than half",
        sentence="More than half of the responses chose one label.",
        source="ArtEmis, image classifier, test accuracy on images with a share above 0.5",
        holds=lambda top, n_top, n: 2 * top > n,
    ),
    MajorityRule(
        name="unique_maximizer",
        title="One most frequent label",
        sentence="One label was chosen more often than every other, however often that is.",
        source="ArtEmis, image classifier, accuracy while training: unique_maximizer",
        holds=lambda top, n_top, n: n_top == 1,
    ),
)


def top_labels(counts: LabelCounts) -> Flags:
    """Which labels are a stimulus's most frequent: (n_stimuli, n_labels); several in a tie, none without responses."""
    top = counts.max(axis=1, keepdims=True)
    flags: Flags = (counts == top) & (top > 0)
    return flags


def majority_flags(counts: LabelCounts) -> Flags:
    """Whether a stimulus has a majority: (n_stimuli, n_rules), rules in the order of MAJORITY_RULES.

    A stimulus without responses has none under any rule.
    """
    top = counts.max(axis=1)
    n_top = top_labels(counts).sum(axis=1)
    n_responses = counts.sum(axis=1)
    return np.stack([rule.holds(top, n_top, n_responses) & (n_responses > 0) for rule in MAJORITY_RULES], axis=1)
