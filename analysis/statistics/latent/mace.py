"""MACE: an annotator either knows the truth or answers by a habit of her own."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from analysis.statistics.latent import support
from analysis.statistics.latent.fitted import LatentTruth
from analysis.statistics.latent.responses import Cells, Floats, Integers, Responses


@dataclass(frozen=True, eq=False)
class _State:
    """Parameters of one start: guessing (n_annotators,), knowing (n_annotators,), habit (n_annotators, n_labels)."""

    guessing: Floats
    knowing: Floats
    habit: Floats


@dataclass
class Mace(LatentTruth):
    """Multi-annotator competence estimation, by variational Bayes.

    guessing_prior, knowing_prior: Beta counts of not knowing and of knowing; habit_prior: Dirichlet count per label of
        what is answered without knowing. The paper's are 0.5, 0.5 and 10; ours draw harder to a crowd that knows and
        to even guessing, which did better on public sets of crowd labels and on a synthetic table (docs/researcher).
    n_restarts: random starts (from `seed`), each of n_first iterations; the one with the highest log-likelihood goes on
        for at most n_iterations, until it moves less than `tolerance` nats per response.
    The paper runs every start (100 of them) to its 50 iterations; here the losers stop early, which is what makes it
    fast. Labels have the same prior, as in the paper.
    Results as in `LatentTruth`; competence_ (n_annotators,): the chance of knowing; habit_ (n_annotators, n_labels).
    Source: Hovy, Berg-Kirkpatrick, Vaswani & Hovy (2013), Learning Whom to Trust with MACE, sec. 2 and 3.
    """

    guessing_prior: float = 2.0
    knowing_prior: float = 4.0
    habit_prior: float = 100.0
    n_restarts: int = 10
    n_first: int = 5
    n_iterations: int = 50
    tolerance: float = 1e-6
    seed: int = 0

    competence_: Floats = field(init=False, repr=False)
    habit_: Floats = field(init=False, repr=False)

    def fit(self, responses: Responses) -> Self:
        cells = responses.cells
        flat = cells.annotator * responses.n_labels + cells.label
        even = np.full(responses.n_labels, 1.0 / responses.n_labels)
        n_given = np.bincount(flat, minlength=responses.n_annotators * responses.n_labels).astype(np.float64)
        random = np.random.default_rng(self.seed)

        def look(state: _State) -> tuple[support.Posterior, Floats, float]:
            guessed = state.guessing[:, None] * state.habit
            table = np.log1p(state.knowing[:, None] / guessed).ravel()
            weights = table[flat]
            found = support.posterior(cells, weights, even)
            return found, weights, float(found.log_normaliser.sum() + (n_given * np.log(guessed).ravel()).sum())

        def learn(state: _State, found: support.Posterior) -> _State:
            return self._learn(state, found, cells, flat, n_given)

        best: tuple[float, _State, list[float]] | None = None
        for _ in range(max(self.n_restarts, 1)):
            state, history = self._start(responses, random), []
            for _ in range(self.n_first):
                found, _, log_likelihood = look(state)
                history.append(log_likelihood)
                state = learn(state, found)
            log_likelihood = history[-1] if history else 0.0
            if best is None or log_likelihood > best[0]:
                best = log_likelihood, state, history
        assert best is not None
        _, state, self.log_likelihood_ = best
        self.converged_, self.n_iterations_ = False, self.n_first
        while True:
            found, weights, log_likelihood = look(state)
            if not self._goes_on(log_likelihood, responses, tolerance=self.tolerance, at_most=self.n_iterations):
                break
            state = learn(state, found)
        self.competence_ = state.knowing / (state.knowing + state.guessing)
        self.habit_ = state.habit / state.habit.sum(axis=1, keepdims=True)
        self._keep(responses, found, weights, even)
        return self

    def _start(self, responses: Responses, random: np.random.Generator) -> _State:
        either = random.uniform(1.0, 1.5, (responses.n_annotators, 2))
        either /= either.sum(axis=1, keepdims=True)
        habit = random.uniform(1.0, 1.5, (responses.n_annotators, responses.n_labels))
        habit /= habit.sum(axis=1, keepdims=True)
        return _State(either[:, 0], either[:, 1], habit)

    def _learn(self, state: _State, found: support.Posterior, cells: Cells, flat: Integers, n_given: Floats) -> _State:
        n_annotators, n_labels = state.habit.shape
        # of a response equal to the truth, the part that was known and not guessed
        known_part = (state.knowing[:, None] / (state.knowing[:, None] + state.guessing[:, None] * state.habit)).ravel()
        right = np.bincount(flat, found.cell[cells.cell], minlength=n_annotators * n_labels)
        n_known = (right * known_part).reshape(n_annotators, n_labels)
        n_guessed = np.maximum(n_given.reshape(n_annotators, n_labels) - n_known, 0.0)
        guessed = n_guessed.sum(axis=1) + self.guessing_prior
        known = n_known.sum(axis=1) + self.knowing_prior
        habit = n_guessed + self.habit_prior
        from scipy import special  # here: SciPy is slow to load, and few need it

        both = special.digamma(guessed + known)
        return _State(
            np.exp(special.digamma(guessed) - both),
            np.exp(special.digamma(known) - both),
            np.exp(special.digamma(habit) - special.digamma(habit.sum(axis=1, keepdims=True))),
        )
