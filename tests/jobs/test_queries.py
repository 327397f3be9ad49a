"""Which jobs a study has: the newest one, and the one that is still at it."""

import pytest

from jobs.models import Job
from jobs.queries import jobs_of, newest_job, under_way

pytestmark = pytest.mark.django_db


def made(kind: str, state: str, *, study: str = "lake", **arguments: str) -> Job:
    return Job.objects.create(kind=kind, study_key=study, state=state, arguments=arguments)


def test_the_newest_comes_first_and_other_studies_do_not_count() -> None:
    first, second = made("export", Job.DONE), made("report", Job.FAILED)
    made("export", Job.DONE, study="sea")
    assert list(jobs_of("lake", "export", "report")) == [second, first]
    assert newest_job("lake", "export", "report") == second
    assert newest_job("lake", "export", state=Job.DONE) == first
    assert newest_job("lake", "train") is None


def test_what_has_not_ended_is_found_by_what_it_was_asked_for() -> None:
    made("export", Job.DONE, format="csv")
    running = made("export", Job.RUNNING, format="csv")
    made("export", Job.QUEUED, format="csv")
    assert under_way("lake", "export", arguments={"format": "csv"}) == running
    assert under_way("lake", "export", arguments={"format": "jsonl"}) is None
    assert under_way("lake", "train") is None
