"""People, by pseudonym only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from annotation.models import Assignment, Participation, Study


@dataclass(frozen=True)
class People:
    """How many take part: joined at all, holding an image at this moment, withdrawn, simulated."""

    n_joined: int
    n_working: int
    n_withdrawn: int
    n_simulated: int


def people_of(study: Study) -> People:
    counts = Participation.objects.filter(study=study).aggregate(
        n_joined=Count("pk"),
        n_withdrawn=Count("pk", filter=Q(withdrawn_at__isnull=False)),
        n_simulated=Count("pk", filter=Q(annotator__is_simulated=True)),
    )
    working = Assignment.objects.filter(study=study, state=Assignment.LEASED, expires_at__gt=timezone.now())
    return People(n_working=working.aggregate(n=Count("participation", distinct=True))["n"], **counts)


@dataclass(frozen=True)
class ParticipationFacts:
    """One person's part in a study. median_seconds: from seeing an image to sending the answer; None = not measured."""

    id: int
    pseudonym: str
    is_simulated: bool
    n_skipped: int
    started_at: datetime
    withdrawn_at: datetime | None
    last_at: datetime | None
    median_seconds: float | None


def participation_facts(participation_ids: Sequence[int]) -> dict[int, ParticipationFacts]:
    """Facts of the given participations; the cost follows their answers."""
    last_and_median: dict[int, tuple[datetime, float | None]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select participation_id, max(created_at), percentile_cont(0.5) within group (order by duration_ms) / 1000"
            " from annotation_response where participation_id = any(%s) and status <> 'withdrawn' group by 1",
            [list(participation_ids)],
        )
        for participation_id, last_at, median in cursor.fetchall():
            last_and_median[participation_id] = (last_at, median)
    facts = {}
    for participation in Participation.objects.filter(pk__in=participation_ids).select_related("annotator"):
        last_at, median = last_and_median.get(participation.pk, (None, None))
        facts[participation.pk] = ParticipationFacts(
            id=participation.pk,
            pseudonym=participation.annotator.pseudonym,
            is_simulated=participation.annotator.is_simulated,
            n_skipped=participation.n_skipped,
            started_at=participation.started_at,
            withdrawn_at=participation.withdrawn_at,
            last_at=last_at,
            median_seconds=median,
        )
    return facts


def participation_of_pseudonym(study: Study, pseudonym: str) -> Participation | None:
    return Participation.objects.filter(study=study, annotator__pseudonym=pseudonym).select_related("annotator").first()
