"""Paying through Prolific, whose bonus call is not idempotent: nobody is ever paid twice, whatever dies when."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import Payment, PaymentBatch, PayPlan, Recruitment, Study, Visit
from annotation.recruitment.base import ProviderAway
from annotation.recruitment.sync import sync_recruitment
from annotation.services.plan_payments import plan_by_rule, plan_from_csv, plan_rewards
from annotation.services.reconcile_payments import reconcile_payments, settle
from annotation.services.send_payments import send_payments, start_sending
from jobs.models import Job
from jobs.services import run
from tests.annotation.recruitment.conftest import PERSON, SUBMISSION, join_from_prolific
from tests.annotation.recruitment.prolific_standin import World
from tests.conftest import ROOT, respond

BONUS = "For all the words"


def people(recruitment: Recruitment, world: World, n: int, *, answers: int = 2) -> None:
    """n people who came from Prolific and answered."""
    for number in range(1, n + 1):
        participation = join_from_prolific(recruitment, number)
        world.add(SUBMISSION.format(number), PERSON.format(number))
        for _ in range(answers):
            respond(participation, duration_ms=20_000)


def plan_bonus(study: Study, user: Any, purpose: str = BONUS, amount: int = 50) -> None:
    plan_by_rule(study=study, rule="at_least", purpose=purpose, user=user, amount=amount, n_images=1)


def states(study: Study) -> list[str]:
    return sorted(Payment.objects.filter(study=study).values_list("state", flat=True))


pytestmark = pytest.mark.django_db


def test_rewards_are_approvals(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 2)
    assert plan_rewards(study=study, user=mika).n_new == 2
    assert send_payments(study=study, job_id=1)["n_sent"] == 2
    assert {row["status"] for row in prolific_world.submissions.values()} == {"APPROVED"}
    assert reconcile_payments(study=study)["n_confirmed"] == 2
    assert states(study) == ["confirmed", "confirmed"]
    assert prolific_world.wrong == []


def test_bonuses_are_set_up_and_then_paid(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 3)
    plan_bonus(study, mika)
    assert send_payments(study=study, job_id=1) == {"n_sent": 3, "n_failed": 0, "n_unknown": 0}
    assert sorted(prolific_world.paid) == [(SUBMISSION.format(number), 50) for number in (1, 2, 3)]
    calls = [path for method, path in prolific_world.calls if method == "POST"]
    assert calls == ["/api/v1/submissions/bonus-payments/", f"/api/v1/bulk-bonus-payments/{0:024x}/pay/"]
    assert reconcile_payments(study=study)["n_confirmed"] == 3
    send_payments(study=study, job_id=2)
    assert len(prolific_world.paid) == 3


def test_planning_twice_plans_once(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    again = plan_by_rule(study=study, rule="at_least", purpose=BONUS, user=mika, amount=50, n_images=1)
    assert (again.n_new, again.n_there) == (0, 2)
    plan_rewards(study=study, user=mika)
    assert plan_rewards(study=study, user=mika).n_new == 0
    assert Payment.objects.count() == 4


@pytest.mark.parametrize("way", ["hang up", "500"])
def test_an_answer_that_never_comes_leaves_unknown_and_is_not_sent_again(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any, way: str
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    prolific_world.after_paying = way
    assert send_payments(study=study, job_id=1) == {"n_sent": 0, "n_failed": 0, "n_unknown": 2}
    prolific_world.after_paying = ""
    for job_id in (1, 2, 3):
        send_payments(study=study, job_id=job_id)
    assert len(prolific_world.paid) == 2  # once each
    assert states(study) == ["unknown", "unknown"]
    assert reconcile_payments(study=study) == {"n_confirmed": 2, "n_open": 0}
    assert len(prolific_world.paid) == 2


def test_unknown_and_not_listed_waits_for_a_person(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1)
    plan_bonus(study, mika)
    prolific_world.after_paying = "hang up"
    send_payments(study=study, job_id=1)
    prolific_world.paid.clear()  # as if the call had been lost before it was made
    prolific_world.submissions[SUBMISSION.format(1)]["bonus_payments"] = []
    prolific_world.after_paying = ""
    assert reconcile_payments(study=study) == {"n_confirmed": 0, "n_open": 1}
    payment = Payment.objects.get()
    assert payment.state == Payment.UNKNOWN
    with pytest.raises(InvalidInput, match="half an hour"):
        settle(study=study, key=str(payment.key), was_paid=False, user=mika)
    Payment.objects.update(sending_at=timezone.now() - timedelta(hours=1))
    assert settle(study=study, key=str(payment.key), was_paid=False, user=mika).state == Payment.PLANNED
    send_payments(study=study, job_id=2)
    assert prolific_world.paid == [(SUBMISSION.format(1), 50)]


def test_two_bonuses_of_one_amount_are_told_apart(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1)
    plan_bonus(study, mika, "the first")
    plan_bonus(study, mika, "the second")
    send_payments(study=study, job_id=1)
    assert len(prolific_world.bulks) == 2  # a person stands in a list once
    prolific_world.submissions[SUBMISSION.format(1)]["bonus_payments"].pop()  # only one is listed yet
    assert reconcile_payments(study=study) == {"n_confirmed": 1, "n_open": 1}
    assert states(study) == ["confirmed", "sent"]


def test_a_refusal_pays_nobody_and_says_why(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    del prolific_world.submissions[SUBMISSION.format(2)]  # one of them spoils the list
    assert send_payments(study=study, job_id=1) == {"n_sent": 1, "n_failed": 1, "n_unknown": 0}
    failed = Payment.objects.get(state=Payment.FAILED)
    assert "incorrect" in failed.note
    assert prolific_world.paid == [(SUBMISSION.format(1), 50)]
    plan_bonus(study, mika)  # what failed may be planned anew
    assert Payment.objects.filter(state=Payment.PLANNED).count() == 1


def test_while_prolific_cannot_be_reached_everything_stays_planned(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any, settings: Any
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    settings.PROLIFIC_API_URL = "http://127.0.0.1:9"
    with pytest.raises(ProviderAway):
        send_payments(study=study, job_id=1)
    assert states(study) == ["planned", "planned"]
    assert set(PaymentBatch.objects.values_list("state", flat=True)) == {PaymentBatch.RELEASED}


def test_a_worker_that_died_before_paying_has_paid_nothing(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    batch = PaymentBatch.objects.create(recruitment=prolific, job_id=7)
    Payment.objects.update(state=Payment.SENDING, batch=batch, sending_at=timezone.now())
    assert send_payments(study=study, job_id=7)["n_sent"] == 2
    assert len(prolific_world.paid) == 2


def test_another_living_worker_is_left_alone(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1)
    plan_bonus(study, mika)
    living = Job.objects.create(kind="send_payments", study_key=study.slug, state=Job.RUNNING)
    batch = PaymentBatch.objects.create(recruitment=prolific, job_id=living.pk, state=PaymentBatch.PAYING)
    Payment.objects.update(state=Payment.SENDING, batch=batch, sending_at=timezone.now())
    send_payments(study=study, job_id=living.pk + 1)
    assert states(study) == ["sending"]
    Job.objects.filter(pk=living.pk).update(state=Job.FAILED)
    send_payments(study=study, job_id=living.pk + 1)
    assert states(study) == ["unknown"]
    assert prolific_world.paid == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_pay_each_once(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 6, answers=1)
    for n in range(4):
        plan_bonus(study, mika, f"bonus {n}", 10 + n)
    jobs = [Job.objects.create(kind="send_payments", study_key=study.slug, state=Job.RUNNING) for _ in range(4)]
    start = threading.Barrier(len(jobs))

    def work(job: Job) -> None:
        start.wait()
        try:
            send_payments(study=study, job_id=job.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = sorted((SUBMISSION.format(number), 10 + n) for number in range(1, 7) for n in range(4))
    assert sorted(prolific_world.paid) == wanted
    assert set(states(study)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_pays_is_found_out(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any, settings: Any
) -> None:
    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    job = Job.objects.create(kind="send_payments", study_key=study.slug, created_by=mika)
    prolific_world.after_paying = "hang"
    worker = start_worker(job, settings)
    try:
        while not prolific_world.is_paying.wait(0.2):
            assert worker.poll() is None, "the worker ended before it paid"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    prolific_world.after_paying = ""
    prolific_world.go_on.set()
    assert states(study) == ["sending", "sending"]
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    run(job.pk)  # as the sweeper would have it
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.DONE, 2)
    assert states(study) == ["unknown", "unknown"]
    assert reconcile_payments(study=study)["n_confirmed"] == 2
    assert len(prolific_world.paid) == 2


def start_worker(job: Job, settings: Any) -> subprocess.Popen[bytes]:
    """Another process that runs the job on this test's database."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROLIFIC_TOKEN": settings.PROLIFIC_TOKEN,
        "PROLIFIC_API_URL": settings.PROLIFIC_API_URL,
    }
    program = f"import django; django.setup(); from jobs.services import run; run({job.pk})"
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment)


def test_a_double_click_starts_one_job(study: Study, mika: Any) -> None:
    assert start_sending(study=study, user=mika).pk == start_sending(study=study, user=mika).pk
    assert Job.objects.filter(kind="send_payments").count() == 1


def test_looking_at_prolific_writes_down_states_and_what_was_approved_there(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 3)
    prolific_world.submissions[SUBMISSION.format(1)]["status"] = "APPROVED"
    prolific_world.submissions[SUBMISSION.format(2)]["status"] = "RETURNED"
    for number in range(100, 205):  # more than a page, of people who never agreed
        prolific_world.add(f"stranger{number:016d}", PERSON.format(0))
    assert sync_recruitment(recruitment=prolific) == {"n_visits": 108, "n_changed": 3}
    assert sync_recruitment(recruitment=prolific)["n_changed"] == 0
    prolific.refresh_from_db()
    assert prolific.facts["places"] == 10
    assert prolific.facts["statuses"] == {"APPROVED": 1, "RETURNED": 1, "AWAITING REVIEW": 106}
    assert Visit.objects.get(external_id=SUBMISSION.format(2)).status == "RETURNED"
    assert states(study) == ["confirmed"]
    assert plan_rewards(study=study, user=mika).n_new == 1  # not who was paid, not who returned


def test_more_places_and_a_return(study: Study, prolific: Recruitment, prolific_world: World) -> None:
    from annotation.recruitment import SOURCES

    participation = join_from_prolific(prolific)
    prolific_world.add(SUBMISSION.format(1), PERSON.format(1), "ACTIVE")
    source = SOURCES["prolific"]
    assert "25 places" in source.act(prolific, "places", {"places": "25"}, "")
    assert prolific_world.places == 25
    with pytest.raises(InvalidInput, match="25 places"):
        source.act(prolific, "places", {"places": "20"}, "")
    data = {"pseudonym": participation.annotator.pseudonym, "reason": "You asked to stop"}
    assert "asks" in source.act(prolific, "return", data, "")
    assert prolific_world.submissions[SUBMISSION.format(1)]["return_requested"]
    assert prolific_world.wrong == []


def test_who_stops_early_gets_a_share_as_a_bonus(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1, answers=1)
    assert plan_rewards(study=study, user=mika).n_new == 0  # she may still go on
    Visit.objects.update(outcome=Visit.STOPPED)
    assert plan_rewards(study=study, user=mika).amount == 75
    payment = Payment.objects.get()
    assert (payment.kind, payment.purpose) == (Payment.BONUS, "share of the reward")
    send_payments(study=study, job_id=1)
    assert prolific_world.paid == [(SUBMISSION.format(1), 75)]


def test_who_had_a_share_and_went_on_gets_the_rest_and_no_more(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1, answers=1)
    Visit.objects.update(outcome=Visit.STOPPED)
    plan_rewards(study=study, user=mika)
    send_payments(study=study, job_id=1)
    respond(Visit.objects.get().participation, duration_ms=20_000)
    planned = plan_rewards(study=study, user=mika)
    assert (planned.n_new, planned.amount) == (1, 75)
    assert (plan_rewards(study=study, user=mika).n_new, states(study)) == (0, ["planned", "sent"])
    send_payments(study=study, job_id=2)
    assert prolific_world.paid == [(SUBMISSION.format(1), 75), (SUBMISSION.format(1), 75)]
    assert prolific_world.submissions[SUBMISSION.format(1)]["status"] == "AWAITING REVIEW"  # not approved on top of it


def test_no_share_goes_beside_a_reward_that_prolific_pays_in_full(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 4, answers=1)
    Visit.objects.update(outcome=Visit.STOPPED)
    for number, status in enumerate(("ACTIVE", "AWAITING REVIEW", "APPROVED", "RETURNED"), start=1):
        prolific_world.submissions[SUBMISSION.format(number)]["status"] = status
    sync_recruitment(recruitment=prolific)
    assert plan_rewards(study=study, user=mika).amount == 75
    assert Payment.objects.get(state=Payment.PLANNED).visit == Visit.objects.get(status="RETURNED")


def test_a_share_that_waits_gives_way_to_the_whole_reward(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    people(prolific, prolific_world, 1, answers=1)
    Visit.objects.update(outcome=Visit.STOPPED)
    assert plan_rewards(study=study, user=mika).amount == 75
    respond(Visit.objects.get().participation, duration_ms=20_000)
    sync_recruitment(recruitment=prolific)  # she has handed in
    assert plan_rewards(study=study, user=mika).amount == 150
    send_payments(study=study, job_id=1)
    assert (prolific_world.paid, prolific_world.submissions[SUBMISSION.format(1)]["status"]) == ([], "APPROVED")
    assert states(study) == ["failed", "sent"]


def test_amounts_that_are_neither_pounds_nor_dollars_are_not_sent(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    plan.currency = "JPY"
    plan.save()
    people(prolific, prolific_world, 1)
    plan_bonus(study, mika)
    assert send_payments(study=study, job_id=1)["n_failed"] == 1
    assert "GBP or USD only" in Payment.objects.get().note
    assert prolific_world.paid == []


def test_the_ledger_does_not_tell_who_somebody_is_at_prolific(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any, sign_in: Any
) -> None:
    people(prolific, prolific_world, 2)
    prolific_world.submissions[SUBMISSION.format(2)]["status"] = "APPROVED"  # on Prolific's own page
    sync_recruitment(recruitment=prolific)
    plan_rewards(study=study, user=mika)
    assert send_payments(study=study, job_id=1) == {"n_sent": 1, "n_failed": 0, "n_unknown": 0}
    pseudonym = Visit.objects.get(external_id=SUBMISSION.format(1)).participation.annotator.pseudonym
    plan_from_csv(study=study, text=f"pseudonym,amount\n{pseudonym},1.50\n", purpose=BONUS, user=mika)
    prolific_world.refuse_bonuses = f"{PERSON.format(1)}: submission {SUBMISSION.format(1)} was returned"
    assert send_payments(study=study, job_id=2)["n_failed"] == 1
    assert "submission ... was returned" in Payment.objects.get(state=Payment.FAILED).note
    browser = sign_in(mika)
    answers = [
        browser.get(f"/studies/{study.slug}/pay").content,
        browser.get(f"/api/v1/studies/{study.slug}/payments").content,
        b"".join(browser.get(f"/studies/{study.slug}/pay/ledger.csv").streaming_content),
    ]
    for answer in answers:
        assert b"confirmed" in answer
        for number in (1, 2):
            assert SUBMISSION.format(number).encode() not in answer
            assert PERSON.format(number).encode() not in answer


def test_a_table_with_wrong_rows_plans_nothing(study: Study, prolific: Recruitment, plan: PayPlan, mika: Any) -> None:
    from annotation.errors import InvalidRows

    pseudonym = join_from_prolific(prolific).annotator.pseudonym
    table = f"pseudonym,amount\n{pseudonym},1.50\nnobody,1\n{pseudonym},2\n"
    with pytest.raises(InvalidRows) as caught:
        plan_from_csv(study=study, text=table, purpose=BONUS, user=mika)
    assert [(row["row"], row["field"]) for row in caught.value.rows] == [(3, "pseudonym"), (4, "pseudonym")]
    assert Payment.objects.count() == 0
    assert (
        plan_from_csv(study=study, text=f"pseudonym,amount\n{pseudonym},1.50\n", purpose=BONUS, user=mika).amount == 150
    )


def test_whoever_was_erased_cannot_be_paid_there_and_nobody_else_is(
    study: Study, prolific: Recruitment, plan: PayPlan, prolific_world: World, mika: Any
) -> None:
    from annotation.recruitment.forget import forget_visits

    people(prolific, prolific_world, 2)
    plan_bonus(study, mika)
    erased = Visit.objects.get(external_id=SUBMISSION.format(1)).participation
    assert forget_visits(erased.annotator) == 1
    assert SUBMISSION.format(1) not in str(list(Visit.objects.values()))
    assert send_payments(study=study, job_id=1) == {"n_sent": 1, "n_failed": 1, "n_unknown": 0}
    assert prolific_world.paid == [(SUBMISSION.format(2), 50)]


def test_the_token_is_nowhere_in_the_database(
    study: Study, prolific: Recruitment, prolific_world: World, settings: Any
) -> None:
    sync_recruitment(recruitment=prolific)
    prolific.refresh_from_db()
    assert settings.PROLIFIC_TOKEN not in str(prolific.options) + str(prolific.facts)
