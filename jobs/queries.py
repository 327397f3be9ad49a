"""Which jobs a study has."""

from typing import Any

from django.db.models import QuerySet

from jobs.models import Job


def jobs_of(study_key: str, *kinds: str, **conditions: Any) -> QuerySet[Job]:
    """A study's jobs of these kinds, newest first. conditions: such as arguments__name="words"."""
    return Job.objects.filter(study_key=study_key, kind__in=kinds, **conditions).order_by("-id")


def newest_job(study_key: str, *kinds: str, **conditions: Any) -> Job | None:
    """The last one that was started, whatever became of it."""
    return jobs_of(study_key, *kinds, **conditions).first()


def under_way(study_key: str, kind: str, **conditions: Any) -> Job | None:
    """One that has not ended: whoever asks for the same work again is told of it."""
    return jobs_of(study_key, kind, **conditions).exclude(state__in=Job.ENDED).last()
