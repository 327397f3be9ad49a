"""The generated world's annotators: which label they give to what they feel, and how much they write."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelserve.world.elements import Array


@dataclass(frozen=True, slots=True)
class Habits:
    """One annotator's ways.

    lapse: share of her answers that are a blind pick among the labels.
    reports: (K, K) chance of the label given (column) for the emotion felt (row), lapses included; rows sum to 1.
    mentions: 0..1, how much of what moves her she names. colours: share of objects named with their colour.
    closes, similes: shares of her texts with a closing remark and with a simile.
    """

    lapse: float
    reports: Array
    mentions: float
    colours: float
    closes: float
    similes: float


def draw_people(
    n_people: int, polarities: Sequence[str | None], *, seed: int, mean_lapse: float, mean_shift: float
) -> list[Habits]:
    """Annotators, the same for the same seed; a larger pool begins with the same.

    polarities: (K) of the labels; a label shifts mostly to others of its polarity.
    mean_lapse, mean_shift: shares, 0..0.5: of blind picks, and of feelings reported under another label.
    """
    same = np.array([[1.0 if one == other else 0.1 for other in polarities] for one in polarities])
    np.fill_diagonal(same, 0.0)
    people = []
    for number in range(n_people):
        random = np.random.default_rng([seed, 4, number])
        lapse = float(random.beta(1.0, 1.0 / mean_lapse - 1.0)) if mean_lapse else 0.0
        shift = float(random.beta(2.0, 2.0 / mean_shift - 2.0)) if mean_shift else 0.0
        # what she likes to call things: a few favourites among the labels near the one felt
        liking = same * random.gamma(0.5, size=len(polarities)) + 1e-9 * same
        liking /= liking.sum(axis=1, keepdims=True)
        own = (1.0 - shift) * np.eye(len(polarities)) + shift * liking
        reports = (1.0 - lapse) * own + lapse / len(polarities)
        mentions, colours, closes, similes = random.random(4)
        people.append(
            Habits(
                lapse,
                reports,
                mentions=float(0.75 + 0.25 * mentions),
                colours=float(0.6 + 0.4 * colours),
                closes=float(0.7 * closes),
                similes=float(0.4 * similes),  # 0.2 on average, near Affection's 0.197
            )
        )
    return people
