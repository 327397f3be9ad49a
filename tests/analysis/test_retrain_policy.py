"""A network learns again by itself: after so many answers, at an hour, every so many hours; never two at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from analysis.jobs import start_due_retraining as beat
from analysis.models import RetrainPolicy
from analysis.services.refresh_statistics import refresh_statistics
from analysis.services.set_retrain_policy import end_retrain_policy, set_retrain_policy
from analysis.services.start_due_retraining import is_due, start_due_retraining
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services.remove_simulated import remove_simulated
from jobs.models import Job
from modelserve.models import DeviceUse, TrainingRun
from modelserve.services.device_budget import set_limit
from tests.analysis.painted_study import painted_study, work_off
from tests.conftest import make_participation, respond

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def answered(mika: User) -> Study:
    study = painted_study(mika, n_stimuli=4)
    refresh_statistics(wait=True)
    return study


def jobs() -> Any:
    return Job.objects.filter(kind="freeze_and_train")


def test_it_trains_after_so_many_new_responses(answered: Study, mika: User) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=2, user=mika)
    assert start_due_retraining() == []
    person = make_participation(answered)
    respond(person)
    refresh_statistics(wait=True)
    assert start_due_retraining() == []
    respond(person)
    refresh_statistics(wait=True)
    [job] = start_due_retraining()
    assert (job.study_key, job.arguments["task"], job.created_by) == (answered.slug, "text_emotion", mika)
    assert job.arguments["only_if_new"] is True


def test_it_counts_anew_after_each_start(answered: Study) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=1)
    respond(make_participation(answered))
    refresh_statistics(wait=True)
    assert len(start_due_retraining()) == 1
    jobs().update(state=Job.DONE)
    assert start_due_retraining() == []


def test_the_task_that_beat_sends_is_there(answered: Study) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=1)
    respond(make_participation(answered))
    refresh_statistics(wait=True)
    assert beat.name == "analysis.start_due_retraining"
    beat()
    assert jobs().count() == 1


def test_never_two_at_once_for_one_study_and_task(answered: Study) -> None:
    for task in ("text_emotion", "image_emotion"):
        set_retrain_policy(study=answered, task=task, rule="hours", number=1)
    later = timezone.now() + timedelta(hours=2)
    assert len(start_due_retraining(later)) == 2
    assert start_due_retraining(later + timedelta(hours=2)) == []
    work_off("freeze_and_train")  # now the trainings themselves wait
    assert start_due_retraining(later + timedelta(hours=2)) == []
    Job.objects.filter(kind="train").update(state=Job.DONE)
    assert len(start_due_retraining(later + timedelta(hours=2))) == 2


@pytest.mark.parametrize(
    ("rule", "number", "last_hour", "hour", "due"),
    [
        ("hours", 3, 0, 2.99, False),
        ("hours", 3, 0, 3, True),
        ("nightly", 2, 0, 1.99, False),
        ("nightly", 2, 0, 2.01, True),
        ("nightly", 2, 2, 2.01, False),
        ("nightly", 2, 3, 25.99, False),
        ("nightly", 2, 3, 26.01, True),
        ("nightly", 23, 0, 23.01, True),
        ("nightly", 0, 1, 23.99, False),
    ],
)
def test_the_clock_decides(rule: str, number: int, last_hour: float, hour: float, due: bool) -> None:
    last_at = MIDNIGHT + timedelta(hours=last_hour)
    policy = RetrainPolicy(study_id=1, task="text_emotion", rule=rule, number=number, last_at=last_at)
    assert is_due(policy, 0, MIDNIGHT + timedelta(hours=hour)) is due


def test_removed_responses_do_not_hold_it_back_for_ever(mika: User) -> None:
    study = painted_study(mika, n_stimuli=4, is_simulated=True)
    refresh_statistics(wait=True)
    policy = set_retrain_policy(study=study, task="text_emotion", rule="responses", number=1)
    assert policy.last_n_responses == 8
    remove_simulated(study=study)
    refresh_statistics(wait=True)
    assert start_due_retraining() == []
    respond(make_participation(study))
    refresh_statistics(wait=True)
    assert len(start_due_retraining()) == 1


def test_a_rule_that_cannot_start_says_why_and_stops_nobody_else(answered: Study, mika: User) -> None:
    empty = painted_study(mika, n_stimuli=2, n_people=0)
    set_retrain_policy(study=empty, task="text_emotion", rule="hours", number=1)
    set_retrain_policy(study=answered, task="text_emotion", rule="hours", number=1)
    [job] = start_due_retraining(timezone.now() + timedelta(hours=1, minutes=1))
    assert job.study_key == answered.slug
    assert "no responses yet" in RetrainPolicy.objects.get(study_id=empty.pk).trouble


@pytest.mark.parametrize(("rule", "number"), [("responses", 1), ("hours", 1), ("nightly", 0)])
def test_what_was_due_while_the_budget_was_spent_starts_once_there_is_time_again(
    answered: Study, rule: str, number: int
) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule=rule, number=number)
    respond(make_participation(answered))
    refresh_statistics(wait=True)
    run = TrainingRun.objects.create(study_key=answered.slug, task="text_emotion", snapshot_id="a" * 64, seed=1)
    set_limit(study_key=answered.slug, minutes_per_day=1)
    DeviceUse.objects.create(training_run=run, study_key=answered.slug, day=datetime.now(UTC).date(), seconds=61)
    Job.objects.all().delete()
    TrainingRun.objects.filter(pk=run.pk).update(job=Job.objects.create(kind="train", state=Job.DONE))
    later = timezone.now() + timedelta(days=1, hours=2)
    for _ in range(2):
        assert start_due_retraining(later) == []
    assert "have used the 1 device-minutes" in RetrainPolicy.objects.get().trouble
    DeviceUse.objects.all().delete()  # a new day
    assert len(start_due_retraining(later)) == 1
    assert RetrainPolicy.objects.get().trouble == ""
    jobs().update(state=Job.DONE)
    assert start_due_retraining(later) == []


def test_a_training_whose_turn_came_when_the_day_was_used_up_is_started_again(answered: Study) -> None:
    """Two rules due at once: the first takes the day's time while the second waits in the queue."""
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=1)
    respond(make_participation(answered))
    refresh_statistics(wait=True)
    assert len(start_due_retraining()) == 1
    work_off("freeze_and_train")
    run = TrainingRun.objects.get()
    set_limit(study_key=answered.slug, minutes_per_day=1)
    DeviceUse.objects.create(training_run=run, study_key=answered.slug, day=datetime.now(UTC).date(), seconds=61)
    work_off("train")
    assert Job.objects.get(kind="train").state == Job.FAILED
    assert start_due_retraining() == []
    DeviceUse.objects.all().delete()  # a new day
    assert len(start_due_retraining()) == 1
    assert start_due_retraining() == []


def test_an_old_option_is_told_and_not_a_crash(answered: Study) -> None:
    policy = set_retrain_policy(study=answered, task="text_emotion", rule="hours", number=1)
    RetrainPolicy.objects.filter(pk=policy.pk).update(options={"momentum": 0.9})
    assert start_due_retraining(timezone.now() + timedelta(hours=2)) == []
    policy.refresh_from_db()
    assert policy.trouble.startswith("'momentum' is no option of text_emotion")


def test_the_rule_of_a_deleted_study_goes_with_it(answered: Study) -> None:
    policy = set_retrain_policy(study=answered, task="text_emotion", rule="hours", number=1)
    RetrainPolicy.objects.filter(pk=policy.pk).update(study_id=answered.pk + 1000)
    assert start_due_retraining(timezone.now() + timedelta(hours=2)) == []
    assert not RetrainPolicy.objects.exists()


@pytest.mark.parametrize(
    ("rule", "number"), [("responses", 0), ("nightly", 24), ("hours", 0), ("hours", 721), ("yearly", 1)]
)
def test_an_impossible_rule_is_refused_and_the_old_one_stays(answered: Study, rule: str, number: int) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=50)
    with pytest.raises(InvalidInput):
        set_retrain_policy(study=answered, task="text_emotion", rule=rule, number=number)
    assert RetrainPolicy.objects.get().sentence == "after every 50 new responses"


def test_the_database_refuses_an_impossible_rule_too() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RetrainPolicy.objects.create(study_id=1, task="x", rule="nightly", number=24, last_at=MIDNIGHT)


def test_set_twice_it_is_one_rule_and_ended_it_is_none(answered: Study) -> None:
    set_retrain_policy(study=answered, task="text_emotion", rule="responses", number=50)
    set_retrain_policy(study=answered, task="text_emotion", rule="nightly", number=3)
    assert RetrainPolicy.objects.get().sentence == "every day at 03:00 UTC"
    end_retrain_policy(study=answered, task="text_emotion")
    assert start_due_retraining(timezone.now() + timedelta(days=2)) == []
