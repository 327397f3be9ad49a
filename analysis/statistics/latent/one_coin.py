"""The one-coin model: an annotator names the truth with her own chance, and errs evenly over the other labels."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from analysis.statistics.latent import support
from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.majority_vote import weighted_shares
from analysis.statistics.latent.responses import Floats, Responses

#: Responses, right and wrong, that stand for the crowd before it is known: keeps tiny tables from telling nothing.
CROWD_RIGHT, CROWD_WRONG = 7.0, 3.0


@dataclass
class OneCoin(LatentTruth):
    """EM for one accuracy per annotator.

    strength: how many responses the crowd's mean accuracy weighs for each annotator: a Beta prior of that mean (found
        anew in each iteration) and this total count. Who gave few responses is taken to be like the others.
    n_iterations: the most that are made. tolerance: it stops when the log-likelihood moves less, in nats per response.
    estimates_class_prior: the label's prior is its expected shares, one stimulus added to each label; else even. It
    starts from the plain
    shares, so nothing is random. Results as in `LatentTruth`; accuracy_ (n_annotators,) is the model's parameter, which
    the prior draws to the mean; skill_ is not drawn.
    Source: Zhang, Chen, Zhou & Jordan (2014), Spectral Methods meet EM, sec. 4 (the one-coin model and its EM steps);
    the prior and the estimated label shares are ours.
    """

    strength: float = 4.0
    estimates_class_prior: bool = True
    n_iterations: int = 100
    tolerance: float = 1e-6

    accuracy_: Floats = field(init=False, repr=False)
    class_prior_: Floats = field(init=False, repr=False)

    def fit(self, responses: Responses) -> Self:
        cells, n_labels = responses.cells, responses.n_labels
        n_wrong_labels = max(n_labels - 1, 1)
        shares = weighted_shares(responses, np.ones(responses.n_responses))
        cell_right = shares[cells.stimulus, cells.cell_label]
        class_prior = self._prior(shares[cells.answered].sum(axis=0))
        self._begin()
        while True:
            n_right = np.bincount(cells.annotator, cell_right[cells.cell], minlength=responses.n_annotators)
            mean = (n_right.sum() + CROWD_RIGHT) / (responses.n_responses + CROWD_RIGHT + CROWD_WRONG)
            accuracy = (n_right + self.strength * mean) / (responses.n_per_annotator + self.strength)
            accuracy = np.clip(accuracy, 1e-9, 1.0 - 1e-9)
            wrong = np.log((1.0 - accuracy) / n_wrong_labels)
            weights = (np.log(accuracy) - wrong)[cells.annotator]
            found = support.posterior(cells, weights, class_prior)
            log_likelihood = float(found.log_normaliser.sum() + (responses.n_per_annotator * wrong).sum())
            if not self._goes_on(log_likelihood, responses, tolerance=self.tolerance, at_most=self.n_iterations):
                break
            cell_right = found.cell
            class_prior = self._prior(support.class_shares(responses, found, class_prior))
        self.accuracy_, self.class_prior_ = accuracy, class_prior
        self._keep(responses, found, weights, class_prior)
        return self

    def _prior(self, expected: Floats) -> Floats:
        return smoothed(expected if self.estimates_class_prior else np.zeros_like(expected))


def smoothed(expected: Floats) -> Floats:
    """(n_labels,) shares with one stimulus added to each label, so that no label is ruled out."""
    shares: Floats = (expected + 1.0) / (expected.sum() + expected.size)
    return shares
