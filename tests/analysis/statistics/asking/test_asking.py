"""Planted effects of the asking are found, absent ones are not, and what cannot be told says so."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.statistics.asking import (
    AskedAnswers,
    carry_over_effects,
    circumstance_effects,
    clustered_mean,
    places_in_session,
    position_effects,
    session_effects,
)
from tests.analysis.statistics.asking.simulated_asking import simulated_asking


def holds(effect, truth: float) -> bool:
    return effect.low <= truth <= effect.high


@pytest.fixture(scope="module")
def unshaped() -> AskedAnswers:
    return simulated_asking(11)


def test_a_first_place_that_is_taken_blindly_is_found():
    slope, first, places = position_effects(simulated_asking(2, first_place=0.15))
    # blind picks of the first place: what it gains is what it did not have anyway, on average 4 of 5
    assert holds(first, 0.15 * 0.8)
    assert first.low > 0
    assert slope.high < 0
    assert all(holds(place, -0.15 * 0.2) for place in places[1:])
    assert first.causal


def test_without_an_effect_every_interval_of_a_place_holds_zero(unshaped):
    slope, _, places = position_effects(unshaped)
    assert holds(slope, 0)
    assert sum(holds(place, 0) for place in places) >= 4


def test_one_order_for_all_cannot_tell_a_place_from_its_label():
    slope, first, places = position_effects(simulated_asking(3, one_order=True))
    assert slope.value is first.value is None
    assert "1 order only" in first.reason
    assert places == []


def test_an_order_that_was_not_recorded_is_said(unshaped):
    _, first, _ = position_effects(replace(unshaped, order=np.full(unshaped.n, -1)))
    assert first.reason == "The order of the options was not recorded."


def test_taking_the_last_answer_again_is_found():
    own, _, lags = carry_over_effects(simulated_asking(4, carry_over=0.1))
    assert own.low > 0.03
    assert own.value > lags[2].value


def test_what_the_image_before_moves_people_to_is_found():
    _, before, _ = carry_over_effects(simulated_asking(5, from_image=0.2, n_people=300))
    # the others' shares at the image before are known from some eight answers only, which weakens the slope
    assert 0.04 < before.low < before.high < 0.25
    assert before.causal


def test_without_carry_over_both_intervals_hold_zero(unshaped):
    own, before, _ = carry_over_effects(unshaped)
    assert holds(own, 0)
    assert holds(before, 0)


def test_growing_tired_is_found_as_less_agreement_and_faster_answers():
    effects, curve = session_effects(simulated_asking(6, fatigue=0.015, speeding=-0.01))
    by_name = {effect.name: effect for effect in effects}
    assert by_name["agreement"].high < 0
    assert holds(by_name["speed"], np.expm1(-0.01 * 50))
    assert curve[0][1].value > curve[-1][1].value


def test_without_fatigue_the_slopes_hold_zero_but_for_one_in_twenty():
    slopes = [effect for seed in range(6) for effect in session_effects(simulated_asking(seed, n_people=60))[0]]
    assert sum(not holds(effect, 0) for effect in slopes) <= 3


def test_half_an_hour_of_nothing_begins_a_session():
    answers = simulated_asking(7, n_people=1, per_person=4)
    answers = replace(answers, seconds_since=np.array([0.0, 60.0, 60.0 + 1801, 60.0 + 1900]))
    places, sessions = places_in_session(answers)
    assert places.tolist() == [1, 2, 1, 2]
    assert sessions.tolist() == [0, 0, 1, 1]


def test_people_on_a_phone_who_choose_a_label_more_often_are_found_but_not_called_an_effect():
    found, reason = circumstance_effects(simulated_asking(8, phone_label=0.25), "device")
    assert reason is None
    phone = next(one for one in found if one.value == "phone")
    assert 0 in phone.beyond_chance
    assert phone.labels[0].low > 0
    assert not phone.labels[0].causal


def test_one_language_has_nothing_to_be_compared_with(unshaped):
    found, reason = circumstance_effects(unshaped, "language")
    assert found == []
    assert "en (120 people)" in reason


@pytest.mark.parametrize("n", [0, 1, 2])
def test_nobody_and_hardly_anybody_say_why_nothing_can_be_told(n):
    whole = simulated_asking(9, n_people=2, per_person=4)
    few = replace(
        whole,
        **{name: getattr(whole, name)[:n] for name in ("stimulus", "person", "label", "sequence", "seconds_since")},
        seconds=whole.seconds[:n],
        order=whole.order[:n],
        circumstances={name: values[:n] for name, values in whole.circumstances.items()},
    )
    slope, first, _ = position_effects(few)
    own, before, _ = carry_over_effects(few)
    effects, curve = session_effects(few)
    assert all(effect.value is None and effect.reason for effect in (slope, first, own, before, *effects))
    assert curve == []
    assert circumstance_effects(few, "device")[1]


def test_intervals_of_a_mean_hold_the_truth_though_people_and_stimuli_differ():
    """Two-way clustering: 300 draws of people's and stimuli's own levels, of which 93 to 97 % are to hold 0."""
    random = np.random.default_rng(0)
    person, stimulus = np.repeat(np.arange(40), 30), np.tile(np.arange(120), 10)
    held = 0
    for _ in range(300):
        values = random.normal(size=40)[person] * 0.5 + random.normal(size=120)[stimulus] * 0.5
        effect = clustered_mean("", values + random.normal(size=1200), person, stimulus, causal=True)
        held += holds(effect, 0)
    assert 0.93 <= held / 300 <= 0.975
