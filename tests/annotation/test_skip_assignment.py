"""A person does not want to answer an image."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone
from annotation.models import Assignment, Participation, Stimulus, Study
from annotation.services.assign import assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.skip_assignment import skip_assignment
from annotation.services.withdraw import withdraw_response
from tests.conftest import annotator_client, make_participation, respond

pytestmark = pytest.mark.django_db


def skip(participation: Participation, assignment_id: Any, reason: Any = "too upsetting") -> Any:
    body = {"assignment": assignment_id, "reason": reason}
    url = f"/api/v1/studies/{participation.study.slug}/skips"
    return annotator_client(participation).post(url, body, content_type="application/json")


def test_a_skipped_image_opens_its_slot_and_the_next_one_comes(study: Study, anna: Participation) -> None:
    first = assign_ahead(participation=anna, study=study)[0]
    work = skip(anna, first.id).json()["work"]
    assert [one["sequence"] for one in work["held"]] == [2, 3]
    assert work["progress"] == {"answered": 0, "skipped": 1, "available": 4}
    skipped = Assignment.objects.get(pk=first.id)
    assert (skipped.state, skipped.skip_reason) == (Assignment.SKIPPED, "too upsetting")
    assert Stimulus.objects.get(pk=skipped.stimulus_id).open_slots == 3
    assert audit_study(study) == []


def test_she_does_not_meet_the_skipped_image_again(study: Study, anna: Participation) -> None:
    for _ in range(5):
        skip_assignment(
            participation=anna, assignment_id=assign_ahead(participation=anna, study=study)[0].id, reason="too dark"
        )
    assert assign_ahead(participation=anna, study=study) == []
    assert len(assign_ahead(participation=make_participation(study), study=study)) == 2


def test_an_expired_image_may_be_skipped(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_leases()
    assert skip(anna, held.id).status_code == 200
    assert audit_study(study) == []


def test_nobody_skips_for_somebody_else(study: Study, anna: Participation, bo: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    assert skip(make_participation(study), held.id).status_code == 410
    assert skip(bo, held.id).status_code == 410
    assert Assignment.objects.get(pk=held.id).state == Assignment.LEASED


@pytest.mark.parametrize("reason", ["", "   ", "\x00", "x" * 501, None, 7.5, []])
def test_a_reason_is_needed_and_short(study: Study, anna: Participation, reason: Any) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    refused = skip(anna, held.id, reason)
    if reason == 7.5:
        assert refused.status_code == 200  # a number is a text to the JSON reader
        return
    assert refused.status_code == 400
    assert refused.json()["errors"]["reason"]
    assert Assignment.objects.get(pk=held.id).state == Assignment.LEASED


def test_an_answered_image_cannot_be_skipped(study: Study, anna: Participation) -> None:
    response = respond(anna)
    refused = skip(anna, response.assignment_id)
    assert (refused.status_code, refused.json()["type"]) == (409, "already_answered")
    with pytest.raises(AlreadyAnswered):
        skip_assignment(participation=anna, assignment_id=response.assignment_id, reason="too late")
    withdraw_response(response=response)
    with pytest.raises(AssignmentGone):
        skip_assignment(participation=anna, assignment_id=response.assignment_id, reason="too late")


@pytest.mark.parametrize("assignment_id", [987654321, "x", None, -1])
def test_an_assignment_that_is_not_there_is_named(study: Study, anna: Participation, assignment_id: Any) -> None:
    refused = skip(anna, assignment_id)
    assert refused.status_code == (410 if assignment_id == 987654321 else 400)
    assert refused.json()["message"]


def test_the_wrong_method_is_refused(study: Study, anna: Participation) -> None:
    assert annotator_client(anna).get(f"/api/v1/studies/{study.slug}/skips").status_code == 405


def test_skipping_twice_is_as_once(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    assert skip(anna, held.id, "too upsetting").status_code == 200
    assert skip(anna, held.id, "another reason").status_code == 200
    anna.refresh_from_db()
    assert anna.n_skipped == 1
    assert Assignment.objects.get(pk=held.id).skip_reason == "too upsetting"
