"""Asking for a training."""

import pytest

from jobs.models import Job
from jobs.services import cancel_job
from modelserve.errors import BadTrainingOption
from modelserve.models import TrainingRun
from snapshots.reader import Snapshot
from tests.modelserve.conftest import STUDY, Start

pytestmark = pytest.mark.django_db


def test_it_writes_the_run_with_every_option_and_a_waiting_job(start: Start, snapshot: Snapshot) -> None:
    run = start(epochs=5)
    assert run.job is not None
    assert (run.job.kind, run.job.study_key, run.state) == ("train", STUDY, Job.QUEUED)
    assert run.job.arguments == {"training_run": run.pk}
    assert (run.options["epochs"], run.options["batch_size"], run.seed) == (5, 128, 2021)
    assert run.snapshot_id == snapshot.id
    assert run.code_version


def test_asked_twice_while_it_waits_gives_the_same_run(start: Start) -> None:
    assert start().pk == start().pk
    assert start(epochs=4).pk != start().pk


def test_asked_again_after_its_end_gives_another_run(start: Start) -> None:
    first = start()
    assert first.job is not None
    cancel_job(first.job)
    assert start().pk != first.pk


def test_a_bad_option_starts_nothing(start: Start) -> None:
    with pytest.raises(BadTrainingOption, match="epochs"):
        start(epochs=-1)
    assert not TrainingRun.objects.exists()
    assert not Job.objects.exists()
