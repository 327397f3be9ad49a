"""Mechanical Turk: the preview takes nothing, the frame hands in where it may, every request is one AWS describes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import (
    Annotator,
    Assignment,
    Identity,
    Participation,
    Payment,
    PayPlan,
    Recruitment,
    Study,
    Visit,
)
from annotation.recruitment import SOURCES
from annotation.recruitment.mturk.api import external_question
from annotation.recruitment.mturk.payer import MechanicalTurkPayer
from annotation.recruitment.sync import sync_recruitment
from annotation.services.change_recruitment import add_recruitment
from annotation.services.plan_payments import plan_by_rule, plan_rewards
from annotation.services.reconcile_payments import reconcile_payments, settle
from annotation.services.send_payments import send_payments
from tests.annotation.recruitment.conftest import agree, arrive
from tests.annotation.recruitment.mturk_standin import World
from tests.conftest import respond

pytestmark = pytest.mark.django_db

SITE = "https://site.example.org"
OPTIONS = {
    "sandbox": True, "title": "Feelings", "description": "Look at images & say how they feel", "keywords": "images",
    "places": 10, "minutes_allowed": 60, "days_open": 2, "days_until_approval": 3, "frame_height": 0,
}  # fmt: skip
ACCEPTED = {
    "assignmentId": "ASSIGNMENT1",
    "hitId": "HIT000000000000000000000000001",
    "workerId": "AWORKER1",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}


@pytest.fixture
def mturk(study: Study) -> Recruitment:
    return add_recruitment(study=study, kind="mturk", name="turk", options=OPTIONS)


@pytest.fixture
def dollars(plan: PayPlan) -> PayPlan:
    plan.currency = "USD"
    plan.save()
    return plan


def go(client: Client, recruitment: Recruitment, **changes: str) -> Any:
    """Opens the frame, follows its link in a tab."""
    frame = arrive(client, recruitment, **{**ACCEPTED, **changes})
    link = frame.context["go_url"]
    return client.get(link)


def take_part(recruitment: Recruitment, answers: int = 2, **changes: str) -> Participation:
    client = Client()
    go(client, recruitment, **changes)
    agree(client, recruitment.study)
    participation = Visit.objects.get(external_id=changes.get("assignmentId", "ASSIGNMENT1")).participation
    for _ in range(answers):
        respond(participation, duration_ms=15_000)
    return participation


def test_the_preview_shows_the_study_and_takes_nothing(study: Study, mturk: Recruitment) -> None:
    client = Client()
    page = arrive(client, mturk, assignmentId="ASSIGNMENT_ID_NOT_AVAILABLE", hitId=ACCEPTED["hitId"])
    html = page.content.decode()
    assert page.status_code == 200
    assert study.title in html
    assert study.parsed_steps[0].question in html
    assert "<form" not in html
    assert "go=" not in html
    assert not client.cookies
    assert (Annotator.objects.count(), Assignment.objects.count(), Visit.objects.count()) == (0, 0, 0)


def test_only_this_page_stands_in_a_frame_and_only_in_mechanical_turks(study: Study, mturk: Recruitment) -> None:
    client = Client()
    page = arrive(client, mturk, **ACCEPTED)
    policy = page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert "frame-ancestors https://www.mturk.com https://worker.mturk.com https://workersandbox.mturk.com" in policy
    assert "form-action https://workersandbox.mturk.com" in policy
    # handing in leads on to the pages where workers work, and form-action holds for every redirect
    form_action = next(each for each in policy.split("; ") if each.startswith("form-action"))
    assert "https://worker.mturk.com" in form_action
    assert all(host.endswith(".mturk.com") for host in form_action.split()[1:])
    assert "unsafe" not in policy
    task = go(client, mturk)
    for answer in (task, client.get(f"/s/{study.slug}/")):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_the_frame_hands_in_at_mechanical_turk(mturk: Recruitment) -> None:
    html = arrive(Client(), mturk, **ACCEPTED).content.decode()
    assert 'action="https://workersandbox.mturk.com/mturk/externalSubmit"' in html
    assert 'name="assignmentId" value="ASSIGNMENT1"' in html
    assert "disabled" in html  # nothing was done yet


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example",
        "http://www.mturk.com",
        "https://www.mturk.com.evil.example",
        "https://www.mturk.com@evil.example",
        "https://www.mturk.com:8443",
        "https://user@www.mturk.com",
        "javascript:alert(1)",
        "",
    ],
)
def test_nothing_is_handed_in_anywhere_else(mturk: Recruitment, where: str) -> None:
    page = arrive(Client(), mturk, **{**ACCEPTED, "turkSubmitTo": where})
    assert page.status_code == 400
    assert "turkSubmitTo must be" in page.content.decode()


def test_a_worker_takes_part_in_a_tab_of_her_own(study: Study, mturk: Recruitment, dollars: PayPlan) -> None:
    client = Client()
    assert go(client, mturk).headers["Location"] == f"/s/{study.slug}/"
    agree(client, study)
    visit = Visit.objects.get()
    identity = Identity.objects.get()
    assert (identity.panel, identity.panel_id) == ("mturk", "AWORKER1")
    assert visit.details == {"hit_id": ACCEPTED["hitId"], "submit_to": ACCEPTED["turkSubmitTo"]}
    assert "AWORKER1" not in str(visit.details)
    look = {"headers": {"Accept": "application/json"}}
    frame = reverse("annotate_arrive", args=[study.slug, "turk"])
    assert Client().get(frame, ACCEPTED, **look).json()["complete"] is False  # type: ignore[arg-type]
    respond(visit.participation)
    respond(visit.participation)
    said = Client().get(frame, ACCEPTED, **look).json()  # type: ignore[arg-type]  # no cookie: a frame has none
    assert said == {"joined": True, "complete": True, "text": "You have been through 2 images."}
    assert "hand the HIT in" in client.get(reverse("annotate_exit", args=[study.slug])).content.decode()


def test_a_forged_way_out_of_the_frame_leads_nowhere(study: Study, mturk: Recruitment) -> None:
    client = Client()
    token = arrive(client, mturk, **ACCEPTED).context["go_url"].partition("go=")[2]
    for wrong in (token[:-2] + "xx", "x", ""):
        assert arrive(client, mturk, go=wrong).status_code == 400


def test_the_question_is_the_xml_that_aws_describes() -> None:
    xml = external_question("https://site.example.org/s/a/from/turk?a=1&b=2", 0)
    assert "a=1&amp;b=2" in xml
    assert "<FrameHeight>0</FrameHeight>" in xml


def test_a_hit_is_opened_once(mturk: Recruitment, dollars: PayPlan, mturk_world: World) -> None:
    source = SOURCES["mturk"]
    assert "is open" in source.act(mturk, "hit", {}, SITE)
    mturk.refresh_from_db()
    hit = mturk_world.hits[mturk.facts["hit_id"]]
    assert hit["Reward"] == "1.50"
    assert hit["url"] == f"{SITE}/s/{mturk.study.slug}/from/turk"
    with pytest.raises(InvalidInput, match="open already"):
        source.act(mturk, "hit", {}, SITE)
    mturk.facts = {}  # as if the first answer had been lost
    assert str(source.act(mturk, "hit", {}, SITE)).endswith(hit["HITId"])
    assert len(mturk_world.hits) == 1
    mturk.refresh_from_db()
    key = str(source.context(mturk)["request_key"])
    source.act(mturk, "places", {"places": "5", "request_key": key}, SITE)
    with pytest.raises(Exception, match="made before"):  # a double click
        source.act(mturk, "places", {"places": "5", "request_key": key}, SITE)
    assert mturk_world.hits[mturk.facts["hit_id"]]["MaxAssignments"] == 15


def test_a_site_without_https_opens_no_hit(mturk: Recruitment, dollars: PayPlan, mturk_world: World) -> None:
    with pytest.raises(InvalidInput, match="only pages with https"):
        SOURCES["mturk"].act(mturk, "hit", {}, "http://site.example.org")


def test_people_are_approved_and_get_bonuses(
    study: Study, mturk: Recruitment, dollars: PayPlan, mturk_world: World, mika: Any
) -> None:
    for number in (1, 2, 3):
        take_part(mturk, assignmentId=f"ASSIGNMENT{number}", workerId=f"AWORKER{number}")
        mturk_world.hand_in(ACCEPTED["hitId"], f"ASSIGNMENT{number}", f"AWORKER{number}")
    mturk_world.hits[ACCEPTED["hitId"]] = {"HITId": ACCEPTED["hitId"], "HITStatus": "Unassignable", "MaxAssignments": 3}
    Recruitment.objects.update(facts={"hit_id": ACCEPTED["hitId"]})
    mturk.refresh_from_db()
    assert sync_recruitment(recruitment=mturk) == {"n_visits": 3, "n_changed": 3}  # three pages
    plan_rewards(study=study, user=mika)
    plan_by_rule(study=study, rule="at_least", purpose="Thank you", user=mika, amount=25, n_images=1)
    assert send_payments(study=study, job_id=1) == {"n_sent": 6, "n_failed": 0, "n_unknown": 0}
    assert {row["AssignmentStatus"] for row in mturk_world.assignments.values()} == {"Approved"}
    assert [row["BonusAmount"] for row in mturk_world.bonuses] == ["0.25"] * 3
    assert all(row["Reason"].startswith("Thank you [ref ") for row in mturk_world.bonuses)
    assert reconcile_payments(study=study) == {"n_confirmed": 6, "n_open": 0}


def test_a_bonus_whose_answer_never_came_is_found_in_the_list(
    study: Study, mturk: Recruitment, dollars: PayPlan, mturk_world: World, mika: Any
) -> None:
    take_part(mturk)
    mturk_world.hand_in(ACCEPTED["hitId"], "ASSIGNMENT1", "AWORKER1")
    plan_by_rule(study=study, rule="at_least", purpose="Thank you", user=mika, amount=25, n_images=1)
    mturk_world.after_paying = "hang up"
    assert send_payments(study=study, job_id=1)["n_unknown"] == 1
    send_payments(study=study, job_id=1)
    assert len(mturk_world.bonuses) == 1
    assert reconcile_payments(study=study)["n_confirmed"] == 1
    # and AWS itself refuses the same key
    payer = SOURCES["mturk"].payer(mturk)
    assert isinstance(payer, MechanicalTurkPayer)
    with pytest.raises(Exception, match="made before"):
        payer.pay("", [Payment.objects.get()])
    assert len(mturk_world.bonuses) == 1


def test_another_currency_than_dollars_is_refused(
    study: Study, mturk: Recruitment, plan: PayPlan, mturk_world: World, mika: Any
) -> None:
    take_part(mturk)
    mturk_world.hand_in(ACCEPTED["hitId"], "ASSIGNMENT1", "AWORKER1")
    plan_rewards(study=study, user=mika)
    assert send_payments(study=study, job_id=1)["n_failed"] == 1
    assert "USD only" in Payment.objects.get().note


def test_a_bonus_that_was_said_to_be_unpaid_and_was_paid_is_not_paid_again(
    study: Study, mturk: Recruitment, dollars: PayPlan, mturk_world: World, mika: Any
) -> None:
    take_part(mturk)
    mturk_world.hand_in(ACCEPTED["hitId"], "ASSIGNMENT1", "AWORKER1")
    plan_by_rule(study=study, rule="at_least", purpose="Thank you", user=mika, amount=25, n_images=1)
    mturk_world.after_paying = "hang up"
    assert send_payments(study=study, job_id=1)["n_unknown"] == 1
    Payment.objects.update(sending_at=timezone.now() - timedelta(hours=1))
    settle(study=study, key=str(Payment.objects.get().key), was_paid=False, user=mika)  # she was wrong
    assert send_payments(study=study, job_id=2) == {"n_sent": 1, "n_failed": 0, "n_unknown": 0}
    assert len(mturk_world.bonuses) == 1
    assert plan_by_rule(study=study, rule="at_least", purpose="Thank you", user=mika, amount=25, n_images=1).n_new == 0


def test_what_aws_approved_by_itself_counts_as_paid(
    study: Study, mturk: Recruitment, dollars: PayPlan, mturk_world: World, mika: Any
) -> None:
    take_part(mturk)
    mturk_world.hand_in(ACCEPTED["hitId"], "ASSIGNMENT1", "AWORKER1")
    plan_rewards(study=study, user=mika)
    mturk_world.assignments["ASSIGNMENT1"]["AssignmentStatus"] = "Approved"
    assert send_payments(study=study, job_id=1) == {"n_sent": 1, "n_failed": 0, "n_unknown": 0}


def test_everybody_who_took_part_gets_the_qualification(
    mturk: Recruitment, dollars: PayPlan, mturk_world: World
) -> None:
    take_part(mturk)
    said = SOURCES["mturk"].act(mturk, "qualification", {"name": "Took part in Feelings"}, SITE)
    assert "QUALIFICATION1" in said
    assert mturk_world.qualified == [("QUALIFICATION1", "AWORKER1")]
