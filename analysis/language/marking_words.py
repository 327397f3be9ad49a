"""Words that mark a group of texts: weighted log-odds with an informative Dirichlet prior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_PRIOR_WORDS = 1_000.0
PRIOR_SHARE = 0.1


@dataclass(frozen=True)
class MarkingWords:
    """(G, V) per group and word: the log-odds ratio of the group against all others, and its z-score.

    log_odds above 0: the group uses the word more than the others do. z: log_odds over its standard error; NaN where
    the group or all others together hold no word at all.
    """

    log_odds: NDArray[np.float64]
    z: NDArray[np.float64]


def marking_words(counts: NDArray[np.integer], *, prior_words: float | None = None) -> MarkingWords:
    """counts: (G, V) how often each group uses each word.

    The prior says as much as `prior_words` words drawn from all groups together, so that a word seen twice, both times
    in one group, is not taken for a mark of it, and common words are not either. None: a tenth of all words, at most
    1,000, as a larger one would outweigh a small study.
    Source: Monroe, Colaresi and Quinn, Fightin' Words, Political Analysis 16 (2008), equations 15, 16, 20 and 22.
    """
    if prior_words is not None and prior_words <= 0:
        raise ValueError(f"prior_words must be above 0, got {prior_words}")
    y = np.asarray(counts, dtype=np.float64)
    of_word, of_group = y.sum(axis=0), y.sum(axis=1, keepdims=True)
    everything = of_word.sum()
    if not everything:
        nothing = np.full(y.shape, np.nan)
        return MarkingWords(nothing, nothing.copy())
    if prior_words is None:
        prior_words = min(MOST_PRIOR_WORDS, PRIOR_SHARE * everything)
    prior = prior_words * of_word / everything  # (V,)
    rest, of_rest = of_word - y, everything - of_group
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (y + prior) / (of_group + prior_words - y - prior)
        odds_of_rest = (rest + prior) / (of_rest + prior_words - rest - prior)
        log_odds = np.log(odds) - np.log(odds_of_rest)
        z = log_odds / np.sqrt(1 / (y + prior) + 1 / (rest + prior))
    # a word that nobody uses, and a comparison with nobody, say nothing
    silent = (of_word == 0)[None, :] | (of_group == 0) | (of_rest == 0)
    return MarkingWords(np.where(silent, np.nan, log_odds), np.where(silent, np.nan, z))
