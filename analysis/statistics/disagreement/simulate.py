"""Studies whose parts are known, to see whether they are found again.

A crowd of people of `group_shares` answers stimuli drawn at random. What is felt at a stimulus comes from a Dirichlet
distribution with mean `shares` and sum `clearness` (small = clear stimuli); with chance `group_effect` the groups feel
it apart: each draws what it feels there anew, with the mean moved by `leaning` towards labels of its own. A person
lapses with a chance of her own (a Beta with mean `lapses`) and then names a label by her own habit (a Dirichlet with
mean `lapse_shares` and sum `habit_sum`; small = strong habits). Felt labels of a pair in `overlap` are named as the
other one with that chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from analysis.statistics.disagreement.parts import Decomposition
from analysis.statistics.disagreement.votes import Floats, Votes
from analysis.statistics.latent import Responses

#: Affection's shares, rounded, as an ordinary study's: amusement, anger, awe, ..., something else.
SHARES = (0.14, 0.02, 0.13, 0.27, 0.05, 0.12, 0.06, 0.09, 0.12)


@dataclass(frozen=True)
class KnownStudy:
    """What is planted. lapse_spread: the sum of the Beta of people's lapses; None = all alike."""

    n_stimuli: int = 2000
    n_annotators: int = 300
    n_per_stimulus: int = 6
    shares: tuple[float, ...] = SHARES
    clearness: float = 1.2
    lapses: float = 0.12
    lapse_spread: float | None = 8.0
    lapse_shares: tuple[float, ...] | None = None
    habit_sum: float = 3.0
    overlap: Mapping[tuple[int, int], float] = field(default_factory=lambda: {(2, 3): 0.2})
    group_shares: tuple[float, ...] = (1.0,)
    group_effect: float = 0.0
    leaning: float = 0.3

    @property
    def naming(self) -> Floats:
        """(K, K)."""
        matrix = np.eye(len(self.shares))
        for (one, other), chance in self.overlap.items():
            matrix[[one, other], [other, one]] += chance
            matrix[[one, other], [one, other]] -= chance
        return matrix

    @property
    def lapse_means(self) -> Floats:
        """(K,) mean of people's habits, summing to 1; even unless told otherwise."""
        k = len(self.shares)
        return np.full(k, 1 / k) if self.lapse_shares is None else np.asarray(self.lapse_shares)

    def means_of_groups(self) -> list[Floats]:
        """What each group feels on average where it feels for itself."""
        mean, k = np.asarray(self.shares), len(self.shares)
        own = [np.roll(mean, 1 + group) for group in range(len(self.group_shares))]
        return [(1 - self.leaning) * mean + self.leaning * own[g % k] for g in range(len(self.group_shares))]

    def truth(self) -> dict[str, float]:
        """Each part, and the whole, of the chance that two people choose different labels at a stimulus; exact."""
        naming, weights = self.naming, np.asarray(self.group_shares)
        mean, lapses = np.asarray(self.shares), self.lapses
        apart = self.group_effect if len(weights) > 1 else 0.0
        own_means = self.means_of_groups()
        felt_by = [(1 - apart) * mean + apart * own for own in own_means]
        moments = [(1 - apart) * self._moment(mean) + apart * self._moment(own) for own in own_means]
        felt = sum(w * m for w, m in zip(weights, moments, strict=True))
        named = [naming @ each for each in felt_by]
        habits = self.lapse_means

        def agree(moment: Floats, one: Floats, other: Floats) -> float:
            """Two answers of which each is a lapse or not."""
            return float(
                (1 - lapses) ** 2 * np.trace(naming @ moment @ naming)
                + lapses * (1 - lapses) * (one + other) @ habits
                + lapses**2 * habits @ habits
            )

        within = sum(w * agree(m, q, q) for w, m, q in zip(weights, moments, named, strict=True))
        between = 0.0
        for g, (wg, mg, qg) in enumerate(zip(weights, moments, named, strict=True)):
            for h, (wh, qh) in enumerate(zip(weights, named, strict=True)):
                apart_moment = (1 - apart) * self._moment(mean) + apart * np.outer(own_means[g], own_means[h])
                between += wg * wh * agree(mg if g == h else apart_moment, qg, qh)
        ambiguity = 1 - float(np.trace(felt))
        overlap = float(np.trace(felt) - np.trace(naming @ felt @ naming))
        habit = sum(w * self._habit(q) for w, q in zip(weights, named, strict=True))
        return {
            "ambiguity": ambiguity,
            "overlap": overlap,
            "group": float(within - between),
            "habit": float(habit),
            "noise": float(1 - within - ambiguity - overlap - habit),
            "disagreement": float(1 - between),
        }

    def _moment(self, mean: Floats) -> Floats:
        moment: Floats = (self.clearness * np.outer(mean, mean) + np.diag(mean)) / (self.clearness + 1)
        return moment

    def _habit(self, named: Floats) -> float:
        """The variance between people of lapse * (habit - what is named), summed over labels."""
        habits = self.lapse_means
        squared = self.lapses**2
        if self.lapse_spread is not None:
            squared += self.lapses * (1 - self.lapses) / (self.lapse_spread + 1)
        apart = float(((habits - named) ** 2).sum())
        spread = float((habits * (1 - habits)).sum()) / (self.habit_sum + 1)
        return squared * (spread + apart) - self.lapses**2 * apart

    def drawn(self, seed: int) -> Votes:
        """The answers. Raises ValueError where a stimulus wants more answers than there are people."""
        if self.n_per_stimulus > self.n_annotators:
            raise ValueError(
                f"{self.n_per_stimulus} answers per stimulus need as many people; got {self.n_annotators}."
            )
        random = np.random.default_rng(seed)
        k, n_groups = len(self.shares), len(self.group_shares)
        group = random.choice(n_groups, self.n_annotators, p=self.group_shares)
        if self.lapse_spread is None or self.lapses in (0.0, 1.0):
            lapses = np.full(self.n_annotators, self.lapses)
        else:
            a, b = self.lapses * self.lapse_spread, (1 - self.lapses) * self.lapse_spread
            lapses = random.beta(a, b, self.n_annotators)
        habits = random.dirichlet(self.habit_sum * self.lapse_means + 1e-9, self.n_annotators)
        shared = _dirichlet(random, self.clearness * np.asarray(self.shares), self.n_stimuli)
        feelings = np.repeat(shared[np.newaxis], n_groups, axis=0)
        if n_groups > 1:
            apart = random.random(self.n_stimuli) < self.group_effect
            for g, own in enumerate(self.means_of_groups()):
                feelings[g, apart] = _dirichlet(random, self.clearness * own, int(apart.sum()))
        chances = feelings @ self.naming
        stimulus = np.repeat(np.arange(self.n_stimuli), self.n_per_stimulus)
        # everybody once, in an order of chance, then everybody once more: nobody is asked twice about a stimulus
        per_round = self.n_annotators // self.n_per_stimulus
        rounds = [
            random.permutation(self.n_annotators)[: per_round * self.n_per_stimulus]
            for _ in range(-(-self.n_stimuli // per_round))
        ]
        annotator = np.concatenate(rounds)[: len(stimulus)]
        own_chance = lapses[annotator][:, np.newaxis]
        answer = (1 - own_chance) * chances[group[annotator], stimulus] + own_chance * habits[annotator]
        label = (answer.cumsum(axis=1) < random.random(len(stimulus))[:, np.newaxis]).sum(axis=1)
        responses = Responses.of(
            stimulus,
            annotator,
            np.minimum(label, k - 1),
            n_stimuli=self.n_stimuli,
            n_annotators=self.n_annotators,
            n_labels=k,
        )
        if n_groups == 1:
            return Votes.of(responses)
        return Votes.of(responses, group, tuple(f"group {g + 1}" for g in range(n_groups)))


def _dirichlet(random: np.random.Generator, a: Floats, n: int) -> Floats:
    return random.dirichlet(np.maximum(a, 1e-9), n)


def as_known_study(found: Decomposition, *, most_stimuli: int) -> KnownStudy:
    """A study of about the shape of another, with the parameters that were found there, and no groups.

    Needs `found.answering`. Habits are as strong as they need to be for the habit that was found; where even people who
    always name one label are not enough, as strong as that.
    """
    answering = found.answering
    if answering is None:
        raise ValueError("Nothing was estimated, so there is nothing to draw a study from.")
    lapses = float(answering.lapses.sum())
    total = float(answering.a.sum())
    per_stimulus = max(3, round(found.n_answers / max(found.n_stimuli, 1)))
    n_stimuli = min(found.n_stimuli, most_stimuli)
    n_people = max(per_stimulus, round(found.n_annotators * n_stimuli / max(found.n_stimuli, 1)))
    study = KnownStudy(
        n_stimuli=n_stimuli,
        n_annotators=n_people,
        n_per_stimulus=per_stimulus,
        shares=tuple((answering.a / total).tolist()),
        clearness=total,
        lapses=lapses,
        lapse_spread=None,
        lapse_shares=tuple((answering.lapses / lapses).tolist()) if lapses > 0 else None,
        overlap=dict(zip(answering.pairs, answering.overlap.tolist(), strict=True)),
    )
    wanted = found.parts["habit"].value or 0.0
    habits = study.lapse_means
    widest = lapses**2 * float((habits * (1 - habits)).sum())
    strength = widest / wanted - 1 if wanted > 0 else 1e6
    return replace(study, habit_sum=min(max(strength, 0.05), 1e6))
