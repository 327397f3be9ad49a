"""Ask for a training."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from jobs.models import Job
from jobs.services import start_job
from modelserve.models import TrainingRun
from modelserve.options import parse_options
from modelserve.services.device_budget import check_time_is_left
from modelserve.services.registry_lock import lock_registry
from snapshots.version import code_version


@transaction.atomic
def start_training(
    *,
    study_key: str,
    task: str,
    snapshot_id: str,
    snapshot_location: str,
    options: Mapping[str, Any] | None = None,
    user: Any = None,
) -> TrainingRun:
    """Write the run and its job; the training starts when a worker of the training queue is free.

    snapshot_location: the snapshot's folder in the storage. options: see modelserve/options; missing ones get their
    default. Asked again while the very same training is waiting or running, returns that one.
    Raises BadTrainingOption, BudgetSpent; then nothing was started.
    """
    parsed = parse_options(task, options)
    lock_registry(study_key, task)
    under_way = TrainingRun.objects.filter(
        study_key=study_key, task=task, snapshot_id=snapshot_id, options=parsed.as_json()
    ).exclude(job__state__in=Job.ENDED)
    same = under_way.first()
    if same is not None:
        return same
    check_time_is_left(study_key)
    run = TrainingRun.objects.create(
        study_key=study_key,
        task=task,
        snapshot_id=snapshot_id,
        snapshot_location=snapshot_location,
        options=parsed.as_json(),
        seed=parsed.training.seed,
        code_version=code_version(),
    )
    run.job = start_job("train", study_key=study_key, arguments={"training_run": run.pk}, user=user)
    run.save(update_fields=["job"])
    return run
