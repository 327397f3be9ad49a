"""From a click to a version: the study is frozen, then a network learns; a kill loses and doubles nothing."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from analysis.network_queries import is_under_way, trainings_of
from analysis.services.train_on_study import NothingToLearnFrom, freeze_and_train, train_on_study
from annotation.models import SnapshotRecord, Study
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.services import cancel_job, claim, run
from modelserve.errors import BadTrainingOption
from modelserve.models import Network, TrainingRun
from tests.analysis.painted_study import QUICK, painted_study, train_now, work_off

pytestmark = pytest.mark.django_db


def test_a_study_becomes_a_network_with_a_snapshot_behind_it(mika: User) -> None:
    study = painted_study(mika)
    network = train_now(study, epochs=8)
    record = SnapshotRecord.objects.get(study=study)
    assert (network.version, network.is_promoted, network.snapshot_id) == (1, True, record.snapshot_id)
    assert record.n_responses == 90
    assert network.options["epochs"] == 8
    assert network.metrics["majority_accuracy"]["value"] > 0.5


def test_who_asked_stands_in_both_jobs(mika: User) -> None:
    study = painted_study(mika, n_stimuli=12)
    job = train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"], user=mika)
    run(job.pk)
    training = TrainingRun.objects.get()
    assert training.job is not None
    assert (job.created_by, training.job.created_by) == (mika, mika)


def test_a_study_without_responses_is_refused_with_a_sentence(study: Study) -> None:
    with pytest.raises(NothingToLearnFrom, match="no responses yet"):
        train_on_study(study=study, task="image_emotion")
    assert not Job.objects.exists()


def test_a_wrong_option_is_refused_before_anything_starts(mika: User) -> None:
    study = painted_study(mika, n_stimuli=3)
    with pytest.raises(BadTrainingOption, match="epochs: got 0; allowed is 1 to"):
        train_on_study(study=study, task="image_emotion", options={"epochs": 0})
    with pytest.raises(BadTrainingOption, match="'speech' is unknown"):
        train_on_study(study=study, task="speech")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("world", "task", "sentence"),
    [
        ({"with_images": False}, "image_emotion", "None of the answered stimuli of this snapshot has an image"),
        ({"emotions": ["awe"]}, "image_emotion", "chose 'awe'; a network needs at least two emotions"),
        ({"n_stimuli": 1}, "text_emotion", "has 1 answered stimuli"),
    ],
)
def test_what_cannot_be_learned_ends_in_a_sentence(mika: User, world: Any, task: str, sentence: str) -> None:
    study = painted_study(mika, **({"n_stimuli": 20} | world))
    train_on_study(study=study, task=task, options=QUICK[task])
    work_off("freeze_and_train", "train")
    [training] = trainings_of(study.slug)
    assert training.job.state == Job.FAILED
    assert sentence in training.outcome
    assert not Network.objects.exists()


def test_asked_twice_it_is_one_training(mika: User) -> None:
    study = painted_study(mika, n_stimuli=12)
    first = train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"])
    second = train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"])
    assert first == second
    other_seed = train_on_study(study=study, task="text_emotion", options={**QUICK["text_emotion"], "seed": 8})
    assert other_seed != first
    work_off("freeze_and_train")
    assert TrainingRun.objects.count() == 2


def test_killed_after_the_training_was_started_it_does_not_start_another(mika: User) -> None:
    study = painted_study(mika, n_stimuli=12)
    job = train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"])
    claimed = claim(job.pk)
    assert claimed is not None
    first = freeze_and_train(JobHandle(claimed))
    work_off("train")  # even where the training has ended by the time the job runs again
    assert freeze_and_train(JobHandle(claimed)) == first
    assert TrainingRun.objects.count() == 1


def test_cancelled_while_it_waits_it_starts_no_training(mika: User) -> None:
    study = painted_study(mika, n_stimuli=3)
    job = train_on_study(study=study, task="text_emotion")
    cancel_job(job)
    run(job.pk)
    assert not TrainingRun.objects.exists()
    assert not is_under_way(study.slug, "text_emotion")


def test_only_if_new_skips_what_was_learned_from_already(mika: User) -> None:
    study = painted_study(mika, n_stimuli=20)
    train_now(study, "text_emotion")
    job = train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"], only_if_new=True)
    run(job.pk)
    assert TrainingRun.objects.count() == 1
    assert trainings_of(study.slug)[0].outcome.startswith("Nothing new since the last training")


def test_a_training_is_under_way_from_its_freezing_to_its_end(mika: User) -> None:
    study = painted_study(mika, n_stimuli=20)
    assert not is_under_way(study.slug, "text_emotion")
    train_on_study(study=study, task="text_emotion", options=QUICK["text_emotion"])
    assert is_under_way(study.slug, "text_emotion")
    assert not is_under_way(study.slug, "image_emotion")
    work_off("freeze_and_train")
    assert is_under_way(study.slug, "text_emotion")
    work_off("train")
    assert not is_under_way(study.slug, "text_emotion")


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_are_one_training(mika: User) -> None:
    study = painted_study(mika, n_stimuli=3)
    gate = threading.Barrier(4)
    jobs = []

    def click() -> None:
        gate.wait(timeout=20)
        jobs.append(train_on_study(study=study, task="text_emotion").pk)
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(timeout=30)
    assert len(jobs) == 4
    assert len(set(jobs)) == 1
