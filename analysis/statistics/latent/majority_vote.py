"""The plain votes, for comparison: every response weighs the same."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.labels import TIE, most_probable
from analysis.statistics.latent.responses import Floats, Responses
from analysis.statistics.latent.skill import skill_of_matches


@dataclass
class MajorityVote(LatentTruth):
    """The most frequent label; probabilities_ are the plain shares (evenly spread where nobody answered).

    skill_: the share of an annotator's responses that are the most frequent label, or one of several in a tie.
    Results as in `LatentTruth`.
    Source: none needed; the plurality of votes.
    """

    def fit(self, responses: Responses) -> Self:
        self.weights_ = np.ones(responses.n_responses)
        self.probabilities_ = weighted_shares(responses, self.weights_)
        self.labels_ = most_probable(responses, self.probabilities_)
        self.skill_ = skill_of_matches(
            responses.annotator_index, matches_of_top(responses, self.probabilities_), responses.n_annotators
        )
        return self


def weighted_shares(responses: Responses, weights: Floats) -> Floats:
    """(n_stimuli, n_labels) share of the weights per label; plain shares where a stimulus's weights sum to 0.

    Evenly spread where nobody answered.
    """
    shape = (responses.n_stimuli, responses.n_labels)
    flat = responses.stimulus_index * responses.n_labels + responses.label_index
    # of nothing at all, bincount makes whole numbers
    summed = np.bincount(flat, weights, minlength=shape[0] * shape[1]).astype(np.float64, copy=False)
    votes: Floats = summed.reshape(shape)
    total = votes.sum(axis=1)
    if not total.all():
        votes = np.where((total > 0)[:, None], votes, responses.counts())
        total = votes.sum(axis=1)
        votes = np.where((total > 0)[:, None], votes, 1.0)
        total = votes.sum(axis=1)
    votes /= total[:, None]
    return votes


def matches_of_top(responses: Responses, shares: Floats) -> Floats:
    """(n_responses,) 1 where no label of the stimulus has more votes than the response's own, else 0."""
    top = shares.max(axis=1, initial=0.0) - TIE
    matches: Floats = shares[responses.stimulus_index, responses.label_index] >= top[responses.stimulus_index]
    return matches.astype(np.float64)
