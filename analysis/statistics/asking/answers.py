"""Answers with what surrounded them: in which order, how fast, what was shown where."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AskedAnswers:
    """One entry per answer; every array has the same length n.

    stimulus, person, label: indices. sequence: place in the person's sequence of stimuli. seconds_since: when it was
    saved, in seconds from any moment. seconds: how long it took; nan = unknown. order: which of `orders` was shown, or
    -1 = unknown. orders: (n_orders, K) the label at each place of the screen, first place first. circumstances: by name
    ("language", "device") the value of each answer, an index into `values[name]`; -1 = unknown.
    """

    stimulus: Integers
    person: Integers
    label: Integers
    sequence: Integers
    seconds_since: Floats
    seconds: Floats
    order: Integers
    orders: Integers
    circumstances: dict[str, Integers]
    values: dict[str, list[str]]
    n_stimuli: int
    n_people: int
    n_labels: int

    @property
    def n(self) -> int:
        return int(self.stimulus.size)

    @cached_property
    def counts(self) -> Integers:
        """(n_stimuli, K)."""
        flat = np.bincount(self.stimulus * self.n_labels + self.label, minlength=self.n_stimuli * self.n_labels)
        return flat.astype(np.int64).reshape(self.n_stimuli, self.n_labels)

    @cached_property
    def n_others(self) -> Integers:
        """(n,) how many others answered the same stimulus."""
        others: Integers = self.counts.sum(axis=1)[self.stimulus] - 1
        return others

    @cached_property
    def others(self) -> Floats:
        """(n, K) the shares of the others' answers at the stimulus; nan where there is nobody else."""
        shares = self.counts[self.stimulus].astype(np.float64)
        shares[np.arange(self.n), self.label] -= 1
        alone = self.n_others == 0
        shares /= np.maximum(self.n_others, 1)[:, np.newaxis]
        shares[alone] = np.nan
        return shares

    @cached_property
    def excess(self) -> Floats:
        """(n, K) 1 for the label that was chosen, less the others' shares; nan where there is nobody else."""
        excess = -self.others
        excess[np.arange(self.n), self.label] += 1
        return excess

    @cached_property
    def agreement(self) -> Floats:
        """(n,) the share of the others who chose the same; nan where there is nobody else."""
        same: Floats = self.others[np.arange(self.n), self.label]
        return same

    @cached_property
    def by_time(self) -> Integers:
        """(n,) the answers person by person, each one's in the order in which they were given."""
        order: Integers = np.lexsort((self.seconds_since, self.sequence, self.person))
        return order

    def before(self, lag: int) -> Integers:
        """(n,) the same person's answer `lag` answers earlier, skips and lost ones in between allowed for; -1 = none.

        Only where the places in the sequence differ by no more than twice the lag: otherwise much lies in between.
        """
        earlier = np.full(self.n, -1, dtype=np.int64)
        now, then = self.by_time[lag:], self.by_time[: -lag or None]
        fits = (self.person[now] == self.person[then]) & (self.sequence[now] - self.sequence[then] <= 2 * lag)
        earlier[now[fits]] = then[fits]
        return earlier
