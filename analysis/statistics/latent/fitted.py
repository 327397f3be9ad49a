"""What every method of this folder gives back, so that who knows one knows all of them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from analysis.statistics.latent import support
from analysis.statistics.latent.labels import most_probable
from analysis.statistics.latent.responses import Floats, Integers, Responses
from analysis.statistics.latent.skill import Skill, skill_against_others


@dataclass
class LatentTruth(ABC):
    """A method: options in the constructor, responses in `fit`, results with a trailing underscore.

    probabilities_: (n_stimuli, n_labels) the chance of each label to be the stimulus's; rows sum to 1.
    labels_: (n_stimuli,) the most probable one; in a tie the lowest index; -1 where nobody answered.
    weights_: (n_responses,) how much each response spoke for its own label, in the order of the responses: in nats
        (log odds against a label it speaks against) for the models, in votes for MajorityVote and Wawa.
    skill_: per annotator with 95 % intervals.
    confusion_: (n_annotators, n_labels true, n_labels given) where the method has one, else None.
    log_likelihood_: of the responses, in nats, before each iteration and at the end; empty where there is no model.
    n_iterations_, converged_: how often it went round, and whether it stopped because nothing moved any more.
    """

    probabilities_: Floats = field(init=False, repr=False)
    labels_: Integers = field(init=False, repr=False)
    weights_: Floats = field(init=False, repr=False)
    skill_: Skill = field(init=False, repr=False)
    confusion_: Floats | None = field(init=False, repr=False, default=None)
    log_likelihood_: list[float] = field(init=False, repr=False, default_factory=list)
    n_iterations_: int = field(init=False, repr=False, default=0)
    converged_: bool = field(init=False, repr=False, default=True)

    @abstractmethod
    def fit(self, responses: Responses) -> Self: ...

    def _begin(self) -> None:
        self.log_likelihood_, self.converged_, self.n_iterations_ = [], False, 0

    def _goes_on(self, log_likelihood: float, responses: Responses, *, tolerance: float, at_most: int) -> bool:
        """Whether there is another iteration, which is counted.

        It has come to rest where the last one moved the log-likelihood by less than `tolerance` nats per response:
        with a prior the likelihood alone may fall a little at the end, so its movement counts, not its gain.
        """
        history = self.log_likelihood_
        history.append(log_likelihood)
        moved = abs(history[-1] - history[-2]) if len(history) > 1 else np.inf
        self.converged_ = not responses.n_responses or bool(moved < tolerance * responses.n_responses)
        if self.converged_ or self.n_iterations_ >= at_most:
            return False
        self.n_iterations_ += 1
        return True

    def _keep(self, responses: Responses, found: support.Posterior, weights: Floats, class_prior: Floats) -> None:
        """The results of a model in which a response of some weight speaks for one label against all others.

        found: per cell; weights: (n_responses,), in the order of the cells.
        """
        cells = responses.cells
        self.probabilities_ = support.probabilities(responses, found, class_prior)
        self.labels_ = most_probable(responses, self.probabilities_)
        self.weights_ = np.empty(responses.n_responses)
        self.weights_[cells.order] = weights
        chance_right = support.without_own_vote(cells, found, weights)
        self.skill_ = skill_against_others(cells.annotator, chance_right, responses.n_annotators, responses.n_labels)
