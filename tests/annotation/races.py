"""Threads with connections of their own that race for the slots of a small study, and what must hold afterwards."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.services.assign import assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.submit_response import submit_response
from tests.conftest import answer

LIMIT_SECONDS = 60.0  # a deadlock is found by PostgreSQL after a second; a wait in Python ends here


def in_threads(acts: list[Callable[[], Any]]) -> list[Any]:
    """Starts all acts at the same moment, each in a thread with a connection of its own; returns what they return."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(LIMIT_SECONDS)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(run, act) for act in acts]
        return [future.result(LIMIT_SECONDS) for future in futures]


def n_accepted(study: Study) -> Counter[int]:
    accepted = Response.objects.filter(study=study, status=Response.ACCEPTED)
    return Counter(accepted.values_list("stimulus_id", flat=True))


def assert_exactly(study: Study, wanted: int) -> None:
    """Every stimulus has exactly the wanted number, from as many people, and nothing in the tables contradicts it."""
    assert audit_study(study) == []
    assert set(n_accepted(study).values()) == {wanted}
    assert len(n_accepted(study)) == Stimulus.objects.filter(study=study).count()
    assert not Stimulus.objects.filter(study=study).exclude(open_slots=0).exists()
    pairs = list(
        Response.objects.filter(study=study)
        .exclude(status=Response.WITHDRAWN)
        .values_list("stimulus_id", "participation_id")
    )
    assert len(pairs) == len(set(pairs))


def finish(study: Study, people: list[Participation]) -> None:
    """Everybody who is left answers all that is still lent to her."""
    study = change_state(study=study, state=Study.OPEN)
    Assignment.objects.filter(study=study, state=Assignment.LEASED).update(expires_at=timezone.now())
    expire_leases(study=study)
    for person in people:
        while held := assign_ahead(participation=person, study=study):
            submit(study, person, held[0].id)


def submit(study: Study, person: Participation, assignment_id: int | None = None, **more: Any) -> Any:
    key = more.pop("client_key", None) or uuid.uuid4()
    return submit_response(
        study=study, participation=person, assignment_id=assignment_id, client_key=key, answers=answer(), **more
    )


@contextmanager
def unless(*expected: type[Exception]) -> Iterator[None]:
    """What a person is told in a race that she lost; anything else fails the test."""
    try:
        yield
    except expected:
        return


def wait_for_a_waiting_lock() -> None:
    """Returns once another connection waits for a lock."""
    deadline = time.monotonic() + LIMIT_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("select count(*) from pg_locks where not granted")
            if cursor.fetchone()[0]:
                return
            assert time.monotonic() < deadline, "nobody waited for a lock"
