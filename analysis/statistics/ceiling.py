"""The human ceiling: how well one person's response is told by the other people's responses to the same stimulus.

Each response is left out in turn and compared with the rest. It is the figure to print beside a network's: a network
that is judged by people's responses cannot be expected to do better than people do for each other.

Every stimulus weighs the same, as in a network's accuracy: within a stimulus, the mean over its responses. Where the
others' most frequent labels are tied, a response on one of the tied labels counts as a share of a hit (half with two
labels). A network is judged against the majority of *all* responses of a stimulus, a person here against that of all
but her own, so for few responses the ceiling is a little low; `convergence.py` shows how it rises with more of them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.counts import LabelCounts
from analysis.statistics.majority import MAJORITY_RULES, majority_flags

Numbers = NDArray[np.float64]

#: Added to each label's count of the others before it is a share: Jeffreys' prior.
SMOOTHING = 0.5


@dataclass(frozen=True)
class CeilingFigure:
    """One figure of the human ceiling as readers meet it."""

    name: str
    title: str
    definition: str
    unit: str
    high: float


_LEFT_OUT = "Each response is left out in turn and compared with the other responses to its stimulus"
CEILING_FIGURES: tuple[CeilingFigure, ...] = (
    CeilingFigure(
        "accuracy",
        "Human ceiling: accuracy",
        f"{_LEFT_OUT}: how often it is their most frequent label; a tie of k labels counts 1/k for a response on one "
        "of them. On all stimuli with at least two responses.",
        "share of responses",
        1,
    ),
    *(
        CeilingFigure(
            f"accuracy_{rule.name}",
            f"Human ceiling: accuracy, {rule.title[0].lower()}{rule.title[1:]}",
            f"{_LEFT_OUT}: how often it is their majority label, where they have one. "
            f"A majority means: {rule.sentence[0].lower()}{rule.sentence[1:]}",
            "share of responses",
            1,
        )
        for rule in MAJORITY_RULES
    ),
    CeilingFigure(
        "cross_entropy_nats",
        "Human ceiling: divergence (Kullback-Leibler)",
        f"{_LEFT_OUT}, whose counts, each half a response larger (Jeffreys), are taken as shares: minus the logarithm "
        "of the share of its label, which is the Kullback-Leibler divergence of the single response from them. A "
        "network's mean log loss over responses is its counterpart.",
        "nats",
        math.inf,
    ),
    CeilingFigure(
        "jensen_shannon_nats",
        "Human ceiling: divergence (Jensen-Shannon)",
        f"{_LEFT_OUT}, whose counts, each half a response larger (Jeffreys), are taken as shares: the Jensen-Shannon "
        "divergence between the single response and them.",
        "nats",
        float(np.log(2)),
    ),
)


def ceiling_of_shapes(counts: LabelCounts) -> dict[str, tuple[Numbers, Numbers]]:
    """What each stimulus adds above and below the line of each of CEILING_FIGURES: {name: ((n,), (n,))}.

    counts: (n_stimuli, n_labels), at least two responses each. A figure is the sum above by the sum below.
    """
    n_stimuli, n_labels = counts.shape
    n_responses = counts.sum(axis=1)
    names = [rule.name for rule in MAJORITY_RULES]
    above = {figure.name: np.zeros(n_stimuli) for figure in CEILING_FIGURES}
    below = {figure.name: np.ones(n_stimuli) for figure in CEILING_FIGURES}
    below.update({f"accuracy_{name}": np.zeros(n_stimuli) for name in names})
    for label in range(n_labels):
        share = counts[:, label] / n_responses  # of the stimulus's responses that are left out with this label
        rest = counts.copy()
        rest[:, label] -= counts[:, label] > 0
        top = rest.max(axis=1)
        n_top = (rest == top[:, np.newaxis]).sum(axis=1)
        hit = share * (rest[:, label] == top) / n_top
        above["accuracy"] += hit
        majority = majority_flags(rest)
        for index, name in enumerate(names):
            above[f"accuracy_{name}"] += hit * majority[:, index]
            below[f"accuracy_{name}"] += share * majority[:, index]
        shares = (rest + SMOOTHING) / (n_responses - 1 + SMOOTHING * n_labels)[:, np.newaxis]
        own = shares[:, label]
        above["cross_entropy_nats"] -= share * np.log(own)
        above["jensen_shannon_nats"] += share * _jensen_shannon_of_one(shares, own)
    return {figure.name: (above[figure.name], below[figure.name]) for figure in CEILING_FIGURES}


def _jensen_shannon_of_one(shares: Numbers, own: Numbers) -> Numbers:
    """Jensen-Shannon divergence between a single label and shares, in nats: (n_stimuli,).

    With m the mean of both: half of -log m(label), plus half of the divergence of the shares from m, where m is half
    of the share for every other label.
    """
    middle = (1 + own) / 2
    others = shares.sum(axis=1) - own
    divergence = 0.5 * (-np.log(middle)) + 0.5 * (own * np.log(own / middle) + others * np.log(2))
    return np.asarray(divergence, dtype=np.float64)
