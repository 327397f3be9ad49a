"""Wawa: the votes once more, each weighed by how often its annotator was with the majority."""

from dataclasses import dataclass
from typing import Self

from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.labels import most_probable
from analysis.statistics.latent.majority_vote import matches_of_top, weighted_shares
from analysis.statistics.latent.responses import Responses
from analysis.statistics.latent.skill import skill_of_matches


@dataclass
class Wawa(LatentTruth):
    """Worker agreement with aggregate: the majority label, each annotator's share of responses equal to it (her skill),
    then the votes weighed by these skills. It goes round once.

    In a tie, each of the most frequent labels is a match, so that no skill depends on the order of labels. An
    annotator's own vote is part of the majority it is compared with, so skills are too high where stimuli have few
    responses; and where all agree on something wrong, they measure conformity.
    probabilities_: shares of the weighed votes, not the probabilities of a model.
    Results as in `LatentTruth`.
    Source: crowd-kit's documentation, Wawa: 'Worker Agreement with Aggregate', steps 1 to 3; Appen's name for it.
    """

    def fit(self, responses: Responses) -> Self:
        self.n_iterations_ = 1
        annotator = responses.annotator_index
        plain = responses.counts()
        self.skill_ = skill_of_matches(annotator, matches_of_top(responses, plain), responses.n_annotators)
        self.weights_ = self.skill_.value[annotator]
        self.probabilities_ = weighted_shares(responses, self.weights_)
        self.labels_ = most_probable(responses, self.probabilities_)
        return self
