"""What people earn an hour, what is due to them, and when the pages and the API warn."""

from typing import Any

import pytest
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import Participation, Payment, PayPlan, Response, Study
from annotation.services.measure_pay import measure, totals_of
from annotation.services.pay_plan import decimal, minor_units, promised_hourly, set_plan, warnings_of
from annotation.services.plan_payments import plan_by_rule, plan_rewards
from annotation.services.skip_assignment import skip_assignment
from annotation.services.withdraw import withdraw_participation
from tests.conftest import make_participation, respond

pytestmark = pytest.mark.django_db


def skip(participation: Participation) -> None:
    from annotation.services.assign import assign_ahead

    held = assign_ahead(participation=participation, study=participation.study)
    skip_assignment(participation=participation, assignment_id=held[0].id, reason="not this one")


def only(study: Study, plan: PayPlan) -> Any:
    (work,) = measure(study, plan)
    return work


def test_hourly_pay_is_what_was_earned_by_the_measured_time(study: Study, plan: PayPlan, anna: Participation) -> None:
    for milliseconds in (60_000, 1_000_000):  # the second one went for tea: five minutes of it count
        respond(anna, duration_ms=milliseconds)
    work = only(study, plan)
    assert work.active_seconds == 60 + 300 + plan.overhead_seconds
    assert work.is_full
    assert work.hourly == pytest.approx(150 * 3600 / 480)
    totals = totals_of([work], plan)
    assert totals.hourly == pytest.approx(1125)
    assert totals.n_below == 0


def test_a_skip_takes_half_the_mean_and_counts_as_an_image(study: Study, plan: PayPlan, anna: Participation) -> None:
    respond(anna, duration_ms=40_000)
    skip(anna)
    work = only(study, plan)
    assert work.active_seconds == 40 + 20 + plan.overhead_seconds
    assert work.due == 150


def test_time_that_was_not_measured_is_taken_from_the_persons_others(
    study: Study, plan: PayPlan, anna: Participation
) -> None:
    respond(anna, duration_ms=30_000)
    respond(anna)
    assert only(study, plan).active_seconds == 60 + plan.overhead_seconds


@pytest.mark.parametrize("pays", [True, False])
def test_surplus_skipped_and_withdrawn_count_as_the_study_says(
    study: Study, plan: PayPlan, anna: Participation, pays: bool
) -> None:
    plan.pays_surplus = plan.pays_skipped = plan.pays_withdrawn = pays
    plan.save()
    first = respond(anna)
    Response.objects.filter(pk=first.pk).update(status=Response.SURPLUS)
    skip(anna)
    work = only(study, plan)
    assert work.due == (150 if pays else 0)
    withdraw_participation(participation=anna)
    assert only(study, plan).due == (150 if pays else 0)


def test_a_share_is_due_to_whoever_stops(study: Study, plan: PayPlan, anna: Participation) -> None:
    plan.images_per_reward = 4
    plan.save()
    respond(anna)
    assert only(study, plan).due == 38  # a quarter of 1.50, rounded up
    plan.pays_part = False
    assert only(study, plan).due == 0


def test_what_somebody_chose_not_to_meet_costs_her_nothing_once_nothing_else_is_left(
    study: Study, plan: PayPlan, anna: Participation
) -> None:
    plan.images_per_reward = 5
    plan.save()
    respond(anna)
    Participation.objects.filter(pk=anna.pk).update(care={"declined": ["war"], "n_declined": 4})
    assert only(study, plan).due == 150
    plan.pays_opted_out = False
    assert only(study, plan).due == 30


def test_pay_does_not_depend_on_what_was_felt(study: Study, plan: PayPlan) -> None:
    from tests.conftest import answer

    people = [make_participation(study) for _ in range(3)]
    for participation, emotion in zip(people, ("awe", "awe", "disgust"), strict=True):
        respond(participation, answer(emotion), duration_ms=20_000)
        respond(participation, answer(emotion), duration_ms=20_000)
    works = measure(study, plan)
    assert len({(work.due, work.hourly) for work in works}) == 1


def test_simulated_people_are_not_paid(study: Study, plan: PayPlan, mika: Any) -> None:
    respond(make_participation(study, is_simulated=True))
    assert measure(study, plan) == []
    assert plan_rewards(study=study, user=mika).n_new == 0


def test_below_the_floor_there_are_warnings(study: Study, plan: PayPlan, anna: Participation) -> None:
    assert [warning.type for warning in warnings_of(plan)] == []
    set_plan(study=study, reward=140)
    plan.refresh_from_db()
    assert promised_hourly(plan) == 840
    assert [warning.type for warning in warnings_of(plan)] == ["promised_below_floor"]
    assert "at least 1.50 GBP" in warnings_of(plan)[0].message
    for _ in range(2):
        respond(anna, duration_ms=290_000)
    totals = totals_of(measure(study, plan), plan)
    assert totals.n_below == 1
    assert "measured_below_floor" in [warning.type for warning in warnings_of(plan, measured_hourly=totals.hourly)]


def test_people_are_raised_to_the_floor(study: Study, plan: PayPlan, anna: Participation, mika: Any) -> None:
    for _ in range(2):
        respond(anna, duration_ms=290_000)
    planned = plan_by_rule(study=study, rule="to_the_floor", purpose="You took longer", user=mika)
    assert planned.n_new == 1
    plan_rewards(study=study, user=mika)
    work = only(study, plan)
    assert work.hourly == pytest.approx(plan.hourly_floor, abs=10)
    assert plan_by_rule(study=study, rule="to_the_floor", purpose="Again", user=mika).n_new == 0


def test_a_bonus_from_a_number_of_images_on_needs_that_number(
    study: Study, plan: PayPlan, anna: Participation, mika: Any
) -> None:
    with pytest.raises(InvalidInput, match="from how many images on"):
        plan_by_rule(study=study, rule="at_least", purpose="Thank you", amount=100, user=mika)
    respond(anna)
    make_participation(study)
    given = {"study": study, "purpose": "Thank you", "amount": 100, "user": mika}
    assert plan_by_rule(rule="at_least", n_images=1, **given).n_new == 1


def test_a_budget_is_not_gone_beyond(study: Study, plan: PayPlan, anna: Participation, mika: Any) -> None:
    set_plan(study=study, budget=160)
    for participation in (anna, make_participation(study)):
        respond(participation)
        respond(participation)
    with pytest.raises(InvalidInput, match=r"above the budget of 1\.60 GBP"):
        plan_rewards(study=study, user=mika)
    assert Payment.objects.count() == 0
    plan.refresh_from_db()
    assert [warning.type for warning in warnings_of(plan, committed=150)] == ["budget"]


@pytest.mark.parametrize(("text", "units"), [("4.25", 425), ("4,25", 425), ("4", 400), ("0.5", 50), ("1000", 100_000)])
def test_amounts_are_exact(text: str, units: int) -> None:
    assert minor_units(text, "GBP") == units
    assert minor_units(decimal(units, "GBP"), "GBP") == units


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1e3", "1,000.5", "٣", "4.²", "99999999", "4.2.5", "nan"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        minor_units(text, "GBP")


def test_yen_have_no_small_coins() -> None:
    assert minor_units("425", "JPY") == 425
    with pytest.raises(InvalidInput):
        minor_units("4.25", "JPY")


def test_the_currency_stays_once_something_is_paid(study: Study, plan: PayPlan, anna: Participation, mika: Any) -> None:
    respond(anna)
    respond(anna)
    plan_rewards(study=study, user=mika)
    with pytest.raises(InvalidInput, match="another currency"):
        set_plan(study=study, currency="USD")


def test_by_hand_too_a_share_is_made_up_to_the_reward(
    study: Study, plan: PayPlan, anna: Participation, mika: Any
) -> None:
    plan.images_per_reward = 3
    plan.save()
    planned = []
    for _ in range(3):
        respond(anna)
        Participation.objects.filter(pk=anna.pk).update(finished_at=timezone.now())
        planned += [plan_rewards(study=study, user=mika).amount, plan_rewards(study=study, user=mika).amount]
    assert planned == [50, 0, 50, 0, 50, 0]
    assert set(Payment.objects.values_list("kind", flat=True)) == {Payment.REWARD}
    plan.reward = 300  # for those to come
    plan.save()
    assert plan_rewards(study=study, user=mika).n_new == 0
