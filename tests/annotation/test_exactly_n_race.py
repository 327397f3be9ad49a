"""Exactly N under real concurrency: threads with connections of their own race for the slots of a small study."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone, NotTakingPart
from annotation.models import Assignment, Participation, Response, ResponseRevision
from annotation.services.assign import assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.create_study import update_study
from annotation.services.join_study import annotator_of
from annotation.services.offers import next_offers
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.annotation.races import (
    LIMIT_SECONDS,
    assert_exactly,
    finish,
    in_threads,
    n_accepted,
    submit,
    unless,
    wait_for_a_waiting_lock,
)
from tests.conftest import answer, make_participation, make_study, make_user, respond

pytestmark = pytest.mark.django_db(transaction=True)
N_ANNOTATORS, N_STIMULI, WANTED = 16, 12, 3


@pytest.fixture(autouse=True)
def _no_connection_stays_open() -> Iterator[None]:
    yield
    connections.close_all()


def test_sixteen_people_fill_every_slot_once(mika: User) -> None:
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=WANTED)
    people = [make_participation(study) for _ in range(N_ANNOTATORS)]

    def work(person: Participation) -> int:
        n = 0
        while held := assign_ahead(participation=person, study=study):
            submit(study, person, held[0].id, lend=True)
            n += 1
        return n

    answered = in_threads([lambda person=person: work(person) for person in people])  # type: ignore[misc]
    assert sum(answered) == N_STIMULI * WANTED
    assert_exactly(study, WANTED)


def test_offers_answered_at_once_take_every_slot_once_and_lose_nothing(mika: User) -> None:
    """Everybody was away with the same offers, and all come back at the same moment, while others go on by lease."""
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=WANTED)
    people = [make_participation(study) for _ in range(N_ANNOTATORS)]
    away, there = people[:10], people[10:]
    offered = {person.pk: next_offers(participation=person, study=study, n=N_STIMULI) for person in away}
    assert all(len(offers) == N_STIMULI for offers in offered.values())

    def come_back(person: Participation) -> int:
        for offer in offered[person.pk]:
            submit(study, person, offer=offer.token, lend=True)
        return N_STIMULI

    def go_on(person: Participation) -> int:
        n = 0
        while held := assign_ahead(participation=person, study=study):
            with unless(AlreadyAnswered, AssignmentGone):
                submit(study, person, held[0].id, lend=True)
                n += 1
        return n

    acts: list[Callable[[], Any]] = [lambda person=person: come_back(person) for person in away]  # type: ignore[misc]
    acts += [lambda person=person: go_on(person) for person in there]  # type: ignore[misc]
    answered = in_threads(acts)
    assert Response.objects.filter(study=study).count() == sum(answered)
    finish(study, people)
    assert_exactly(study, WANTED)


def test_one_offer_sent_twice_and_lent_at_the_same_moment_is_one_answer(mika: User) -> None:
    study = make_study(mika, n_stimuli=4, wanted_responses=8)
    people = [make_participation(study) for _ in range(5)]
    offers = {person.pk: next_offers(participation=person, study=study, n=1)[0].token for person in people}
    keys = {person.pk: uuid.uuid4() for person in people}
    acts: list[Callable[[], Any]] = []
    for person in people:
        send = partial(submit, study, person, offer=offers[person.pk], client_key=keys[person.pk])
        acts += [send, send, partial(assign_ahead, participation=person, study=study)]
    in_threads(acts)
    assert Response.objects.filter(study=study).count() == len(people)
    assert audit_study(study) == []


def test_two_presses_with_one_key_make_one_answer(mika: User) -> None:
    study = make_study(mika, n_stimuli=4, wanted_responses=8)
    people = [make_participation(study) for _ in range(8)]
    held = [assign_ahead(participation=person, study=study)[0] for person in people]
    keys = [uuid.uuid4() for _ in people]
    presses: list[Callable[[], Any]] = [
        lambda person=person, one=one, key=key: submit(study, person, one.id, client_key=key, lend=True)  # type: ignore[misc]
        for person, one, key in zip(people, held, keys, strict=True)
        for _ in range(2)
    ]
    submitted = in_threads(presses)
    assert sorted(one.repeated for one in submitted) == [False] * 8 + [True] * 8
    assert Response.objects.count() == 8
    assert audit_study(study) == []


def test_two_tabs_with_their_own_keys_make_one_answer(mika: User) -> None:
    study = make_study(mika, n_stimuli=4, wanted_responses=8)
    people = [make_participation(study) for _ in range(8)]
    held = [assign_ahead(participation=person, study=study)[0] for person in people]

    def press(person: Participation, assignment_id: int) -> str:
        try:
            submit(study, person, assignment_id, lend=True)
        except AlreadyAnswered:
            return "the other tab was first"
        return "saved"

    said = in_threads(
        [
            lambda person=person, one=one: press(person, one.id)  # type: ignore[misc]
            for person, one in zip(people, held, strict=True)
            for _ in range(2)
        ]
    )
    assert Counter(said) == {"saved": 8, "the other tab was first": 8}
    assert Response.objects.count() == 8
    assert audit_study(study) == []


def test_one_key_for_two_images_saves_one_of_them(mika: User) -> None:
    study = make_study(mika)
    person = make_participation(study)
    first, second = assign_ahead(participation=person, study=study)
    key = uuid.uuid4()
    one, other = in_threads(
        [lambda held=held: submit(study, person, held.id, client_key=key) for held in (first, second)]  # type: ignore[misc]
    )
    assert one.response == other.response
    assert Response.objects.count() == 1
    assert audit_study(study) == []


def test_late_answers_race_for_the_last_slot_and_none_is_thrown_away(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=2)
    late = []
    for _ in range(6):
        person = make_participation(study)
        late.append((person, assign_ahead(participation=person, study=study)[0]))
        Assignment.objects.filter(participation=person).update(expires_at=timezone.now() - timedelta(seconds=1))
        expire_leases()
    submitted = in_threads([lambda one=one: submit(study, one[0], one[1].id) for one in late])  # type: ignore[misc]
    assert Counter(one.response.status for one in submitted) == {"accepted": 2, "surplus": 4}
    assert_exactly(study, 2)


def test_the_last_image_is_not_missed_because_somebody_looks_at_it(mika: User) -> None:
    """While one person is lent the image, its row is locked; the other must wait for it, not be sent home."""
    study = make_study(mika, n_stimuli=1, wanted_responses=2)
    anna, bo = make_participation(study), make_participation(study)
    locked, asked = threading.Event(), threading.Event()

    def lend_slowly() -> None:
        with transaction.atomic():
            assign_ahead(participation=anna, study=study)
            locked.set()
            asked.wait(LIMIT_SECONDS)
            wait_for_a_waiting_lock()

    def ask() -> int:
        locked.wait(LIMIT_SECONDS)
        asked.set()
        return len(assign_ahead(participation=bo, study=study))

    assert in_threads([lend_slowly, ask])[1] == 1


def test_a_withdrawal_also_takes_a_revision_that_is_being_written(mika: User) -> None:
    study = make_study(mika)
    person = make_participation(study)
    response = respond(person)
    written, withdrawing = threading.Event(), threading.Event()

    def revise() -> None:
        with transaction.atomic():
            revise_response(
                study=study, response=response, client_key=uuid.uuid4(), answers=answer("fear", "the lake is very deep")
            )
            written.set()
            withdrawing.wait(LIMIT_SECONDS)
            wait_for_a_waiting_lock()

    def withdraw() -> None:
        written.wait(LIMIT_SECONDS)
        withdrawing.set()
        withdraw_response(response=Response.objects.get(pk=response.pk))

    in_threads([revise, withdraw])
    assert Response.objects.get().answers == {}
    assert not ResponseRevision.objects.exists()


def test_an_answer_that_meets_a_complete_withdrawal_is_not_stored(mika: User) -> None:
    study = make_study(mika)
    person = make_participation(study)
    held = assign_ahead(participation=person, study=study)
    withdraw_participation(participation=Participation.objects.get(pk=person.pk))
    with pytest.raises(NotTakingPart):
        submit(study, person, held[0].id)
    Assignment.objects.update(state=Assignment.EXPIRED)
    with pytest.raises(NotTakingPart):
        submit(study, person, held[0].id)
    assert not Response.objects.exists()


def test_two_tabs_of_one_account_are_one_annotator(mika: User) -> None:
    user = make_user("anna")
    found = in_threads([lambda: annotator_of(user)] * 6)
    assert len({annotator.pk for annotator in found}) == 1


def test_people_who_withdraw_everything_at_once_do_not_wait_in_a_circle(mika: User) -> None:
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=N_ANNOTATORS)
    people = [make_participation(study) for _ in range(N_ANNOTATORS)]
    for person in people:
        # each in an order of her own, and some images only held
        for _ in range(random.Random(person.pk).randint(3, N_STIMULI - 2)):
            respond(person)
    everything = [lambda person=person: withdraw_participation(participation=person) for person in people]  # type: ignore[misc]
    wanted = [lambda n=n: update_study(study=study, wanted_responses=n) for n in (17, 18, 19, 20)]  # type: ignore[misc]
    in_threads([*everything, *wanted, *[expire_leases] * 4])
    assert n_accepted(study) == {}
    assert audit_study(study) == []
