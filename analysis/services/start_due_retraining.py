"""Start every retraining that is due; asked every half minute."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from analysis.network_queries import freezing_jobs, is_under_way
from analysis.retrain_policy import RetrainPolicy
from analysis.services.set_retrain_policy import n_accepted
from analysis.services.train_on_study import NothingToLearnFrom, train_on_study
from annotation.queries import studies_by_ids
from jobs.models import Job
from modelserve.errors import BudgetSpent, ModelServeError
from modelserve.queries import training_runs_of
from modelserve.services.device_budget import BUDGET_SPENT
from modelserve.services.registry_lock import lock_registry


def start_due_retraining(now: datetime | None = None) -> list[Job]:
    """The jobs started. A study and task that still trains is left for a later look, so that never two run at once."""
    now = now or timezone.now()
    started = []
    for policy_id in list(RetrainPolicy.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # another beat's look that is at work on this rule just now does what is needed
            policy = RetrainPolicy.objects.select_for_update(skip_locked=True).filter(pk=policy_id).first()
            job = _start_if_due(policy, now) if policy else None
        if job is not None:
            started.append(job)
    return started


def is_due(policy: RetrainPolicy, n_responses: int, now: datetime) -> bool:
    """Whether the rule asks for a training now; n_responses: accepted ones so far."""
    if policy.rule == RetrainPolicy.RESPONSES:
        return n_responses - policy.last_n_responses >= policy.number
    if policy.rule == RetrainPolicy.HOURS:
        return now - policy.last_at >= timedelta(hours=policy.number)
    last_turn = now.replace(hour=policy.number, minute=0, second=0, microsecond=0)
    if last_turn > now:
        last_turn -= timedelta(days=1)
    return policy.last_at < last_turn


def _start_if_due(policy: RetrainPolicy, now: datetime) -> Job | None:
    study = studies_by_ids([policy.study_id]).get(policy.study_id)
    if study is None:
        policy.delete()  # the study was deleted; nobody will miss its rule
        return None
    n_responses = n_accepted(study.pk)
    if n_responses < policy.last_n_responses:
        # responses were withdrawn, or the simulated ones removed: new ones count from here
        policy.last_n_responses = n_responses
        policy.save(update_fields=["last_n_responses"])
    if not is_due(policy, n_responses, now) and not _found_no_time(study.slug, policy):
        return None
    lock_registry(study.slug, policy.task)
    if is_under_way(study.slug, policy.task):
        return None
    before = policy.last_n_responses, policy.last_at
    policy.last_n_responses, policy.last_at, policy.trouble, job = n_responses, now, "", None
    try:
        job = train_on_study(
            study=study, task=policy.task, options=policy.options, user=policy.set_by, only_if_new=True
        )
    except BudgetSpent as error:
        # stays due: it starts by itself as soon as there is time on the device again
        policy.trouble = str(error)
        policy.last_n_responses, policy.last_at = before
    except (ModelServeError, NothingToLearnFrom) as error:
        policy.trouble = str(error)
    policy.save(update_fields=["last_n_responses", "last_at", "trouble"])
    return job


def _found_no_time(study_key: str, policy: RetrainPolicy) -> bool:
    """Whether the rule's last training ended before it began, since others had used the study's time on the device."""
    frozen = freezing_jobs(study_key, policy.task).filter(arguments__options=policy.options).first()
    run = training_runs_of(study_key, policy.task).filter(options=policy.options).first()
    jobs = [job for job in (frozen, run.job if run else None) if job is not None]
    last = max(jobs, key=lambda job: job.pk, default=None)
    return last is not None and last.state == Job.FAILED and bool(last.result.get(BUDGET_SPENT))
