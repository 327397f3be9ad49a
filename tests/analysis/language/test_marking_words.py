"""Words that mark a group, against the published equations written out one by one."""

import math

import numpy as np
import pytest

from analysis.language.marking_words import marking_words


def one_by_one(counts: list[list[int]], prior_words: float, group: int, word: int) -> tuple[float, float]:
    """Monroe, Colaresi and Quinn 2008, equations 16, 20 and 22, for one group and word."""
    of_word = [sum(row[w] for row in counts) for w in range(len(counts[0]))]
    everything = sum(of_word)
    alpha = prior_words * of_word[word] / everything
    mine, n_mine = counts[group][word], sum(counts[group])
    rest, n_rest = of_word[word] - mine, everything - n_mine
    delta = math.log((mine + alpha) / (n_mine + prior_words - mine - alpha))
    delta -= math.log((rest + alpha) / (n_rest + prior_words - rest - alpha))
    return delta, delta / math.sqrt(1 / (mine + alpha) + 1 / (rest + alpha))


def test_every_word_equals_the_equations_written_out() -> None:
    counts = np.random.default_rng(3).integers(0, 50, (4, 30))

    found = marking_words(counts, prior_words=200)

    for group in range(4):
        for word in range(30):
            log_odds, z = one_by_one(counts.tolist(), 200, group, word)
            assert (found.log_odds[group, word], found.z[group, word]) == pytest.approx((log_odds, z), rel=1e-12)


def test_a_common_word_used_alike_marks_nothing_and_a_rare_one_less_than_a_frequent_one() -> None:
    #                 the, calm, once, others
    counts = np.array([[500, 40, 2, 3000], [500, 2, 0, 3040]])

    z = marking_words(counts, prior_words=100).z

    assert abs(z[0, 0]) < 1
    assert z[0, 1] > z[0, 2] > 0
    assert z[1] == pytest.approx(-z[0])


def test_words_that_nobody_uses_and_groups_that_say_nothing_have_no_number() -> None:
    found = marking_words(np.array([[3, 0], [4, 0], [0, 0]]))

    assert np.isnan(found.z[:, 1]).all()
    assert np.isnan(found.z[2]).all()
    assert np.isnan(marking_words(np.zeros((2, 3), int)).z).all()
    # one group only: there is nobody to compare it with
    assert np.isnan(marking_words(np.array([[3, 1]])).z).all()


def test_a_prior_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        marking_words(np.ones((2, 2), int), prior_words=0)
