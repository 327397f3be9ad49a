"""Exactly N without any service: the database refuses by itself, whichever code asks."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.create_study import update_study
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full(mika: User) -> Stimulus:
    """A stimulus with two of two responses."""
    study = make_study(mika, n_stimuli=1, wanted_responses=2)
    respond(make_participation(study))
    respond(make_participation(study))
    return Stimulus.objects.get(study=study)


def raw_assignment(stimulus: Stimulus, person: Participation, state: str = Assignment.ANSWERED) -> Assignment:
    now = timezone.now()
    return Assignment(
        study_id=stimulus.study_id,
        stimulus=stimulus,
        participation=person,
        state=state,
        sequence=99,
        leased_at=now,
        expires_at=now,
    )


@pytest.mark.parametrize("state", Assignment.HOLDING_A_SLOT)
def test_one_assignment_too_many_is_refused_by_the_database(full: Stimulus, state: str) -> None:
    with pytest.raises(IntegrityError, match="never_more_than_wanted"):
        raw_assignment(full, make_participation(full.study), state).save()


def test_a_bulk_insert_beyond_n_is_refused_as_a_whole(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=2)
    stimulus = Stimulus.objects.get(study=study)
    with pytest.raises(IntegrityError, match="never_more_than_wanted"):
        Assignment.objects.bulk_create(raw_assignment(stimulus, make_participation(study)) for _ in range(3))
    assert not Assignment.objects.exists()


def test_a_surplus_answer_cannot_be_made_to_count(full: Stimulus) -> None:
    extra = raw_assignment(full, make_participation(full.study), Assignment.SURPLUS)
    extra.save()
    with pytest.raises(IntegrityError, match="never_more_than_wanted"):
        Assignment.objects.filter(pk=extra.pk).update(state=Assignment.ANSWERED)


def test_a_second_assignment_of_one_person_is_refused_by_the_database(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    stimulus = Stimulus.objects.get(study=study, key=held.stimulus_key)
    with pytest.raises(IntegrityError, match="one_assignment_per_person_and_stimulus"):
        raw_assignment(stimulus, anna, Assignment.SURPLUS).save()


def test_a_second_response_to_one_assignment_is_refused_by_the_database(study: Study, anna: Participation) -> None:
    response = respond(anna)
    response.pk = None
    response.client_key = uuid.uuid4()
    with pytest.raises(IntegrityError, match="assignment_id"):
        response.save(force_insert=True)


def test_a_client_key_is_refused_a_second_time_by_the_database(study: Study, anna: Participation) -> None:
    response = respond(anna)
    other = respond(anna)
    with pytest.raises(IntegrityError, match="one_response_per_client_key"):
        Response.objects.filter(pk=other.pk).update(client_key=response.client_key)


def test_open_slots_cannot_be_moved_below_zero(full: Stimulus) -> None:
    with pytest.raises(IntegrityError, match="never_more_than_wanted"):
        Stimulus.objects.filter(pk=full.pk).update(open_slots=F("open_slots") - 1)


def test_fewer_than_are_answered_cannot_be_wanted(full: Stimulus) -> None:
    with pytest.raises(InvalidInput, match="already has 2"):
        update_study(study=full.study, wanted_responses=1)
    full.refresh_from_db()
    assert (full.wanted, full.open_slots) == (2, 0)


def test_slots_follow_whatever_a_bulk_statement_does(mika: User) -> None:
    study = make_study(mika, n_stimuli=6, wanted_responses=4)
    for _ in range(4):
        person = make_participation(study)
        for _ in range(3):
            respond(person)
    Assignment.objects.filter(state=Assignment.LEASED).update(state=Assignment.EXPIRED)
    assert slots_follow(study)
    Assignment.objects.filter(stimulus__rank__lt=2000).update(state=Assignment.SKIPPED)
    assert slots_follow(study)
    Assignment.objects.filter(state=Assignment.EXPIRED).update(state=Assignment.LEASED)
    assert slots_follow(study)
    # one statement that moves assignments from one stimulus to another
    first, last = Stimulus.objects.order_by("rank").first(), Stimulus.objects.order_by("rank").last()
    Assignment.objects.filter(stimulus=first).delete()
    Assignment.objects.filter(stimulus=last).update(stimulus=first)
    assert slots_follow(study)
    Assignment.objects.all().delete()
    assert set(Stimulus.objects.values_list("open_slots", flat=True)) == {4}


def slots_follow(study: Study) -> bool:
    return not [fault for fault in audit_study(study) if fault.startswith("open slots")]
