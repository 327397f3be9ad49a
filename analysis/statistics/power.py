"""Before the study: how likely it is to find what is there, and how wide its intervals will be.

Everything rests on a standard error that a design of so many images, people and answers would have
(`Design.standard_error_*`), and on Student's t with the degrees of freedom that the analysis will use (two_sides.py).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from analysis.statistics.estimate import INTERVAL

ALPHA = 1 - INTERVAL
MOST_PEOPLE = 100_000


@dataclass(frozen=True)
class Spread:
    """Variances of one answer (1 = chose the label): between images, between people, the rest; each 0 up.

    of_effect: how much a difference between two groups itself varies from image to image; a variance.
    """

    of_images: float
    of_people: float
    of_rest: float
    of_effect: float = 0.0


@dataclass(frozen=True)
class Design:
    """n_images, n_responses (per image) and n_people: of one side, or of the study."""

    n_images: int
    n_responses: float
    n_people: int

    @property
    def n_answers(self) -> float:
        return self.n_images * self.n_responses

    @property
    def degrees(self) -> int:
        return max(min(self.n_images, self.n_people) - 1, 1)

    def standard_error_of_share(self, spread: Spread) -> float:
        """Of a label's share in the whole study, meant for images and people like these."""
        return math.sqrt(
            spread.of_images / self.n_images + spread.of_people / self.n_people + spread.of_rest / self.n_answers
        )

    def standard_error_between_people(self, spread: Spread) -> float:
        """Of the difference between two groups of people, each of this size, on the same images."""
        one = spread.of_people / self.n_people + spread.of_rest / self.n_answers
        return math.sqrt(2 * one + spread.of_effect / self.n_images)

    def standard_error_between_images(self, spread: Spread) -> float:
        """Of the difference between two sets of images, each of this size, that the same people answer."""
        return math.sqrt(2 * (spread.of_images / self.n_images + spread.of_rest / self.n_answers))


def half_width(standard_error: float, degrees: float) -> float:
    """Half of the 95 % interval."""
    from scipy.special import stdtrit  # imported when used: it takes longer to load than all of this package

    return float(stdtrit(degrees, (1 + INTERVAL) / 2)) * standard_error


def power_to_find(difference: float, standard_error: float, degrees: float) -> float:
    """The chance that the 95 % interval excludes 0 where this difference is true, 0 to 1; two-sided.

    Source: Cohen (1988), Statistical Power Analysis, ch. 2; by the noncentral t distribution.
    """
    from scipy.special import nctdtr, stdtrit

    if standard_error <= 0:
        return 1.0 if difference else 0.0
    edge = float(stdtrit(degrees, (1 + INTERVAL) / 2))
    shift = abs(difference) / standard_error
    found = 1 - _number(nctdtr(degrees, shift, edge), shift < edge) + _number(nctdtr(degrees, shift, -edge), False)
    return min(max(found, 0.0), 1.0)


def power_of_equivalence(margin: float, standard_error: float, degrees: float, *, true: float = 0.0) -> float:
    """The chance that two one-sided tests show a difference below the margin where `true` is the difference, 0 to 1.

    Bounded from below by Bonferroni's inequality, which is exact as soon as the standard error is small beside the
    margin. Source: Phillips (1990), Power of the Two One-Sided Tests Procedure in Bioequivalence.
    """
    from scipy.special import nctdtr, stdtrit

    if standard_error <= 0:
        return float(abs(true) < margin)
    edge = float(stdtrit(degrees, 1 - ALPHA))
    sides = []
    for shift in ((margin - true) / standard_error, (margin + true) / standard_error):
        sides.append(1 - _number(nctdtr(degrees, shift, edge), shift < edge))
    return min(max(sum(sides) - 1, 0.0), 1.0)


def smallest_difference(standard_error: float, degrees: float, power: float = 0.8) -> float:
    """The difference that is found with this power. power: above 0.05, below 1."""
    low, high = 0.0, standard_error
    if standard_error <= 0:
        return 0.0
    while power_to_find(high, standard_error, degrees) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if power_to_find(middle, standard_error, degrees) < power:
            low = middle
        else:
            high = middle
    return high


def people_needed(power_with: Callable[[int], float], power: float = 0.8, *, least: int = 2) -> int | None:
    """The fewest people with whom the power is reached; None where even MOST_PEOPLE are not enough.

    power_with: the power with so many people; it does not fall with more of them.
    """
    high = least
    while power_with(high) < power:
        if high >= MOST_PEOPLE:
            return None
        high = min(2 * high, MOST_PEOPLE)
    low = least - 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle >= least and power_with(middle) >= power:
            high = middle
        else:
            low = middle
    return high


def _number(probability: float, otherwise_all: bool) -> float:
    """Far out in the tails the distribution function may fail to come out; it is 0 or 1 there."""
    found = float(probability)
    return found if math.isfinite(found) else float(otherwise_all)
