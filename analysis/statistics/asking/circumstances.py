"""Whether people answer differently in another language, or on another device.

For each language and device: how often each label was chosen, less the others' shares at the same stimuli. Nobody drew
these by chance: people who choose a phone may differ in other things, so these are differences, not effects.
Many comparisons are judged together after Holm (1979).
"""

from dataclasses import dataclass

import numpy as np

from analysis.statistics.asking.answers import AskedAnswers
from analysis.statistics.asking.clustered import Effect, clustered_mean

LEAST_PEOPLE = 10
LEVEL = 0.05


@dataclass(frozen=True)
class Circumstance:
    """One language or device: the difference of each label's share, agreement with others, and which labels (indices)
    differ beyond chance after Holm's correction over all labels and values of this circumstance."""

    value: str
    n: int
    n_people: int
    labels: list[Effect]
    agreement: Effect
    beyond_chance: list[int]


def circumstance_effects(answers: AskedAnswers, name: str) -> tuple[list[Circumstance], str | None]:
    """Values with LEAST_PEOPLE people or more, the commonest first; or the reason why nothing can be compared."""
    of_answer, values = answers.circumstances[name], answers.values[name]
    people = [len(np.unique(answers.person[of_answer == at])) for at in range(len(values))]
    large = [at for at in range(len(values)) if people[at] >= LEAST_PEOPLE]
    if len(large) < 2:
        known = ", ".join(f"{value or 'unknown'} ({n} people)" for value, n in zip(values, people, strict=True) if n)
        return [], (f"Two {name}s with {LEAST_PEOPLE} people each are needed; there are: {known or 'none'}.")
    # against the answers of everybody, whatever their circumstances, at the same stimuli
    found = []
    for at in large:
        inside = of_answer == at
        person, stimulus = answers.person[inside], answers.stimulus[inside]
        labels = [
            clustered_mean(str(label), answers.excess[inside, label], person, stimulus, causal=False)
            for label in range(answers.n_labels)
        ]
        agreement = clustered_mean("agreement", answers.agreement[inside], person, stimulus, causal=False)
        found.append(Circumstance(values[at], int(inside.sum()), people[at], labels, agreement, []))
    found.sort(key=lambda one: (-one.n, one.value))
    tests = sorted(
        (effect.p, place, label)
        for place, one in enumerate(found)
        for label, effect in enumerate(one.labels)
        if effect.p is not None
    )
    for rank, (p, place, label) in enumerate(tests):
        if p > LEVEL / (len(tests) - rank):
            break
        found[place].beyond_chance.append(label)
    return found, None
