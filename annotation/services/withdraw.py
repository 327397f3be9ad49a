"""A person takes one answer, or everything, back. What is withdrawn leaves every later statistic and snapshot."""

from django.db import transaction
from django.utils import timezone

from annotation.models import Assignment, Participation, Response, ResponseRevision, SnapshotRecord


def withdraw_response(*, response: Response) -> Response:
    """Removes the answer's content and opens its slot again; the row stays as a tombstone. Twice is as once."""
    with transaction.atomic():
        Participation.objects.select_for_update().get(pk=response.participation_id)
        _withdraw([response.pk])
    response.refresh_from_db()
    return response


def withdraw_participation(*, participation: Participation) -> int:
    """Withdraws everything the person gave in this study and ends her part in it. Returns how many answers."""
    with transaction.atomic():
        locked = Participation.objects.select_for_update().get(pk=participation.pk)
        ids = list(
            Response.objects.filter(participation=locked)
            .exclude(status=Response.WITHDRAWN)
            .order_by("stimulus_id")
            .values_list("pk", flat=True)
        )
        _withdraw(ids)
        Assignment.objects.filter(participation=locked, state=Assignment.LEASED).update(state=Assignment.WITHDRAWN)
        if locked.withdrawn_at is None:
            locked.withdrawn_at = timezone.now()
            locked.save(update_fields=["withdrawn_at"])
    return len(ids)


def _withdraw(response_ids: list[int]) -> None:
    now = timezone.now()
    responses = Response.objects.filter(pk__in=response_ids).exclude(status=Response.WITHDRAWN)
    assignments = list(responses.values_list("assignment_id", flat=True))
    studies = set(responses.values_list("study_id", flat=True))
    ResponseRevision.objects.filter(response_id__in=response_ids).delete()
    responses.update(status=Response.WITHDRAWN, answers={}, label="", signals={}, updated_at=now)
    Assignment.objects.filter(pk__in=assignments).update(state=Assignment.WITHDRAWN)
    SnapshotRecord.objects.filter(study_id__in=studies, created_at__lte=now).update(contains_withdrawn=True)
