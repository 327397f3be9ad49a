"""Two sides that answered the same stimuli: what they share within and between, and where their shares differ.

A side is a group of people, a study, a source or a period. Only the stimuli that both sides answered are compared here:
otherwise a difference may be one of the images. Every shared stimulus weighs the same.

**Whose uncertainty.** A difference between two groups of people depends on who happened to answer and on which images
happened to be asked, and one person gives many answers. Resampling stimuli alone takes the people as given, resampling
people alone the images. Both are counted here: the variance over stimuli, and on top of it the covariance that one
person's habits bring to different stimuli, each counted once. In the words of the source: two-way clustering,
V_stimulus + V_person - V_both. It needs no resamples, so its cost does not grow with their number. Degrees of freedom
of the t distribution: the smallest of the number of stimuli and of the numbers of people, minus one.
Source: Cameron, Gelbach and Miller (2011), Robust Inference With Multiway Clustering, eqs. 2.8 to 2.10.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.counts import LabelCounts, as_indexes
from analysis.statistics.equivalence import Difference, difference, undefined

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Below so many shared stimuli (or people on a side) nothing is said: a t interval on fewer is a guess.
LEAST_STIMULI = 10
LEAST_PEOPLE = 5
#: A label chosen fewer times than this on both sides together is too rare for an interval of its difference.
LEAST_CHOSEN = 5
#: A standard error below this is rounding: nothing varied.
NO_ERROR = 1e-9

TOO_FEW_STIMULI = f"fewer than {LEAST_STIMULI} stimuli were answered on both sides"
TOO_FEW_PEOPLE = f"fewer than {LEAST_PEOPLE} people answered on one side"
TOO_RARE = f"chosen fewer than {LEAST_CHOSEN} times on both sides together"
NO_SPREAD = "the same on every stimulus, so there is nothing to estimate an interval from"


@dataclass(frozen=True)
class TwoSides:
    """Responses of two sides to the stimuli that both answered, one entry per response.

    side: 0 or 1. stimulus: 0 to n_stimuli - 1, each answered on both sides. person: 0 to n_people - 1; the same person
    may be on both sides. label: 0 to n_labels - 1. kept: row of each stimulus in what was given.
    """

    side: Integers
    stimulus: Integers
    person: Integers
    label: Integers
    n_stimuli: int
    n_labels: int
    kept: Integers

    @classmethod
    def of(
        cls,
        side: ArrayLike,
        stimulus: ArrayLike,
        person: ArrayLike,
        label: ArrayLike,
        *,
        n_labels: int,
        least: int = 1,
    ) -> "TwoSides":
        """Keeps the stimuli with at least `least` responses on each side. A side of -1 is neither: left out.

        Raises ValueError if the four differ in length, or a side, label or index is out of range.
        """
        sides, stimuli, people, labels = (
            as_indexes(what, each)
            for what, each in (("side", side), ("stimulus", stimulus), ("person", person), ("label", label))
        )
        if not len(sides) == len(stimuli) == len(people) == len(labels):
            raise ValueError(
                "Each response needs a side, a stimulus, a person and a label; got "
                f"{len(sides)}, {len(stimuli)}, {len(people)} and {len(labels)}. Nothing was compared."
            )
        for name, values, low, high in (
            ("side", sides, -1, 1),
            ("label", labels, 0, n_labels - 1),
            ("stimulus", stimuli, 0, None),
            ("person", people, 0, None),
        ):
            if len(values) and (values.min() < low or (high is not None and values.max() > high)):
                raise ValueError(f"A {name} is out of range {low} to {high}. Nothing was compared.")
        width = int(stimuli.max(initial=-1)) + 1
        on = [np.bincount(stimuli[sides == each], minlength=width) for each in (0, 1)]
        kept = np.flatnonzero((on[0] >= least) & (on[1] >= least))
        place = np.full(width, -1)
        place[kept] = np.arange(len(kept))
        rows = (sides >= 0) & (place[stimuli] >= 0) if len(stimuli) else np.zeros(0, dtype=bool)
        _, dense = np.unique(people[rows], return_inverse=True)
        return cls(sides[rows], place[stimuli[rows]], dense.reshape(-1), labels[rows], len(kept), n_labels, kept)

    @property
    def n_people(self) -> tuple[int, int]:
        """On the first and on the second side."""
        return len(np.unique(self.person[self.side == 0])), len(np.unique(self.person[self.side == 1]))

    def counts(self) -> LabelCounts:
        """Responses per side, stimulus and label: (2, n_stimuli, n_labels)."""
        place = (self.side * self.n_stimuli + self.stimulus) * self.n_labels + self.label
        flat = np.bincount(place, minlength=2 * self.n_stimuli * self.n_labels)
        return flat.reshape(2, self.n_stimuli, self.n_labels)

    def too_small(self) -> str | None:
        """Why nothing can be said, if so."""
        if self.n_stimuli < LEAST_STIMULI:
            return TOO_FEW_STIMULI
        return TOO_FEW_PEOPLE if min(self.n_people) < LEAST_PEOPLE else None

    @property
    def degrees(self) -> int:
        return max(min(self.n_stimuli, *self.n_people) - 1, 1)


def person_covariance(sides: TwoSides, influence: Numbers) -> float:
    """What one person's habits add to the variance across stimuli: sum of u_s u_t over a person's stimuli s != t.

    influence: of each response on the figure, (n_responses,), of the order 1 / n. Answers of one person to one stimulus
    (on both sides) count together, as that stimulus's variance has them already.
    """
    n_people = int(sides.person.max(initial=-1)) + 1
    totals = np.bincount(sides.person, weights=influence, minlength=n_people)
    n_on = np.bincount(sides.person)
    if len(n_on) == 0:
        return 0.0
    cell = sides.person * sides.n_stimuli + sides.stimulus
    _, place = np.unique(cell, return_inverse=True)
    cells = np.bincount(place.reshape(-1), weights=influence)
    added = float(totals @ totals - cells @ cells)
    added *= n_people / max(n_people - 1, 1)
    both = set(np.unique(sides.person[sides.side == 0])) & set(np.unique(sides.person[sides.side == 1]))
    # people on one side only can only add; a negative sum is then chance. People on both sides may well take away
    return added if both else max(added, 0.0)


def standard_error(sides: TwoSides, per_stimulus: Numbers, influence: Numbers) -> float:
    """Of the mean of `per_stimulus`, (n_stimuli,), by both stimuli and people; 0 where nothing varies."""
    n = sides.n_stimuli
    if n < 2:
        return 0.0
    over_stimuli = float(per_stimulus.var(ddof=1)) / n
    both = over_stimuli + person_covariance(sides, influence)
    return float(np.sqrt(max(both, over_stimuli / 10)))


def share_differences(sides: TwoSides, *, margin: float) -> tuple[Numbers, list[Difference]]:
    """Each label's share on both sides, (2, n_labels), and its difference, first minus second.

    Shares are means over the shared stimuli of the share within the stimulus, 0 to 1. margin: the smallest difference
    of a share that would matter.
    """
    counts = sides.counts()
    totals = counts.sum(axis=2, keepdims=True)
    within = counts / np.maximum(totals, 1)  # (2, n_stimuli, n_labels)
    shares: Numbers = within.mean(axis=1) if sides.n_stimuli else np.full((2, sides.n_labels), np.nan)
    refused = sides.too_small()
    chosen = counts.sum(axis=(0, 1))
    found = []
    weight = np.where(sides.side == 0, 1.0, -1.0) / totals[sides.side, sides.stimulus, 0] / max(sides.n_stimuli, 1)
    for label in range(sides.n_labels):
        per_stimulus = within[0, :, label] - within[1, :, label]
        value = float(per_stimulus.mean()) if sides.n_stimuli else None
        if refused or chosen[label] < LEAST_CHOSEN:
            found.append(undefined(sides.n_stimuli, refused or TOO_RARE, value))
            continue
        influence = weight * ((sides.label == label) - shares[sides.side, label])
        error = standard_error(sides, per_stimulus, influence)
        if error <= NO_ERROR or value is None:
            found.append(undefined(sides.n_stimuli, NO_SPREAD, value))
            continue
        found.append(difference(value, error, sides.degrees, margin=margin, n=sides.n_stimuli))
    return shares, found
