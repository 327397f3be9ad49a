"""Exactly N while sixteen people and a manager do at once whatever the site lets them do."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone, InvalidInput, NotTakingPart
from annotation.models import Assignment, Participation, Response, Study
from annotation.services.assign import assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.create_study import update_study
from annotation.services.remove_simulated import remove_simulated
from annotation.services.revise_response import revise_response
from annotation.services.skip_assignment import skip_assignment
from annotation.services.withdraw import withdraw_response
from tests.annotation.races import LIMIT_SECONDS, assert_exactly, finish, in_threads, submit, unless
from tests.conftest import answer, make_participation, make_study

pytestmark = pytest.mark.django_db(transaction=True)
N_ANNOTATORS, N_STIMULI, WANTED = 16, 12, 3


@pytest.fixture(autouse=True)
def _no_connection_stays_open() -> Iterator[None]:
    yield
    connections.close_all()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_do_at_once_exactly_n_are_accepted(mika: User, seed: int) -> None:
    """Sixteen people answer, press twice, come late, skip, revise and withdraw while the study changes under them."""
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=WANTED)
    people = [make_participation(study, is_simulated=number >= 14) for number in range(N_ANNOTATORS)]
    acknowledged: dict[int, set[uuid.UUID]] = {person.pk: set() for person in people}
    withdrawn: set[uuid.UUID] = set()
    stop = threading.Event()

    def work(person: Participation, dice: random.Random) -> None:
        for _ in range(25):
            with unless(NotTakingPart):
                act(person, dice)

    def act(person: Participation, dice: random.Random) -> None:
        now = Study.objects.get(pk=study.pk)
        held = assign_ahead(participation=person, study=now)
        if not held:
            return
        chosen = dice.choice(held)
        what = dice.random()
        if what < 0.1:
            with unless(AlreadyAnswered):
                skip_assignment(participation=person, assignment_id=chosen.id, reason="too dark")
            return
        if what < 0.3:
            Assignment.objects.filter(pk=chosen.id, state=Assignment.LEASED).update(expires_at=timezone.now())
            expire_leases()
        key = uuid.uuid4()
        submitted = submit(now, person, chosen.id, client_key=key, lend=dice.random() < 0.5)
        acknowledged[person.pk].add(submitted.response.client_key)
        if what > 0.95:
            withdraw_response(response=submitted.response)
            withdrawn.add(key)
        elif what > 0.85:
            with unless(AssignmentGone):
                revise_response(study=now, response=submitted.response, client_key=uuid.uuid4(), answers=answer("fear"))

    def second_tab(person: Participation, dice: random.Random) -> None:
        for _ in range(25):
            with unless(NotTakingPart, AlreadyAnswered, AssignmentGone):
                held = assign_ahead(participation=person, study=Study.objects.get(pk=study.pk))
                if held:
                    submitted = submit(study, person, held[0].id, lend=True)
                    acknowledged[person.pk].add(submitted.response.client_key)

    def worker(person: Participation, number: int) -> Callable[[], None]:
        dice = random.Random(f"{seed}/{number}")

        def run() -> None:
            for _ in range(3):
                # the other tab may answer what this one holds
                with unless(AlreadyAnswered, AssignmentGone):
                    work(person, dice)

        return run

    def manager() -> None:
        dice = random.Random(f"{seed}/manager")
        while not stop.is_set():
            change_state(study=study, state=dice.choice([Study.OPEN, Study.PAUSED, Study.OPEN]))
            with unless(InvalidInput):
                update_study(study=study, wanted_responses=dice.choice([WANTED, WANTED + 1]))

    def everybody() -> None:
        try:
            with ThreadPoolExecutor(N_ANNOTATORS + 4) as pool:
                acts = [worker(person, number) for number, person in enumerate(people)]
                acts += [lambda n=n: second_tab(people[n], random.Random(f"{seed}/tab/{n}")) for n in range(4)]  # type: ignore[misc]
                for future in [pool.submit(closing_connections(act)) for act in acts]:
                    future.result(LIMIT_SECONDS)
        finally:
            stop.set()

    def closing_connections(act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            finally:
                connections.close_all()

        return run

    in_threads([manager, everybody])
    assert audit_study(study) == []
    stored = {
        person.pk: set(Response.objects.filter(participation=person).values_list("client_key", flat=True))
        for person in people
    }
    assert stored == acknowledged
    kept = Response.objects.exclude(status=Response.WITHDRAWN)
    assert not kept.filter(client_key__in=withdrawn).exists()
    assert not kept.filter(answers={}).exists()

    remove_simulated(study=study)
    wanted = Study.objects.get(pk=study.pk).wanted_responses
    newcomers = [make_participation_in_any_state(study) for _ in range(wanted + 1)]
    finish(study, newcomers)
    assert_exactly(study, wanted)


def make_participation_in_any_state(study: Study) -> Participation:
    return make_participation(change_state(study=study, state=Study.OPEN))
