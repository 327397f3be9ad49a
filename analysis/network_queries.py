"""What goes on between a study and its networks: trainings asked for, running and ended, in one list."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from analysis.retrain_policy import RetrainPolicy
from annotation.models import Study
from jobs.models import Job
from jobs.queries import jobs_of
from modelserve.models import TrainingRun
from modelserve.options import TASKS
from modelserve.queries import training_runs_of

FREEZE_AND_TRAIN = "freeze_and_train"
FREEZING = "Freezing the responses"


@dataclass(frozen=True)
class Training:
    """One training as a list shows it. run: None while the study is being frozen for it, or where that ended it.

    outcome: a sentence once it has ended, else what it does now.
    """

    task: str
    job: Job
    run: TrainingRun | None
    outcome: str
    created_at: datetime

    @property
    def title(self) -> str:
        return TASKS[self.task].title if self.task in TASKS else self.task

    @property
    def is_under_way(self) -> bool:
        return not self.job.has_ended


def freezing_jobs(study_key: str, task: str | None = None) -> QuerySet[Job]:
    """Jobs that freeze a study and then start a training, the newest first."""
    jobs = jobs_of(study_key, FREEZE_AND_TRAIN)
    return jobs.filter(arguments__task=task) if task else jobs


def is_under_way(study_key: str, task: str) -> bool:
    """Whether a training of this study and task waits or runs, from its freezing to its end."""
    runs = training_runs_of(study_key, task).exclude(job__state__in=Job.ENDED)
    return freezing_jobs(study_key, task).exclude(state__in=Job.ENDED).exists() or runs.exists()


def trainings_of(study_key: str, n: int = 20) -> list[Training]:
    """The newest `n` trainings: those being frozen for, those that learn, and those that ended."""
    runs = [
        Training(run.task, run.job, run, run.job.error or run.outcome or run.job.message, run.created_at)
        for run in training_runs_of(study_key)[:n]
        if run.job is not None
    ]
    # a freezing that has started its training is told by that one
    frozen = freezing_jobs(study_key).exclude(state=Job.DONE, result__has_key="training_run")
    before = [
        Training(str(job.arguments.get("task", "")), job, None, _said_of(job), job.created_at) for job in frozen[:n]
    ]
    return sorted([*runs, *before], key=lambda training: training.created_at, reverse=True)[:n]


def _said_of(job: Job) -> str:
    return job.error or str(job.result.get("outcome", "")) or job.message or (FREEZING if not job.has_ended else "")


def retrain_policies(study: Study) -> dict[str, RetrainPolicy]:
    """The study's rules by task."""
    return {policy.task: policy for policy in RetrainPolicy.objects.filter(study_id=study.pk)}
