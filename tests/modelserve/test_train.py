"""The training job: a version or nothing, promoted only if better, resumed after a kill, cancelled without a trace."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

import jobs.services
from jobs.handle import JobHandle
from jobs.models import Job
from modelserve.models import Network, Promotion, TrainingRun
from modelserve.queries import promoted_network
from modelserve.services import promote
from modelserve.services import train as training
from modelserve.services.train import train
from tests.modelserve.conftest import STUDY, Start, Store, TrainNow
from tests.modelserve.tiny_world import TinyWorld

pytestmark = pytest.mark.django_db


def run_job(run: TrainingRun) -> Job:
    """As the worker does it."""
    assert run.job is not None
    jobs.services.run(run.job.pk)
    return Job.objects.get(pk=run.job.pk)


def work_folders(settings: Any) -> list[Path]:
    folder = Path(settings.MEDIA_ROOT) / "training"
    return list(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.django_db(transaction=True)  # the log is written over a connection of its own
def test_the_first_network_is_registered_and_served(start: Start, settings: Any) -> None:
    run = start()
    job = run_job(run)
    assert job.state == Job.DONE, job.error
    network = Network.objects.get()
    assert (network.version, network.is_promoted, network.snapshot_id) == (1, True, run.snapshot_id)
    assert network.options == run.options
    assert network.label_ids == ["contentment", "awe", "anger", "something_else"]
    assert network.metrics["split"]["test"]["stimuli"] == network.metrics["n_stimuli"] > 0
    assert {"confusion", "per_class_recall", "kl_divergence", "baseline"} <= network.metrics.keys()
    assert sorted(default_storage.listdir(network.weights_location)[1]) == ["network.json", "network.safetensors"]
    run.refresh_from_db()
    assert [point["epoch"] for point in run.curve] == [1, 2, 3]
    assert run.outcome == "Version 1 is served: it is the first one."
    assert "Epoch 3:" in job.log
    assert work_folders(settings) == []
    assert Job.objects.filter(kind="predict_study", state=Job.QUEUED).count() == 1


def test_a_better_network_takes_over_on_the_same_test_stimuli(train_now: TrainNow) -> None:
    poor = train_now(epochs=1, learning_rate=1e-7)
    good = train_now(epochs=6)
    assert promoted_network(STUDY, "image_emotion") == good
    poor.refresh_from_db()
    assert poor.retired_at is not None
    comparison = good.comparison
    assert comparison["served_version"] == 1
    assert comparison["new"]["kl_divergence"]["value"] < comparison["served"]["kl_divergence"]["value"]
    assert comparison["new"]["n_stimuli"] == comparison["served"]["n_stimuli"] == comparison["n_stimuli"]
    assert Promotion.objects.get(network=good).reason == Promotion.BETTER


def test_a_worse_network_is_kept_but_not_served(train_now: TrainNow) -> None:
    good = train_now(epochs=6)
    poor = train_now(epochs=1, learning_rate=1e-7)
    assert promoted_network(STUDY, "image_emotion") == good
    assert (poor.version, poor.promoted_at) == (2, None)
    assert "Version 1 stays served: version 2 is not better" in poor.training_run.outcome


def test_an_equal_network_changes_nothing(train_now: TrainNow) -> None:
    first, second = train_now(), train_now()
    assert promoted_network(STUDY, "image_emotion") == first
    assert second.weights_location == first.weights_location  # the same bits, stored once


def test_both_are_measured_on_the_newest_snapshot(train_now: TrainNow, store: Store) -> None:
    first = train_now()
    grown = store(TinyWorld(n_stimuli=120, seed=5))
    second = train_now(of=grown, epochs=6)
    assert first.metrics["n_stimuli"] != second.comparison["n_stimuli"]
    assert second.comparison["n_stimuli"] == second.metrics["n_stimuli"]
    assert second.comparison["snapshot_id"] == grown.id


def test_the_text_network_goes_the_same_way(train_now: TrainNow) -> None:
    network = train_now("text_emotion")
    assert promoted_network(STUDY, "text_emotion") == network
    assert promoted_network(STUDY, "image_emotion") is None
    assert not Job.objects.filter(kind="predict_study").exists()


def test_other_labels_are_not_compared(train_now: TrainNow, store: Store) -> None:
    first = train_now("text_emotion")
    labels = [{"id": name, "name": name, "polarity": None} for name in ("awe", "anger")]
    other = store(TinyWorld(n_stimuli=60, emotions=["awe", "anger"], label_set=labels))
    second = train_now("text_emotion", of=other)
    assert promoted_network(STUDY, "text_emotion") == first
    assert "it answers with other labels than version 1" in second.training_run.outcome


class Killed(BaseException):
    """Stands for kill -9: nothing of ours may catch it."""


@pytest.mark.django_db(transaction=True)  # the log is written over a connection of its own
def test_a_killed_worker_s_run_goes_on_from_its_checkpoint(
    start: Start, train_now: TrainNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_now(epochs=4, seed=3)
    run = TrainingRun.objects.get(pk=start(epochs=4, seed=3).pk)
    assert run.job is not None
    log = JobHandle.log

    def die_in_the_third_epoch(handle: JobHandle, line: str) -> None:
        if line.startswith("Epoch 2:"):
            raise Killed
        log(handle, line)

    with monkeypatch.context() as patched:
        patched.setattr(JobHandle, "log", die_in_the_third_epoch)
        with pytest.raises(Killed):
            train(run.pk, JobHandle(run.job))
    assert Network.objects.count() == 1
    job = run_job(run)
    assert job.state == Job.DONE, job.error
    assert "Going on from the checkpoint" in job.log
    resumed = Network.objects.get(training_run=run)
    assert resumed.weights_location == whole.weights_location  # a folder named by the hash of its bits


@pytest.mark.django_db(transaction=True)  # attempts are written over a connection of their own
def test_only_attempts_without_a_finished_epoch_count_against_a_run(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training of a week outlives more than five restarts of its machine; one that never gets anywhere does not."""
    run = TrainingRun.objects.get(pk=start(epochs=4).pk)
    log = JobHandle.log

    def attempts_when_it_dies(at: str) -> int:
        job = Job.objects.get(pk=run.job_id)
        Job.objects.filter(pk=job.pk).update(attempts=5)

        def die(handle: JobHandle, line: str) -> None:
            log(handle, line)
            if line.startswith(at):
                raise Killed

        with monkeypatch.context() as patched, JobHandle(job) as handle:
            patched.setattr(JobHandle, "log", die)
            with pytest.raises(Killed):
                train(run.pk, handle)
        return Job.objects.get(pk=job.pk).attempts

    assert attempts_when_it_dies("Reading snapshot") == 5
    assert attempts_when_it_dies("Epoch 2:") == 1
    assert attempts_when_it_dies("Going on from the checkpoint") == 5
    assert attempts_when_it_dies("Epoch 3:") == 1


def test_dying_after_the_registration_makes_no_second_version(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()
    assert run.job is not None
    log = JobHandle.log

    def die_once_registered(handle: JobHandle, line: str) -> None:
        if line.startswith("Registered"):
            raise Killed
        log(handle, line)

    with monkeypatch.context() as patched:
        patched.setattr(JobHandle, "log", die_once_registered)
        with pytest.raises(Killed):
            train(run.pk, JobHandle(run.job))
    train(run.pk, JobHandle(run.job))
    train(run.pk, JobHandle(run.job))
    assert Network.objects.get().is_promoted
    assert Promotion.objects.count() == 1


def test_a_version_chosen_by_hand_during_the_comparison_is_compared_with_too(
    start: Start, train_now: TrainNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor, good = train_now(epochs=1, learning_rate=1e-7), train_now(epochs=6)
    promote(study_key=STUDY, network_id=poor.pk)
    run, compare = start(epochs=3, learning_rate=3e-4), training.compare_with_served

    def slow_comparison(**given: Any) -> dict[str, Any]:
        found = compare(**given)
        promote(study_key=STUDY, network_id=good.pk)  # a person, meanwhile
        return found

    monkeypatch.setattr(training, "compare_with_served", slow_comparison)
    job = run_job(run)
    assert job.state == Job.DONE, job.error
    made = Network.objects.get(training_run=run)
    assert made.comparison["served_version"] == good.version
    assert promoted_network(STUDY, "image_emotion") == good


def test_a_cancelled_run_leaves_nothing(start: Start, settings: Any) -> None:
    run = start()
    Job.objects.filter(pk=run.job_id).update(cancel_requested=True)
    assert run_job(run).state == Job.CANCELLED
    assert not Network.objects.exists()
    assert work_folders(settings) == []


def test_what_cannot_be_learned_ends_the_job_with_its_sentence(start: Start, store: Store, settings: Any) -> None:
    empty = store(TinyWorld(n_stimuli=10, n_responses=0))
    job = run_job(start(of=empty))
    assert job.state == Job.FAILED
    assert job.error.startswith("This snapshot holds no accepted response")
    assert work_folders(settings) == []


def test_a_snapshot_that_is_gone_ends_the_job_with_a_sentence(start: Start) -> None:
    run = start()
    TrainingRun.objects.filter(pk=run.pk).update(snapshot_location="snapshots/gone")
    assert "Freeze the study again" in run_job(run).error


def test_images_come_from_the_storage_where_the_snapshot_carries_none(train_now: TrainNow, store: Store) -> None:
    bare = store(TinyWorld(n_stimuli=60, carries_images=False))
    carrying = TinyWorld(n_stimuli=60).freeze(Path(default_storage.path("elsewhere")))
    for sha256 in carrying.stimuli()["image_sha256"].to_pylist():
        with default_storage.open(f"elsewhere/{carrying.id}/images/{sha256}.jpg") as file:
            default_storage.save(f"images/{sha256[:2]}/{sha256}/320.jpg", file)
    assert train_now(of=bare).metrics["n_stimuli"] > 0
