"""A person changes an answer she gave; what it was before is kept."""

import uuid
from typing import Any

import pytest

from annotation.errors import AssignmentGone
from annotation.models import Participation, Response, ResponseRevision, Study
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_response
from tests.conftest import annotator_client, answer, make_participation, respond

pytestmark = pytest.mark.django_db
CHANGED = answer("fear", "on second thought the lake looks very deep")


def url(study: Study, response_id: int) -> str:
    return f"/api/v1/studies/{study.slug}/responses/{response_id}"


def revise(participation: Participation, response: Response, answers: Any = None, **more: Any) -> Any:
    study = participation.study
    body = {
        "client_key": str(more.pop("key", uuid.uuid4())),
        "answers": CHANGED if answers is None else answers,
        **more,
    }
    return annotator_client(participation).patch(url(study, response.pk), body, content_type="application/json")


def test_a_revised_answer_keeps_its_earlier_version(study: Study, anna: Participation) -> None:
    response = respond(anna)
    revised = revise(anna, response)
    assert revised.status_code == 200
    assert (revised.json()["response"]["answers"], revised.json()["response"]["revision"]) == (CHANGED, 1)
    response.refresh_from_db()
    assert (response.answers, response.label, response.revision) == (CHANGED, "fear", 1)
    earlier = ResponseRevision.objects.get()
    assert (earlier.number, earlier.answers, earlier.label) == (0, answer(), "awe")
    assert earlier.client_key == response.client_key
    assert audit_study(study) == []


def test_every_version_is_kept_in_order(study: Study, anna: Participation) -> None:
    response = respond(anna)
    for emotion in ("fear", "sadness", "anger"):
        revise(anna, response, answer(emotion))
    labels = list(ResponseRevision.objects.order_by("number").values_list("number", "label"))
    assert labels == [(0, "awe"), (1, "fear"), (2, "sadness")]
    assert Response.objects.get().label == "anger"


def test_a_closed_study_still_takes_the_change(study: Study, anna: Participation) -> None:
    response = respond(anna)
    change_state(study=study, state=Study.CLOSED)
    assert revise(anna, response).status_code == 200


def test_nobody_changes_the_answer_of_somebody_else(study: Study, anna: Participation, bo: Participation) -> None:
    response = respond(anna)
    assert revise(make_participation(study), response).status_code == 404
    client = annotator_client(bo)
    body = {"client_key": str(uuid.uuid4()), "answers": CHANGED}
    assert client.patch(url(bo.study, response.pk), body, content_type="application/json").status_code == 404
    assert client.patch(url(study, response.pk), body, content_type="application/json").status_code == 403
    assert Response.objects.get().label == "awe"


@pytest.mark.parametrize("answers", [{}, {"emotion": "joyful", "explanation": "a lake by the wood"}, "fear", 7])
def test_a_change_that_cannot_be_used_leaves_the_answer(study: Study, anna: Participation, answers: Any) -> None:
    response = respond(anna)
    refused = revise(anna, response, answers)
    assert (refused.status_code, refused.json()["type"]) == (400, "invalid")
    assert Response.objects.get().answers == answer()
    assert not ResponseRevision.objects.exists()


def test_an_answer_that_is_not_there_cannot_be_changed(study: Study, anna: Participation) -> None:
    response = respond(anna)
    response.pk += 1
    assert revise(anna, response).status_code == 404


def test_a_withdrawn_answer_cannot_be_changed(study: Study, anna: Participation) -> None:
    response = respond(anna)
    withdraw_response(response=response)
    refused = revise(anna, response)
    assert (refused.status_code, refused.json()["type"]) == (410, "assignment_gone")
    with pytest.raises(AssignmentGone):
        revise_response(study=study, response=response, client_key=uuid.uuid4(), answers=CHANGED)
    assert Response.objects.get().answers == {}


def test_the_wrong_method_is_refused(study: Study, anna: Participation) -> None:
    assert annotator_client(anna).put(url(study, respond(anna).pk)).status_code == 405


def test_the_same_key_twice_is_one_change(study: Study, anna: Participation) -> None:
    response, key = respond(anna), uuid.uuid4()
    assert revise(anna, response, key=key).json()["repeated"] is False
    again = revise(anna, response, answer("sadness"), key=key)
    assert again.json()["repeated"] is True
    assert again.json()["response"]["answers"] == CHANGED
    assert ResponseRevision.objects.count() == 1


def test_a_late_retry_of_an_earlier_change_does_not_undo_a_newer_one(study: Study, anna: Participation) -> None:
    response, first, second = respond(anna), uuid.uuid4(), uuid.uuid4()
    revise(anna, response, answer("fear"), key=first)
    revise(anna, response, answer("sadness"), key=second)
    for key in (first, second, response.client_key):
        assert revise(anna, response, answer("anger"), key=key).json()["repeated"] is True
    assert Response.objects.get().label == "sadness"


def test_a_change_that_changes_nothing_makes_no_version(study: Study, anna: Participation) -> None:
    response = respond(anna)
    assert revise(anna, response, answer()).json()["response"]["revision"] == 0
    assert not ResponseRevision.objects.exists()
