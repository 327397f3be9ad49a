"""Ask for a network to learn from a study as it is now: freeze a snapshot, then train on it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from analysis.network_queries import FREEZE_AND_TRAIN, FREEZING, freezing_jobs
from annotation.errors import AnnotationError
from annotation.models import Study
from annotation.queries import recent_responses, study_of_slug
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.services import start_job
from modelserve.options import parse_options
from modelserve.queries import training_runs_of
from modelserve.services import start_training
from modelserve.services.device_budget import check_time_is_left
from modelserve.services.registry_lock import lock_registry


class NothingToLearnFrom(AnnotationError):
    """The study has no responses."""

    type = "nothing_to_learn"
    status = 409


@transaction.atomic
def train_on_study(
    *,
    study: Study,
    task: str,
    options: Mapping[str, Any] | None = None,
    user: Any = None,
    only_if_new: bool = False,
) -> Job:
    """Start a job that freezes the study and then starts the training; asked twice while it waits, gives the same job.

    options: of the training, see modelserve/options. only_if_new: train only if no training with these options has
    learned from the very same data, for trainings that nobody asked for by hand.
    Raises BadTrainingOption, NothingToLearnFrom, BudgetSpent; then nothing was started.
    """
    arguments = {"task": task, "options": parse_options(task, options).as_json(), "only_if_new": only_if_new}
    if not recent_responses(study, 1):
        raise NothingToLearnFrom(
            "This study has no responses yet, so there is nothing to learn from. Collect some and train then."
        )
    check_time_is_left(study.slug)
    lock_registry(study.slug, task)
    same = freezing_jobs(study.slug, task).filter(arguments=arguments).exclude(state__in=Job.ENDED).first()
    return same or start_job(FREEZE_AND_TRAIN, study_key=study.slug, arguments=arguments, user=user)


def freeze_and_train(handle: JobHandle) -> dict[str, Any]:
    """The job: arguments task, options, only_if_new. Returns snapshot_id and, unless nothing is new, training_run.

    The training's row and this job's result are written in one transaction: run again after a kill at any moment, the
    job finds its training or starts it, and never starts two.
    """
    started: dict[str, Any] = Job.objects.values_list("result", flat=True).get(pk=handle.job_id)
    if "training_run" in started:
        return started
    study = study_of_slug(handle.study_key)
    if study is None:
        raise JobRefused("The study is not there any more; nothing was trained.")
    task, options = str(handle.arguments["task"]), handle.arguments["options"]
    record = freeze_snapshot(study=study, progress=lambda done, total: handle.progress(done, total, FREEZING))
    handle.log(f"Snapshot {record.snapshot_id[:12]}: {record.n_responses} responses on {record.n_stimuli} stimuli.")
    if handle.arguments.get("only_if_new"):
        learned = training_runs_of(study.slug, task).filter(
            snapshot_id=record.snapshot_id, options=options, job__state=Job.DONE
        )
        if learned.exists():
            outcome = "Nothing new since the last training, so there was nothing to learn."
            return {"snapshot_id": record.snapshot_id, "outcome": outcome}
    asked_by = handle.created_by_id
    person = get_user_model().objects.filter(pk=asked_by).first() if asked_by is not None else None
    handle.checkpoint()
    with transaction.atomic():
        run = start_training(
            study_key=study.slug,
            task=task,
            snapshot_id=record.snapshot_id,
            snapshot_location=f"snapshots/{record.snapshot_id}",
            options=options,
            user=person,
        )
        result = {"snapshot_id": record.snapshot_id, "training_run": run.pk}
        Job.objects.filter(pk=handle.job_id).update(result=result)
    return result
