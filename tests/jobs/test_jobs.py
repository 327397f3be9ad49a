"""Long work is a row: it shows its progress, can be cancelled, survives a lost message and a dead worker."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.registry import JOB_KINDS, job
from jobs.services import ATTEMPTS, LOST_AFTER_SECONDS, cancel_job, claim, run, start_job, sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind() -> Iterator[Any]:
    """Registers a function as the kind 'test' for one test."""

    def register(work: Any) -> Any:
        return job("test", queue="default", time_limit_seconds=60)(work)

    yield register
    JOB_KINDS.pop("test", None)


def test_a_job_runs_to_its_end_and_keeps_its_result(kind: Any) -> None:
    def work(handle: JobHandle) -> dict[str, Any]:
        handle.progress(3, 4, "Counting")
        handle.log("one line")
        return {"answer": handle.arguments["question"] * 2}

    kind(work)
    started = start_job("test", arguments={"question": 21})
    run(started.pk)
    started.refresh_from_db()
    assert (started.state, started.result) == (Job.DONE, {"answer": 42})
    assert (started.done, started.total, started.message, started.log) == (4, 4, "Counting", "one line\n")


def test_progress_is_seen_while_the_work_sits_in_a_transaction(kind: Any) -> None:
    go_on = threading.Event()

    def work(handle: JobHandle) -> dict[str, Any]:
        with transaction.atomic():
            Job.objects.filter(pk=-1).update(message="the transaction has begun")
            handle.progress(1, 2, "Half of it")
            go_on.wait(timeout=30)
        return {}

    kind(work)
    started = start_job("test")
    worker = threading.Thread(target=run, args=(started.pk,))
    worker.start()
    deadline = timezone.now() + timedelta(seconds=20)
    while started.message != "Half of it" and timezone.now() < deadline:
        started.refresh_from_db()
    go_on.set()
    worker.join()
    assert started.message == "Half of it"


def test_a_running_job_ends_at_its_next_checkpoint_when_cancelled(kind: Any) -> None:
    def work(handle: JobHandle) -> dict[str, Any]:
        cancel_job(Job.objects.get(pk=handle.job_id))
        deadline = timezone.now() + timedelta(seconds=20)
        while timezone.now() < deadline:
            handle.progress(1)
        return {}

    kind(work)
    started = start_job("test")
    run(started.pk)
    started.refresh_from_db()
    assert started.state == Job.CANCELLED


def test_a_waiting_job_ends_at_once_when_cancelled(kind: Any) -> None:
    kind(lambda handle: {})
    started = start_job("test")
    cancel_job(started)
    run(started.pk)
    started.refresh_from_db()
    assert started.state == Job.CANCELLED


def test_refused_work_says_why_and_is_not_tried_again(kind: Any) -> None:
    def work(handle: JobHandle) -> dict[str, Any]:
        handle.log("reading row 7")
        raise JobRefused("Row 7 has no label.")

    kind(work)
    started = start_job("test")
    run(started.pk)
    started.refresh_from_db()
    assert (started.state, started.error) == (Job.FAILED, "Row 7 has no label.")
    assert started.log == "reading row 7\n"
    assert sweep() == 0


def test_two_workers_do_not_run_one_job(kind: Any) -> None:
    kind(lambda handle: {})
    started = start_job("test")
    assert claim(started.pk) is not None
    assert claim(started.pk) is None


def test_a_job_whose_worker_died_is_swept_and_run_again(kind: Any) -> None:
    kind(lambda handle: {"attempt": handle.attempt})
    started = start_job("test")
    claim(started.pk)
    assert sweep() == 0
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS + 1))
    assert sweep() == 1
    run(started.pk)
    started.refresh_from_db()
    assert started.result == {"attempt": 2}


def test_a_job_whose_message_was_lost_is_rung_again(kind: Any) -> None:
    kind(lambda handle: {})
    start_job("test")
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS))
    assert sweep() == 1


def test_a_job_that_kills_its_worker_each_time_is_given_up(kind: Any) -> None:
    kind(lambda handle: {})
    started = start_job("test")
    Job.objects.update(attempts=ATTEMPTS)
    run(started.pk)
    started.refresh_from_db()
    assert started.state == Job.FAILED
    assert "5 times" in started.error


def test_a_job_that_loses_its_database_is_tried_again(kind: Any) -> None:
    def work(handle: JobHandle) -> dict[str, Any]:
        raise OperationalError("server closed the connection unexpectedly")

    kind(work)
    started = start_job("test")
    run(started.pk)
    started.refresh_from_db()
    assert started.state == Job.RUNNING
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS + 1))
    assert sweep() == 1


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="is no kind of job"):
        start_job("dance")
