"""Starts the look at the panels, for studies that recruit there now."""

from typing import Any

from django.db import transaction

from annotation.models import Payment, Recruitment, Study
from annotation.recruitment import SOURCES
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job

KIND = "check_recruitment"


def start_check(*, study: Study, user: Any = None) -> Job:
    """Starts the job, or finds the one that is at it."""
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        running = under_way(study.slug, KIND)
        return running or start_job(KIND, study_key=study.slug, user=user)


def start_checks() -> int:
    """One check for each open study with somebody to ask, and for closed ones with payments that are not settled."""
    studies: dict[int, Study] = {}
    unsettled = set(
        Payment.objects.filter(state__in=(Payment.SENT, Payment.UNKNOWN)).values_list("study_id", flat=True).distinct()
    )
    for recruitment in Recruitment.objects.filter(is_active=True).select_related("study"):
        wanted = recruitment.study.is_open or recruitment.study_id in unsettled
        if wanted and SOURCES[recruitment.kind].payer(recruitment) is not None:
            studies[recruitment.study_id] = recruitment.study
    for study in studies.values():
        start_check(study=study)
    return len(studies)
