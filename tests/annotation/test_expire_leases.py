"""Leases that ran out are taken back, and only those."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation.jobs import expire_due_leases
from annotation.models import Assignment, Participation, Stimulus, Study
from annotation.services.assign import assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.skip_assignment import skip_assignment
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db


def run_out(participation: Participation) -> None:
    Assignment.objects.filter(participation=participation).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_a_lease_that_ran_out_opens_its_slot(study: Study, anna: Participation) -> None:
    assign_ahead(participation=anna, study=study)
    run_out(anna)
    assert expire_leases() == 2
    assert set(Assignment.objects.values_list("state", flat=True)) == {Assignment.EXPIRED}
    assert set(Stimulus.objects.filter(study=study).values_list("open_slots", flat=True)) == {3}
    assert audit_study(study) == []


def test_a_live_lease_stays(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    assert expire_leases() == 0
    assert assign_ahead(participation=anna, study=study) == held


def test_a_lease_lives_as_long_as_the_study_says(mika: User) -> None:
    study = make_study(mika, lease_seconds=90)
    held = assign_ahead(participation=make_participation(study), study=study)
    assert {round((one.expires_at - timezone.now()).total_seconds()) for one in held} <= {89, 90}


def test_answered_and_skipped_images_are_not_touched(study: Study, anna: Participation) -> None:
    respond(anna)
    skip_assignment(
        participation=anna, assignment_id=assign_ahead(participation=anna, study=study)[0].id, reason="too dark"
    )
    run_out(anna)
    expire_leases()
    states = Assignment.objects.order_by("sequence").values_list("state", flat=True)
    assert list(states) == [Assignment.ANSWERED, Assignment.SKIPPED, Assignment.EXPIRED]
    assert audit_study(study) == []


def test_only_the_named_study_is_swept(study: Study, anna: Participation, bo: Participation) -> None:
    for person in (anna, bo):
        assign_ahead(participation=person, study=person.study)
        run_out(person)
    assert expire_leases(study=study) == 2
    assert set(Assignment.objects.filter(participation=bo).values_list("state", flat=True)) == {Assignment.LEASED}


def test_the_regular_sweep_takes_all_studies(study: Study, anna: Participation, bo: Participation) -> None:
    for person in (anna, bo):
        assign_ahead(participation=person, study=person.study)
        run_out(person)
    expire_due_leases()
    assert set(Assignment.objects.values_list("state", flat=True)) == {Assignment.EXPIRED}


def test_sweeping_twice_is_as_once(study: Study, anna: Participation) -> None:
    assign_ahead(participation=anna, study=study)
    run_out(anna)
    assert (expire_leases(), expire_leases()) == (2, 0)
