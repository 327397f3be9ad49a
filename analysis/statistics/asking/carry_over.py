"""Whether an answer carries over from the image before.

Two ways to see it. The *own answer*: how much more often the label of one's last answer is chosen again than the
others' shares say, less the same for the labels of five to nine answers ago, which holds the person's habits. The
*image before*: people came to a stimulus from different images; how much an answer follows what others felt at the
image that this person happened to see before. Which image came before was drawn by chance, so the second is an effect
of the asking; the first also holds moods that last for some images.
"""

import numpy as np

from analysis.statistics.asking.answers import AskedAnswers, Floats
from analysis.statistics.asking.clustered import Effect, clustered_mean, clustered_slope, less_mean_of

FAR = range(5, 10)
LAGS = (1, 2, 3, 4)


def carry_over_effects(answers: AskedAnswers) -> tuple[Effect, Effect, list[Effect]]:
    """The own answer; the image before; the own answer 1 to 4 answers ago."""
    far = np.stack([_again(answers, lag) for lag in FAR])
    n_far = np.isfinite(far).sum(axis=0)
    habit = np.where(n_far > 0, np.nansum(far, axis=0) / np.maximum(n_far, 1), np.nan)
    lags = [
        clustered_mean(str(lag), _again(answers, lag) - habit, answers.person, answers.stimulus, causal=False)
        for lag in LAGS
    ]
    own = Effect(**{**lags[0].__dict__, "name": "own answer"})
    return own, _image_before(answers), lags


def _again(answers: AskedAnswers, lag: int) -> Floats:
    """(n,) the excess of the label that the same person gave `lag` answers earlier; nan where there is none."""
    earlier = answers.before(lag)
    again = np.full(answers.n, np.nan)
    known = earlier >= 0
    again[known] = answers.excess[np.flatnonzero(known), answers.label[earlier[known]]]
    return again


def _image_before(answers: AskedAnswers) -> Effect:
    """Per stimulus: the answers against what others felt at the image each person saw before."""
    earlier = answers.before(1)
    felt = np.full((answers.n, answers.n_labels), np.nan)
    known = earlier >= 0
    felt[known] = answers.others[earlier[known]]
    chosen = np.zeros((answers.n, answers.n_labels))
    chosen[np.arange(answers.n), answers.label] = 1
    chosen[~np.isfinite(felt).all(axis=1)] = np.nan
    return clustered_slope(
        "image before",
        less_mean_of(answers.stimulus, chosen),
        less_mean_of(answers.stimulus, felt),
        answers.person,
        answers.stimulus,
        causal=True,
    )
