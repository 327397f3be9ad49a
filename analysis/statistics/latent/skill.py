"""How often an annotator names the latent truth, with an interval: one definition for every method."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.statistics.estimate import INTERVAL
from analysis.statistics.latent.responses import Floats, Integers

#: Jeffreys' prior of a share: half a right answer and half a wrong one.
JEFFREYS = 0.5
_STEPS = 30
_STEP_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Skill:
    """Per annotator, in the order of annotator_index; NaN for who gave no response.

    value: (n_annotators,) the chance, 0 to 1, that a response of hers is the latent truth as the method sees it.
    low, high: its 95 % interval.
    n_responses: (n_annotators,) how many responses it rests on.
    """

    value: Floats
    low: Floats
    high: Floats
    n_responses: Integers

    def rows(self) -> list[dict[str, Any]]:
        """One row per annotator, ready for JSON: None where she gave no response."""
        return [
            {
                "annotator_index": index,
                "skill": None if np.isnan(self.value[index]) else float(self.value[index]),
                "low": None if np.isnan(self.low[index]) else float(self.low[index]),
                "high": None if np.isnan(self.high[index]) else float(self.high[index]),
                "n_responses": int(self.n_responses[index]),
            }
            for index in range(self.value.size)
        ]


def skill_against_others(annotator: Integers, chance_right: Floats, n_annotators: int, n_labels: int) -> Skill:
    """The share of right answers where what is right is itself uncertain.

    annotator: (n_responses,); chance_right: (n_responses,) the probability that the response's label is the truth, by
        everything but this response (else everybody would seem to be right where she stands alone).
    A response of somebody who is right with chance s is then seen with chance c*s + (1-c)*(1-s)/(n_labels-1); the value
    is the mode of s under that likelihood and half an answer of each kind (Jeffreys). The interval is that of a share
    (Beta quantiles) out of as many certain answers as the uncertain ones are worth: their number times the ratio of
    observed to complete information.
    Sources: Dempster, Laird & Rubin (1977), sec. 3; Louis (1982), observed information; Brown, Cai & DasGupta (2001),
    Interval Estimation for a Binomial Proportion, sec. 4.3 (Jeffreys).
    """
    n = np.bincount(annotator, minlength=n_annotators)
    n_wrong_labels = max(n_labels - 1, 1)
    by_chance = (1.0 - chance_right) / n_wrong_labels
    skill = np.full(n_annotators, 0.7)
    for _ in range(_STEPS):
        right = chance_right * skill[annotator]
        wrong = by_chance * (1.0 - skill)[annotator]
        right /= right + wrong
        n_right = np.bincount(annotator, right, minlength=n_annotators)
        new = (n_right + JEFFREYS) / (n + 2 * JEFFREYS)
        change = np.abs(new - skill).max(initial=0.0)
        skill = new
        if change < _STEP_TOLERANCE:
            break
    own = skill[annotator]
    seen = chance_right * own + by_chance * (1.0 - own)
    observed = np.bincount(annotator, ((chance_right - by_chance) / seen) ** 2, minlength=n_annotators)
    complete = n_right / skill**2 + (n - n_right) / (1.0 - skill) ** 2
    worth = n * np.clip(observed / np.maximum(complete, 1e-300), 0.0, 1.0)
    share = np.where(n > 0, n_right / np.maximum(n, 1), np.nan)
    return _of_shares(share, worth, n)


def skill_of_matches(annotator: Integers, matches: Floats, n_annotators: int) -> Skill:
    """The plain share of an annotator's responses that match something fixed, with Jeffreys' interval.

    matches: (n_responses,) 1 where the response matches, 0 where not, a part where it matches one of several.
    """
    n = np.bincount(annotator, minlength=n_annotators)
    n_right = np.bincount(annotator, matches, minlength=n_annotators)
    share = np.where(n > 0, n_right / np.maximum(n, 1), np.nan)
    return _of_shares(share, n.astype(np.float64), n)


def _of_shares(share: Floats, worth: Floats, n: Integers) -> Skill:
    tail = (1.0 - INTERVAL) / 2.0
    known = n > 0
    right = np.where(known, share, 0.5) * worth
    from scipy import special  # here: SciPy is slow to load, and few need it

    low = special.betaincinv(right + JEFFREYS, worth - right + JEFFREYS, tail)
    high = special.betaincinv(right + JEFFREYS, worth - right + JEFFREYS, 1.0 - tail)
    # as Brown, Cai and DasGupta: nobody who was never wrong is kept from 1, nor who was never right from 0
    low = np.where(share * worth <= 1e-9, 0.0, low)
    high = np.where((1.0 - share) * worth <= 1e-9, 1.0, high)
    return Skill(share, np.where(known, low, np.nan), np.where(known, high, np.nan), n)
