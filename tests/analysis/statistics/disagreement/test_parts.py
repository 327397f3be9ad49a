"""Planted parts of the disagreement are found again, and what cannot be told is not told."""

import numpy as np
import pytest

from analysis.statistics.disagreement import PARTS, KnownStudy, Votes, decompose
from analysis.statistics.disagreement.likelihood import Answering, Patterns, log_likelihood
from analysis.statistics.disagreement.pairs_of_answers import habit, same_stimulus
from analysis.statistics.latent import Responses

TWO_GROUPS = KnownStudy(n_stimuli=1000, n_annotators=200, n_per_stimulus=8, group_shares=(0.5, 0.5), group_effect=0.3)


def votes_of(rows: list[tuple[int, int, int]], n_labels: int = 4) -> Votes:
    """rows: (stimulus, annotator, label)."""
    stimulus, annotator, label = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    responses = Responses.of(
        stimulus,
        annotator,
        label,
        n_stimuli=int(stimulus.max(initial=0)) + 1,
        n_annotators=int(annotator.max(initial=0)) + 1,
        n_labels=n_labels,
    )
    return Votes.of(responses)


def test_noise_ambiguity_overlap_habit_and_groups_that_were_planted_are_found_again():
    """Ten seeds of three kinds of study stand in bench/disagreement.py; this is one of them."""
    found = decompose(TWO_GROUPS.drawn(seed=3), seed=3)
    truth = TWO_GROUPS.truth()
    for name in PARTS:
        part = found.parts[name]
        assert part.value is not None, (name, part.reason)
        assert part.low <= truth[name] <= part.high, name
        assert part.high - part.low < 0.2
    assert found.disagreement.low <= truth["disagreement"] <= found.disagreement.high
    assert [(pair.one, pair.other) for pair in found.overlapping] == [(2, 3)]
    assert found.overlapping[0].chance.low <= 0.2 <= found.overlapping[0].chance.high
    assert found.lapses.low <= 0.12 <= found.lapses.high
    assert found.check.holds


def test_the_parts_add_up_to_the_disagreement():
    found = decompose(TWO_GROUPS.drawn(seed=5), with_intervals=False)
    assert sum(part.value for part in found.parts.values()) == pytest.approx(found.disagreement.value)
    assert sum(part.value for part in found.shares.values()) == pytest.approx(1)


def test_the_truth_of_a_known_study_is_what_many_draws_show():
    study = KnownStudy(n_stimuli=40_000, n_annotators=3000, group_shares=(0.6, 0.4), group_effect=0.4)
    votes, truth = study.drawn(seed=1), study.truth()
    moments = same_stimulus(votes)
    assert moments.disagreement == pytest.approx(truth["disagreement"], abs=0.004)
    assert moments.group == pytest.approx(truth["group"], abs=0.004)
    assert habit(votes, seed=1) == pytest.approx(truth["habit"], abs=0.0008)


def test_a_study_without_overlap_lapses_or_groups_has_none():
    study = KnownStudy(n_stimuli=800, n_annotators=100, overlap={}, lapses=0.0)
    found = decompose(study.drawn(seed=2))
    assert found.overlapping == ()
    assert found.parts["overlap"].value == 0
    assert found.parts["noise"].low == 0
    assert found.parts["noise"].high < 0.08
    assert found.parts["group"].value is None
    assert "no two groups" in found.parts["group"].reason


def test_the_likelihood_is_that_of_drawing_feelings_many_times():
    random = np.random.default_rng(0)
    answering = Answering(np.array([0.5, 0.3, 0.4]), np.array([0.05, 0.02, 0.04]), ((0, 1),), np.array([0.2]))
    felt = random.dirichlet(answering.a, 400_000)
    named = felt @ ((1 - answering.lapses.sum()) * answering.naming()) + answering.lapses
    counts = np.array([[2, 1, 0], [0, 0, 4], [1, 2, 2], [0, 3, 1]])
    values, _ = log_likelihood(Patterns.among(counts), answering)
    drawn = [np.prod(named**row, axis=1).mean() for row in Patterns.among(counts).counts]
    assert np.exp(values) == pytest.approx(drawn, rel=0.02)


@pytest.mark.parametrize("pairs", [(), ((0, 1),), ((0, 1), (1, 3))])
def test_the_slopes_of_the_likelihood_are_those_of_small_steps(pairs):
    random = np.random.default_rng(1)
    patterns = Patterns.among(random.integers(0, 3, (20, 4)))
    answering = Answering(random.random(4) + 0.2, random.random(4) * 0.05 + 0.01, pairs, np.full(len(pairs), 0.15))
    _, slopes = log_likelihood(patterns, answering)
    for at in range(answering.vector.size):
        step = np.zeros(answering.vector.size)
        step[at] = 1e-6
        up = log_likelihood(patterns, answering.at(answering.vector + step))[0]
        down = log_likelihood(patterns, answering.at(answering.vector - step))[0]
        assert slopes[:, at] == pytest.approx((up - down) / 2e-6, abs=1e-6)


# What cannot be told


def test_one_answer_per_stimulus_tells_nothing():
    found = decompose(votes_of([(stimulus, stimulus % 20, stimulus % 4) for stimulus in range(500)]))
    assert found.disagreement.value is None
    assert all(part.value is None and "two answers" in part.reason for part in found.parts.values())


def test_two_answers_per_stimulus_tell_the_whole_but_not_lapses_from_ambiguity():
    study = KnownStudy(n_stimuli=600, n_annotators=80, n_per_stimulus=2)
    found = decompose(study.drawn(seed=1))
    assert found.disagreement.low <= study.truth()["disagreement"] <= found.disagreement.high
    for name in ("ambiguity", "overlap", "noise"):
        assert found.parts[name].value is None
        assert "three answers" in found.parts[name].reason
    assert found.parts["habit"].value is not None


def test_answers_that_do_not_depend_on_the_stimulus_cannot_be_taken_apart():
    random = np.random.default_rng(4)
    found = decompose(
        votes_of([(stimulus, person, int(random.integers(4))) for stimulus in range(300) for person in range(5)])
    )
    assert found.parts["noise"].value is None
    assert "do not depend on the stimulus" in found.parts["noise"].reason


def test_few_people_show_no_habits():
    random = np.random.default_rng(5)
    shares = random.dirichlet(np.full(4, 0.5), 300)
    rows = [(s, p, int(random.choice(4, p=shares[s]))) for s in range(300) for p in range(5)]
    found = decompose(votes_of(rows))
    assert found.parts["habit"].value is None
    assert "10 people" in found.parts["habit"].reason


def test_three_labels_cannot_show_an_overlap():
    study = KnownStudy(n_stimuli=500, n_annotators=60, shares=(0.5, 0.3, 0.2), overlap={})
    found = decompose(study.drawn(seed=1), with_intervals=False)
    assert found.parts["overlap"].value is None
    assert "counts as noise" in found.parts["overlap"].reason
    assert found.parts["noise"].value is not None


def test_nobody_disagreed():
    found = decompose(votes_of([(stimulus, person, stimulus % 4) for stimulus in range(200) for person in range(12)]))
    assert found.disagreement.value == 0
    assert found.shared.value == 1
    assert all("Nobody disagreed" in part.reason for part in found.parts.values())


@pytest.mark.parametrize("rows", [[], [(0, 0, 0)], [(0, 0, 0), (0, 1, 0)], [(0, 0, 0), (0, 1, 1)]])
def test_hardly_any_answers_give_reasons_and_no_error(rows):
    found = decompose(votes_of(rows))
    assert all(part.value is None and part.reason for part in found.parts.values())


def test_groups_that_never_met_cannot_be_compared():
    study = KnownStudy(n_stimuli=400, n_annotators=60)
    votes = study.drawn(seed=1)
    group = (votes.annotator % 2).astype(np.int64)
    kept = votes.kept(votes.stimulus % 2 == group)
    apart = Votes(
        kept.stimulus, kept.annotator, kept.label, np.arange(60) % 2, 400, 60, kept.n_labels, ("one", "other")
    )
    found = decompose(apart, with_intervals=False)
    assert found.parts["group"].value is None
    assert "never met" in found.notes[0]
    assert found.parts["ambiguity"].value is not None


def test_a_person_who_answered_a_stimulus_twice_counts_once():
    assert votes_of([(0, 0, 1), (0, 0, 2), (0, 1, 2)]).n == 2
