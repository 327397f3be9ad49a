"""A person takes an answer, or everything, back: its content is gone and its slot is open again."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.models import Assignment, Participation, Response, ResponseRevision, Stimulus, Study
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_snapshot
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from snapshots.local_copy import snapshot_folder
from snapshots.local_folder import local_folder
from snapshots.schema import MANIFEST_FILE, TABLE_FILES
from tests.conftest import annotator_client, answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db


def one_url(study: Study, response: Response) -> str:
    return f"/api/v1/studies/{study.slug}/responses/{response.pk}"


def all_url(study: Study) -> str:
    return f"/api/v1/studies/{study.slug}/withdrawal"


def test_one_withdrawn_answer_loses_its_content_and_opens_its_slot(study: Study, anna: Participation) -> None:
    kept, taken = respond(anna), respond(anna)
    revise_response(study=study, response=taken, client_key=uuid.uuid4(), answers=answer("fear"))
    before = Stimulus.objects.get(pk=taken.stimulus_id).open_slots
    assert annotator_client(anna).delete(one_url(study, taken)).json() == {"withdrawn": 1}
    taken.refresh_from_db()
    assert (taken.status, taken.answers, taken.label, taken.signals) == (Response.WITHDRAWN, {}, "", {})
    assert not ResponseRevision.objects.exists()
    assert Stimulus.objects.get(pk=taken.stimulus_id).open_slots == before + 1
    kept.refresh_from_db()
    assert (kept.status, kept.answers) == (Response.ACCEPTED, answer())
    assert audit_study(study) == []


def test_the_opened_slot_goes_to_somebody_else_and_not_to_her_again(mika: Any) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=1)
    anna, bo = make_participation(study), make_participation(study)
    response = respond(anna)
    assert assign_ahead(participation=bo, study=study) == []
    withdraw_response(response=response)
    assert assign_ahead(participation=anna, study=study) == []
    assert respond(bo).status == Response.ACCEPTED
    assert audit_study(study) == []


def test_what_was_taken_back_is_counted_beside_what_was_given(study: Study, anna: Participation) -> None:
    """Progress and pay follow what she gave; what the pages say is saved follows what stands."""
    taken = respond(anna)
    respond(anna)
    for _ in range(2):  # twice is as once
        withdraw_response(response=taken)
    anna.refresh_from_db()
    assert (anna.n_answered, anna.n_withdrawn, anna.n_standing) == (2, 1, 1)
    assert annotator_client(anna).get(f"/api/v1/studies/{study.slug}/work").json()["progress"]["answered"] == 2
    assert (
        "Your answer leaves every later result"
        in annotator_client(anna).get(f"/s/{study.slug}/answers").content.decode()
    )
    withdraw_participation(participation=anna)
    anna.refresh_from_db()
    assert (anna.n_answered, anna.n_withdrawn, anna.n_standing) == (2, 2, 0)


def test_withdrawing_everything_takes_all_answers_and_ends_her_part(study: Study, anna: Participation) -> None:
    other = respond(make_participation(study))
    for _ in range(2):
        respond(anna)
    assert annotator_client(anna).post(all_url(study)).json() == {"withdrawn": 2}
    assert not Response.objects.filter(participation=anna).exclude(status=Response.WITHDRAWN).exists()
    assert not Assignment.objects.filter(participation=anna, state__in=Assignment.HOLDING_A_SLOT).exists()
    anna.refresh_from_db()
    assert anna.withdrawn_at is not None
    other.refresh_from_db()
    assert other.answers == answer()
    assert audit_study(study) == []


def test_nobody_withdraws_for_somebody_else(client: Any, study: Study, anna: Participation, bo: Participation) -> None:
    response = respond(anna)
    assert annotator_client(make_participation(study)).delete(one_url(study, response)).status_code == 404
    assert annotator_client(bo).delete(one_url(study, response)).status_code == 403
    assert annotator_client(bo).delete(one_url(bo.study, response)).status_code == 404
    assert annotator_client(bo).post(all_url(study)).status_code == 403
    assert client.delete(one_url(study, response)).status_code == 403
    assert client.post(all_url(study)).status_code == 403
    assert Response.objects.get().status == Response.ACCEPTED


def test_the_wrong_method_is_refused(study: Study, anna: Participation) -> None:
    assert annotator_client(anna).get(all_url(study)).status_code == 405
    assert annotator_client(anna).get(one_url(study, respond(anna))).status_code == 405


def test_withdrawing_without_the_csrf_token_is_refused(study: Study, anna: Participation) -> None:
    respond(anna)
    client = annotator_client(anna)
    client.handler.enforce_csrf_checks = True
    assert client.post(all_url(study)).status_code == 403
    assert Response.objects.get().status == Response.ACCEPTED


def test_withdrawing_twice_is_as_once(study: Study, anna: Participation) -> None:
    response = respond(anna)
    client = annotator_client(anna)
    for _ in range(2):
        assert client.delete(one_url(study, response)).status_code == 200
    assert Stimulus.objects.get(pk=response.stimulus_id).open_slots == 3
    assert withdraw_participation(participation=anna) == 0
    when = Participation.objects.get(pk=anna.pk).withdrawn_at
    assert withdraw_participation(participation=anna) == 0
    assert Participation.objects.get(pk=anna.pk).withdrawn_at == when
    assert client.post(all_url(study)).status_code == 403
    assert audit_study(study) == []


def test_what_she_takes_back_leaves_copies_of_the_study_on_this_site(
    study: Study, anna: Participation, mika: Any, tmp_path: Path
) -> None:
    first = respond(anna)
    respond(anna)
    other = respond(make_participation(study))
    record = freeze_snapshot(study=study)
    names = (*TABLE_FILES, MANIFEST_FILE)
    folder = local_folder(default_storage, snapshot_folder(record.snapshot_id), tmp_path, names=names)
    copy = import_snapshot(folder=folder, user=mika)
    frozen_copy = freeze_snapshot(study=copy)
    hers = Response.objects.filter(study=copy, participation__annotator=anna.annotator)
    withdraw_response(response=first)
    assert sorted(hers.values_list("status", flat=True)) == [Response.ACCEPTED, Response.WITHDRAWN]
    frozen_copy.refresh_from_db()
    assert frozen_copy.contains_withdrawn
    withdraw_participation(participation=anna)
    assert list(hers.values_list("status", "answers")) == [(Response.WITHDRAWN, {})] * 2
    part = Participation.objects.get(study=copy, annotator=anna.annotator)
    assert (part.withdrawn_at is not None, part.n_withdrawn) == (True, 2)
    assert Response.objects.get(study=copy, participation__annotator=other.participation.annotator).answers == answer()
    assert audit_study(copy) == []
