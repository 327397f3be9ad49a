"""Where the variance of a yes or no (chose this label or not) comes from: images, people, the rest. For planning.

People and images are crossed, and each person meets a part of the images, so sums of squares of a balanced table do not
serve. Products of pairs do: two answers to one image by two people share the image only; two answers of one person to
two images share the person only; two answers that share neither show what chance alone gives.

Source: Searle, Casella and McCulloch (1992), Variance Components, sec. 5.3 (Henderson's method I, unbalanced data),
here for crossed effects by products of pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class VarianceParts:
    """share: of the answers, 0 to 1. of_images, of_people, of_rest: variances, 0 up; they add up to about
    share * (1 - share). None where no two answers share an image (a person, nothing)."""

    share: float | None
    of_images: float | None
    of_people: float | None
    of_rest: float | None
    n: int


def variance_parts(stimulus: ArrayLike, person: ArrayLike, chosen: ArrayLike) -> VarianceParts:
    """stimulus, person: indexes from 0, one per answer. chosen: whether the answer is this label.

    A part that comes out below 0 is 0 (it is then too small to be seen). Raises ValueError if the three differ in
    length.
    """
    stimuli = np.asarray(stimulus, dtype=np.int64).reshape(-1)
    people = np.asarray(person, dtype=np.int64).reshape(-1)
    yes = np.asarray(chosen, dtype=np.float64).reshape(-1)
    if not len(stimuli) == len(people) == len(yes):
        raise ValueError(
            f"Each answer needs a stimulus, a person and whether it was chosen; got {len(stimuli)}, {len(people)} and "
            f"{len(yes)}. Nothing was computed."
        )
    n = len(yes)
    if n == 0:
        return VarianceParts(None, None, None, None, 0)
    squares = float(yes @ yes)
    of_stimuli, n_stimuli = _sum_of_squares(stimuli, yes)
    of_people, n_people = _sum_of_squares(people, yes)
    total = float(yes.sum())
    unrelated = _mean(total**2 - of_stimuli - of_people + squares, n**2 - n_stimuli - n_people + n)
    share = total / n
    if unrelated is None:
        return VarianceParts(share, None, None, None, n)
    same_image = _mean(of_stimuli - squares, n_stimuli - n)
    same_person = _mean(of_people - squares, n_people - n)
    images = None if same_image is None else max(same_image - unrelated, 0.0)
    habits = None if same_person is None else max(same_person - unrelated, 0.0)
    rest = max(share - unrelated - (images or 0.0) - (habits or 0.0), 0.0)
    return VarianceParts(share, images, habits, rest, n)


def _sum_of_squares(index: NDArray[np.int64], yes: Numbers) -> tuple[float, float]:
    """Of each group's total, and of each group's size."""
    totals, sizes = np.bincount(index, weights=yes), np.bincount(index).astype(np.float64)
    return float(totals @ totals), float(sizes @ sizes)


def _mean(total: float, n_pairs: float) -> float | None:
    return total / n_pairs if n_pairs > 0.5 else None


@dataclass(frozen=True)
class AgreementParts:
    """What the mean pairwise agreement of a study rests on.

    value: the mean over images. of_images: how much images truly differ, a variance. once, twice: the two terms of the
    variance within an image, which falls with its number of responses n as
    (4 (n - 2) once + 2 twice) / (n (n - 1)).
    """

    value: float | None
    of_images: float
    once: float
    twice: float
    n_stimuli: int

    def standard_error(self, n_stimuli: int, n_responses: int) -> float | None:
        """Of the mean over so many images with so many responses each; None below one image or two responses."""
        if self.value is None or n_stimuli < 1 or n_responses < 2:
            return None
        within = (4 * (n_responses - 2) * self.once + 2 * self.twice) / (n_responses * (n_responses - 1))
        return float(np.sqrt((self.of_images + within) / n_stimuli))


def agreement_parts(counts: NDArray[np.int64]) -> AgreementParts:
    """counts: (n_stimuli, n_labels). Images with at least four responses tell what happens within an image; without
    one, agreement is not planned for (value None).

    Source: Hoeffding (1948), A Class of Statistics with Asymptotically Normal Distribution, eq. 5.13 (variance of a
    U-statistic of pairs), each term estimated without bias from distinct responses.
    """
    c = counts.astype(np.float64)
    n = c.sum(axis=1)
    paired = n >= 2
    enough = n >= 4
    if not enough.any():
        return AgreementParts(None, 0.0, 0.0, 0.0, int(paired.sum()))
    pairs, triples = (c * (c - 1)).sum(axis=1), (c * (c - 1) * (c - 2)).sum(axis=1)
    m, agreeing, three = n[enough], pairs[enough], triples[enough]
    two_equal = agreeing / (m * (m - 1))
    three_equal = three / (m * (m - 1) * (m - 2))
    # two pairs out of four different responses, both agreeing: the square of the image's true agreement
    both = (agreeing**2 - 4 * three - 2 * agreeing) / (m * (m - 1) * (m - 2) * (m - 3))
    once = max(float((three_equal - both).mean()), 0.0)
    twice = max(float((two_equal - both).mean()), 0.0)
    sizes = n[paired]
    observed = pairs[paired] / (sizes * (sizes - 1))
    within = (4 * (sizes - 2) * once + 2 * twice) / (sizes * (sizes - 1))
    spread = float(observed.var(ddof=1)) if len(observed) > 1 else 0.0
    return AgreementParts(
        float(observed.mean()), max(spread - float(within.mean()), 0.0), once, twice, int(paired.sum())
    )
