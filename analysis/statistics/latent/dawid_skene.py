"""Dawid-Skene: every annotator has a table of what she says for each true label."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.labels import most_probable
from analysis.statistics.latent.one_coin import smoothed
from analysis.statistics.latent.responses import Floats, Integers, Responses
from analysis.statistics.latent.skill import skill_against_others

#: Added to every cell of the crowd's table, so that nothing is impossible.
FLOOR = 0.01
#: The range of the strength of the prior, in responses per row of an annotator's table.
LEAST_STRENGTH, MOST_STRENGTH = 0.5, 100.0
#: Responses that are compared with all labels at once, to bound memory.
BLOCK = 65_536


@dataclass
class DawidSkene(LatentTruth):
    """EM for one confusion table per annotator, smoothed towards the crowd.

    The prior: each row (true label) of an annotator's table is Dirichlet. Its mean is the crowd's row, with the errors
    multiplied by how often she errs compared with the crowd (her error rate: the crowd's counts as `own_strength`
    responses). Its strength, in responses, follows from how much more the tables differ than chance would have them
    (overdispersion, by moments): first_strength at the start; then 1 / rho - 1, where rho is that overdispersion,
    taken together with `alike_responses` responses that had `alike_rho`: a small table of votes cannot tell how alike
    its annotators are. Crowd, strength and tables are found anew in each iteration. strength: fixes it instead;
    strength=0.01 is nearly the original, without smoothing.
    n_iterations: the most that are made. tolerance: it stops when the log-likelihood moves less, in nats per response.
    The label's prior is estimated (its expected shares, one stimulus added to each). It starts from the plain shares,
    so nothing is random.
    Results as in `LatentTruth`; confusion_ (n_annotators, n_labels true, n_labels given), rows sum to 1, who gave no
    response has the crowd's; crowd_confusion_ (n_labels true, n_labels given); strength_: the one found.
    Source: Dawid & Skene (1979), Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, sec. 2;
    the prior is ours, its defaults chosen on public sets of crowd labels and a synthetic table (docs/researcher).
    """

    strength: float | None = None
    first_strength: float = 2.0
    own_strength: float = 4.0
    alike_responses: float = 2000.0
    alike_rho: float = 0.5
    n_iterations: int = 100
    tolerance: float = 1e-6

    crowd_confusion_: Floats = field(init=False, repr=False)
    strength_: float = field(init=False, repr=False)
    class_prior_: Floats = field(init=False, repr=False)

    def fit(self, responses: Responses) -> Self:
        cells, n_labels, n_annotators = responses.cells, responses.n_labels, responses.n_annotators
        n_said = n_annotators * n_labels
        said = cells.annotator * n_labels + cells.label  # what was said by whom, one number
        ends = np.append(cells.start[cells.first_cell], responses.n_responses)
        from scipy import sparse  # here: SciPy is slow to load, and few need it

        votes = sparse.csr_array((np.ones(said.size), said, ends), shape=(cells.answered.size, n_said))
        by_said = votes.T.tocsr()
        n_votes = np.diff(ends)
        counts = np.zeros((cells.answered.size, n_labels))
        counts[cells.place, cells.cell_label] = np.diff(np.append(cells.start, responses.n_responses))
        found = counts / np.maximum(n_votes, 1)[:, None]
        self.strength_ = self.first_strength if self.strength is None else self.strength
        self._begin()
        while True:
            class_prior = smoothed(found.sum(axis=0))
            # chance: (annotator, given, true), so that one response reads one row
            expected = (by_said @ found).reshape(n_annotators, n_labels, n_labels)
            chance, crowd = self._tables(expected)
            log_joint = votes @ np.log(chance).reshape(n_said, n_labels)
            log_joint += np.log(class_prior)
            top = log_joint.max(axis=1, keepdims=True)
            log_joint -= top
            found = np.exp(log_joint, out=log_joint)
            total = found.sum(axis=1, keepdims=True)
            found /= total
            log_likelihood = float(np.log(total).sum() + top.sum())
            if not self._goes_on(log_likelihood, responses, tolerance=self.tolerance, at_most=self.n_iterations):
                break
        self.class_prior_, self.crowd_confusion_ = class_prior, crowd.T.copy()
        self.confusion_ = chance.transpose(0, 2, 1)
        self.probabilities_ = np.tile(class_prior, (responses.n_stimuli, 1))
        self.probabilities_[cells.answered] = found
        self.labels_ = most_probable(responses, self.probabilities_)
        self.weights_ = np.empty(responses.n_responses)
        self.weights_[cells.order] = _weights(chance, class_prior)[said]
        by_what_was_said = chance.reshape(n_said, n_labels)
        chance_right = _without_own_vote(found, cells.place[cells.cell], by_what_was_said, said)
        self.skill_ = skill_against_others(cells.annotator, chance_right, n_annotators, n_labels)
        return self

    def _tables(self, expected: Floats) -> tuple[Floats, Floats]:
        """From expected counts (annotator, given, true): everybody's table in that order, and the crowd's."""
        n_labels = expected.shape[1]
        crowd: Floats = expected.sum(axis=0) + FLOOR
        crowd /= crowd.sum(axis=0)
        diagonal = np.arange(n_labels)
        crowd_errs = np.maximum(1.0 - crowd[diagonal, diagonal], 1e-12)  # (true,)
        n_true = expected.sum(axis=1)  # (annotator, true)
        n_wrong = np.maximum(n_true.sum(axis=1) - expected[:, diagonal, diagonal].sum(axis=1), 0.0)
        error_rate = (n_wrong.sum() + FLOOR) / (n_true.sum() + n_labels * FLOOR)
        by_crowd = n_true @ crowd_errs
        ratio = (n_wrong + self.own_strength * error_rate) / (by_crowd + self.own_strength * error_rate)
        errs = np.minimum(ratio[:, None] * crowd_errs, 0.98)  # (annotator, true)
        mean = (crowd / crowd_errs) * errs[:, None, :]
        mean[:, diagonal, diagonal] = 1.0 - errs
        if self.strength is None and self.log_likelihood_:
            self.strength_ = self._found_strength(expected, mean, n_true)
        mean *= self.strength_
        mean += expected
        mean /= (n_true + self.strength_)[:, None, :]
        return mean, crowd

    def _found_strength(self, expected: Floats, mean: Floats, n_true: Floats) -> float:
        """1 / rho - 1 by moments: a row's chi-square is expected to be (n_labels - 1) * (1 + (n - 1) * rho).

        Only rows with more than one expected response say something about it.
        """
        counts = n_true > 1.0
        n_rows, n = float(counts.sum()), float(n_true[counts].sum())
        missed = expected - n_true[:, None, :] * mean
        missed *= missed
        missed /= np.maximum(mean, 1e-12)
        chi_square = missed.sum(axis=1)[counts] / n_true[counts]
        excess = max(float(chi_square.sum()) / max(mean.shape[1] - 1, 1) - n_rows, 0.0)
        rho = (excess + self.alike_rho * self.alike_responses) / (n - n_rows + self.alike_responses)
        return float(np.clip(1.0 / max(rho, 1e-9) - 1.0, LEAST_STRENGTH, MOST_STRENGTH))


def _weights(chance: Floats, class_prior: Floats) -> Floats:
    """(annotator * given,) log of how much likelier a response is if its label is true than if another one is."""
    n_labels = chance.shape[1]
    diagonal = np.arange(n_labels)
    right = chance[:, diagonal, diagonal]
    others = np.maximum(chance @ class_prior - right * class_prior, 1e-300) / np.maximum(1.0 - class_prior, 1e-300)
    weights: Floats = np.log(right / others) if n_labels > 1 else np.zeros_like(right)
    return weights.ravel()


def _without_own_vote(found: Floats, place: Integers, chance: Floats, said: Integers) -> Floats:
    """(n_responses,) how probable a response's label is by everything but that response."""
    inverse = 1.0 / np.maximum(chance, 1e-12)
    result = np.empty(said.size)
    for first in range(0, said.size, BLOCK):
        block = slice(first, first + BLOCK)
        rows = found[place[block]]
        rows *= inverse[said[block]]
        own = rows[np.arange(len(rows)), said[block] % chance.shape[1]]
        result[block] = own / np.maximum(rows.sum(axis=1), 1e-300)
    return result
