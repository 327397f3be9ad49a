"""GLAD: how well an annotator sees, and how hard a stimulus is to see."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from analysis.statistics.latent import support
from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.majority_vote import weighted_shares
from analysis.statistics.latent.one_coin import smoothed
from analysis.statistics.latent.responses import Floats, Responses

#: The longest step of a parameter in one iteration, and the range of log clearness.
LONGEST_STEP = 1.0
MOST_CLEARNESS = 5.0


@dataclass
class Glad(LatentTruth):
    """Generative model of labels, abilities and difficulties: P(right) = logistic(ability * clearness).

    Wrong answers fall evenly on the other labels. Normal priors (mean, standard deviation) on ability and on the
    logarithm of clearness (1 / difficulty).
    n_steps: Newton steps of abilities and then of clearness per iteration; n_iterations: the most that are made;
    tolerance: it stops when the log-likelihood moves less, in nats per response.
    The paper climbs with conjugate gradients; given the posterior, abilities do not depend on each other, nor do
    stimuli, so here each takes its own Newton step (with the expected curvature, so always uphill).
    estimates_class_prior: the label's prior is its expected shares; else even, which did better on public sets of
        crowd labels. The spread of clearness is half the paper's, for the same reason (docs/researcher).
    It starts from the priors' means, so nothing is random.
    Results as in `LatentTruth`; ability_ (n_annotators,), below 0: against the truth; difficulty_ (n_stimuli,), above
    0, that of the prior where nobody answered.
    Source: Whitehill, Ruvolo, Wu, Bergsma & Movellan (2009), Whose Vote Should Count More, sec. 2 to 3.
    """

    ability_mean: float = 1.0
    ability_sd: float = 1.0
    clearness_mean: float = 1.0
    clearness_sd: float = 0.5
    n_steps: int = 1
    estimates_class_prior: bool = False
    n_iterations: int = 100
    tolerance: float = 1e-6

    ability_: Floats = field(init=False, repr=False)
    difficulty_: Floats = field(init=False, repr=False)
    class_prior_: Floats = field(init=False, repr=False)

    def fit(self, responses: Responses) -> Self:
        cells = responses.cells
        n_wrong_labels = max(responses.n_labels - 1, 1)
        annotator, place = cells.annotator, cells.place[cells.cell]
        n_answered = cells.answered.size
        ability = np.full(responses.n_annotators, self.ability_mean)
        log_clear = np.full(n_answered, self.clearness_mean)
        shares = weighted_shares(responses, np.ones(responses.n_responses))
        class_prior = self._prior(shares[cells.answered].sum(axis=0))
        from scipy import special  # here: SciPy is slow to load, and few need it

        starts = cells.start[cells.first_cell]
        self._begin()
        while True:
            clear = np.exp(log_clear)[place]
            logit = ability[annotator] * clear
            # log P(wrong label) = -softplus(logit) - log(n_wrong_labels); the ratio to P(right) is what weighs
            weights = logit + np.log(n_wrong_labels)
            found = support.posterior(cells, weights, class_prior)
            base = -np.logaddexp(0.0, logit).sum() - responses.n_responses * np.log(n_wrong_labels)
            log_likelihood = float(found.log_normaliser.sum() + base)
            if not self._goes_on(log_likelihood, responses, tolerance=self.tolerance, at_most=self.n_iterations):
                break
            class_prior = self._prior(support.class_shares(responses, found, class_prior))
            right = found.cell[cells.cell]
            for _ in range(self.n_steps):
                seen = special.expit(logit)
                curvature = seen * (1.0 - seen) * clear
                slope = np.bincount(annotator, (right - seen) * clear, minlength=ability.size).astype(np.float64)
                curve = np.bincount(annotator, curvature * clear, minlength=ability.size)
                slope = slope - (ability - self.ability_mean) / self.ability_sd**2
                ability = ability + np.clip(slope / (curve + self.ability_sd**-2), -LONGEST_STEP, LONGEST_STEP)
                logit = ability[annotator] * clear
                seen = special.expit(logit)
                slope = np.add.reduceat((right - seen) * logit, starts)
                curve = np.add.reduceat(seen * (1.0 - seen) * logit * logit, starts)
                slope = slope - (log_clear - self.clearness_mean) / self.clearness_sd**2
                log_clear = log_clear + np.clip(slope / (curve + self.clearness_sd**-2), -LONGEST_STEP, LONGEST_STEP)
                log_clear = np.clip(log_clear, -MOST_CLEARNESS, MOST_CLEARNESS)
                clear = np.exp(log_clear)[place]
                logit = ability[annotator] * clear
        self.ability_, self.class_prior_ = ability, class_prior
        self.difficulty_ = np.full(responses.n_stimuli, np.exp(-self.clearness_mean))
        self.difficulty_[cells.answered] = np.exp(-log_clear)
        self._keep(responses, found, weights, class_prior)
        return self

    def _prior(self, expected: Floats) -> Floats:
        return smoothed(expected if self.estimates_class_prior else np.zeros_like(expected))
