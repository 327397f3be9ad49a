"""The pages and endpoints of recruitment and pay, as their manager uses them."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import (
    IdentityReading,
    Invitation,
    Participation,
    Payment,
    PayPlan,
    Recruitment,
    Study,
)
from jobs.models import Job
from tests.annotation.recruitment.conftest import PERSON, join_from_prolific
from tests.annotation.recruitment.prolific_standin import World
from tests.conftest import respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_a_manager_adds_a_source_changes_it_and_switches_it(study: Study, mika: User, sign_in: SignIn) -> None:
    browser, page = sign_in(mika), f"/studies/{study.slug}/recruitment"
    assert "Completion code" in browser.get(f"{page}?add=prolific").content.decode()
    refused = browser.post(page, {"do": "add", "kind": "prolific", "name": "prolific", "new-completion_code": "a b"})
    assert refused.status_code == 422
    assert "A code is letters" in refused.content.decode()
    form = {"do": "add", "kind": "prolific", "name": "prolific", "new-completion_code": "C1"}
    assert browser.post(page, form).status_code == 302
    shown = browser.get(page).content.decode()
    assert f"/s/{study.slug}/from/prolific?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}" in shown
    assert "no PROLIFIC_TOKEN" in shown
    source = Recruitment.objects.get()
    browser.post(page, {"do": "save", "source": "prolific", f"s{source.pk}-completion_code": "C2"})
    browser.post(page, {"do": "switch", "source": "prolific", "on": "no"})
    source.refresh_from_db()
    assert (source.options["completion_code"], source.is_active) == ("C2", False)
    browser.post(page, {"do": "switch", "source": "link", "on": "no"})
    assert Recruitment.objects.filter(kind="link", is_active=False).exists()
    browser.post(page, {"do": "remove", "source": "prolific"})
    assert not Recruitment.objects.filter(kind="prolific").exists()


def test_a_source_that_people_came_through_stays(
    study: Study, prolific: Recruitment, mika: User, sign_in: SignIn
) -> None:
    join_from_prolific(prolific)
    said = sign_in(mika).post(f"/studies/{study.slug}/recruitment", {"do": "remove", "source": "prolific"})
    assert "so it stays" in said.content.decode()
    assert Recruitment.objects.filter(pk=prolific.pk).exists()


def test_inviting_starts_one_job_and_shows_no_whole_address(study: Study, mika: User, sign_in: SignIn) -> None:
    browser, page = sign_in(mika), f"/studies/{study.slug}/recruitment"
    form = {
        "do": "add",
        "kind": "invitation",
        "name": "letters",
        "new-subject": "Come",
        "new-text": "{link} {decline_link}",
    }
    assert browser.post(page, form).status_code == 302
    assert browser.post(page, {"do": "invite", "source": "letters", "addresses": "anna@example.org"}).status_code == 302
    assert Job.objects.filter(kind="send_invitations").count() == 1
    shown = browser.get(page).content.decode()
    assert "a…@example.org" in shown
    assert "anna@" not in shown
    wrong = browser.post(page, {"do": "invite", "source": "letters", "addresses": "bo at home"})
    assert wrong.status_code == 422
    assert "Row 1" in wrong.content.decode()
    assert "bo at home" in wrong.content.decode()  # what was typed is not lost
    assert Invitation.objects.count() == 1


def test_pay_is_set_planned_and_shown(
    study: Study, prolific: Recruitment, prolific_world: World, mika: User, sign_in: SignIn
) -> None:
    browser, page = sign_in(mika), f"/studies/{study.slug}/pay"
    assert browser.get(page).status_code == 200
    form = {
        "do": "plan", "currency": "GBP", "reward": "1.00", "images_per_reward": "2", "expected_minutes": "10",
        "hourly_floor": "9.00", "overhead_seconds": "60", "budget": "0", "pays_skipped": "on",
    }  # fmt: skip
    assert browser.post(page, {**form, "reward": "1.234"}).status_code == 422
    assert browser.post(page, form).status_code == 302
    plan = PayPlan.objects.get()
    assert (plan.reward, plan.hourly_floor, plan.pays_skipped, plan.pays_part) == (100, 900, True, False)
    assert "Pay at least 1.50 GBP" in browser.get(page).content.decode()
    participation = join_from_prolific(prolific)
    respond(participation, duration_ms=30_000)
    respond(participation, duration_ms=30_000)
    browser.post(page, {"do": "rewards"})
    browser.post(page, {"do": "rewards"})
    assert Payment.objects.count() == 1
    shown = browser.get(page).content.decode()
    assert "Send 1 payments, 1.00 GBP" in shown
    assert participation.annotator.pseudonym in shown
    assert PERSON.format(1) not in shown
    browser.post(page, {"do": "send"})
    browser.post(page, {"do": "send"})
    assert Job.objects.filter(kind="send_payments").count() == 1


@pytest.mark.parametrize("n_images", ["twenty", "-3", "²", "9" * 5_000])
def test_a_number_of_images_that_is_none_plans_no_bonus(
    study: Study, plan: PayPlan, anna: Participation, mika: User, sign_in: SignIn, n_images: str
) -> None:
    respond(anna)
    rule = {"do": "rule", "rule": "at_least", "purpose": "Thank you", "amount": "1.00", "n_images": n_images}
    answer = sign_in(mika).post(f"/studies/{study.slug}/pay", rule)
    assert answer.status_code == 422
    assert "is no number of images; nothing was planned." in answer.content.decode()
    assert not Payment.objects.exists()


def test_people_without_a_panel_are_paid_by_hand(
    study: Study, plan: PayPlan, anna: Participation, mika: User, sign_in: SignIn
) -> None:
    respond(anna)
    respond(anna)
    browser, page = sign_in(mika), f"/studies/{study.slug}/pay"
    browser.post(page, {"do": "rewards"})
    payment = Payment.objects.get()
    assert "It was paid" in browser.get(page).content.decode()
    browser.post(page, {"do": "settle", "key": str(payment.key), "was_paid": "yes", "reference": "bank 17"})
    payment.refresh_from_db()
    assert (payment.state, payment.reference) == (Payment.CONFIRMED, "bank 17")
    assert "mika" in payment.note


def test_the_ledger_names_pseudonyms_and_panel_ids_only_for_a_reason(
    study: Study, prolific: Recruitment, plan: PayPlan, mika: User, sign_in: SignIn
) -> None:
    participation = join_from_prolific(prolific)
    respond(participation)
    respond(participation)
    browser, ledger = sign_in(mika), f"/studies/{study.slug}/pay/ledger.csv"
    browser.post(f"/studies/{study.slug}/pay", {"do": "rewards"})
    (row,) = rows_of(browser.get(ledger))
    assert row["pseudonym"] == participation.annotator.pseudonym
    assert (row["amount"], row["currency"], row["state"], row["source"]) == ("1.50", "GBP", "planned", "prolific")
    assert PERSON.format(1) not in str(row)
    assert browser.post(ledger, {"reason": " "}).status_code == 302
    assert IdentityReading.objects.count() == 0
    (row,) = rows_of(browser.post(ledger, {"reason": "Tax office asks for the payments of May"}))
    assert row["panel_id"] == f"prolific:{PERSON.format(1)}"
    reading = IdentityReading.objects.get()
    assert (reading.user_name, reading.n_people, reading.study) == ("mika", 1, study)
    assert "Tax office" in reading.reason
    assert "Tax office" in browser.get(f"/studies/{study.slug}/recruitment").content.decode()


def test_researchers_see_neither_sources_nor_pay(study: Study, rosa: User, sign_in: SignIn) -> None:
    browser = sign_in(rosa)
    for page in ("recruitment", "pay", "pay/ledger.csv"):
        assert browser.get(f"/studies/{study.slug}/{page}").status_code == 403


def test_the_api_says_what_the_page_says(study: Study, prolific_world: World, mika: User, sign_in: SignIn) -> None:
    browser, api = sign_in(mika), f"/api/v1/studies/{study.slug}"

    def post(path: str, data: dict[str, Any]) -> Any:
        return browser.post(f"{api}/{path}", data, content_type="application/json")

    refused = post(
        "recruitment", {"kind": "prolific", "name": "p", "options": {"completion_code": "C1", "colour": "red"}}
    )
    assert refused.status_code == 400
    assert "colour" in refused.json()["errors"]
    made = post("recruitment", {"kind": "prolific", "name": "p", "options": {"completion_code": "C1"}})
    assert made.status_code == 201
    assert made.json()["url"].startswith(f"http://testserver/s/{study.slug}/from/p?PROLIFIC_PID=")
    assert browser.get(f"{api}/recruitment/p").json()["options"]["completion_code"] == "C1"
    changed = browser.patch(f"{api}/recruitment/p", {"is_active": False}, content_type="application/json")
    assert changed.json()["is_active"] is False
    assert browser.get(f"{api}/recruitment/nothing").status_code == 404
    paid = browser.patch(f"{api}/pay", {"reward": 100, "expected_minutes": 10}, content_type="application/json").json()
    assert paid["promised_hourly"] == 600
    assert [warning["type"] for warning in paid["warnings"]] == ["promised_below_floor"]
    assert post("payments", {"what": "rewards"}).json() == {"n_new": 0, "n_there": 0, "amount": 0}
    assert post("payments/send", {}).status_code == 202
    assert post("recruitment/check", {}).status_code == 202
    assert browser.get(f"{api}/payments").json() == {"payments": [], "next_before": None}


def test_snapshots_know_the_source_and_not_the_person(study: Study, prolific: Recruitment) -> None:
    import pyarrow.parquet as parquet
    from django.core.files.storage import default_storage

    from annotation.services.freeze_snapshot import freeze_snapshot

    respond(join_from_prolific(prolific))
    record = freeze_snapshot(study=study)
    with default_storage.open(f"snapshots/{record.snapshot_id}/participations.parquet") as file:
        rows = parquet.read_table(file).to_pylist()
    assert [row["cohort"] for row in rows] == ["prolific"]
    assert PERSON.format(1) not in str(rows)
