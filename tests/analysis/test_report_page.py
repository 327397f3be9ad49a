"""The report's page: asks for a report, shows it, gives its files away, and marks what was taken back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Response, SnapshotRecord
from annotation.services.delete_exports import delete_withdrawn_exports
from annotation.services.withdraw import withdraw_response
from jobs.models import Job
from tests.analysis.answers import answered_study
from tests.analysis.painted_study import work_off

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "fear"]]


@pytest.fixture
def mikas_browser(mika: User) -> Client:
    client = Client()
    client.force_login(mika)
    return client


def test_a_report_is_asked_for_read_and_taken_away(mika: User, mikas_browser: Client) -> None:
    study, _ = answered_study(mika, VOTES)
    page = f"/studies/{study.slug}/report"
    assert b"No report yet" in mikas_browser.get(page).content

    for _twice in range(2):
        assert mikas_browser.post(page).status_code == 302
    job = Job.objects.get(kind="report")
    assert b"data-job=" in mikas_browser.get(page).content
    work_off("report")

    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    html = mikas_browser.get(page).content.decode()
    assert "Krippendorff" in html
    assert "manage.py snapshot_analysis" in html
    for name, beginning in (("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>"), ("md", b"PK")):
        answer = mikas_browser.get(f"{page}/{job.pk}/{name}")
        assert "attachment" in answer["Content-Disposition"]
        assert b"".join(answer.streaming_content).startswith(beginning)  # type: ignore[attr-defined]
    assert mikas_browser.get(f"{page}/{job.pk}/part").status_code == 404
    assert mikas_browser.get(f"{page}/{job.pk + 1}/pdf").status_code == 404


def test_the_same_snapshot_gives_the_same_files_to_the_next_job(mika: User, mikas_browser: Client) -> None:
    study, _ = answered_study(mika, VOTES)
    page = f"/studies/{study.slug}/report"
    mikas_browser.post(page)
    work_off("report")
    record = SnapshotRecord.objects.get(study=study)
    mikas_browser.post(page, {"snapshot_id": record.snapshot_id})
    work_off("report")
    one, two = Job.objects.filter(kind="report").order_by("pk")
    for name in ("pdf", "html", "md"):
        files = [b"".join(mikas_browser.get(f"{page}/{job.pk}/{name}").streaming_content) for job in (one, two)]  # type: ignore[attr-defined]
        assert files[0] == files[1], name


def test_another_studys_snapshot_is_refused(mika: User, mikas_browser: Client) -> None:
    study, _ = answered_study(mika, VOTES)
    answer = mikas_browser.post(f"/studies/{study.slug}/report", {"snapshot_id": "0" * 64}, follow=True)
    assert b"no such snapshot" in answer.content
    assert not Job.objects.filter(kind="report").exists()


def test_a_report_of_answers_taken_back_says_so_and_can_be_deleted(mika: User, mikas_browser: Client) -> None:
    study, stimuli = answered_study(mika, VOTES)
    page = f"/studies/{study.slug}/report"
    mikas_browser.post(page)
    work_off("report")
    response = Response.objects.filter(stimulus=stimuli[0]).first()
    assert response is not None
    withdraw_response(response=response)

    assert b"Somebody took answers back" in mikas_browser.get(page).content

    assert delete_withdrawn_exports(study) == 1
    job = Job.objects.get(kind="report")
    assert mikas_browser.get(f"{page}/{job.pk}/pdf").status_code == 404
    assert b"No report yet" in mikas_browser.get(page).content
