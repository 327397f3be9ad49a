"""A person takes one answer, or everything, back. What is withdrawn leaves every later statistic and snapshot."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.care.forget import forget_care
from annotation.machine_texts.forget import forget_machine_texts, forget_turns
from annotation.models import (
    Assignment,
    AttentionAnswer,
    DemographicAnswers,
    Participation,
    PersonSignals,
    PracticeAnswer,
    QualityFlag,
    Response,
    ResponseRevision,
)
from annotation.services.mark_snapshots import hold_snapshots, mark_snapshots
from annotation.training.forget import forget_training


def withdraw_response(*, response: Response) -> Response:
    """Removes the answer's content and opens its slot again; the row stays as a tombstone. Twice is as once.

    What was computed from it (statistics, signals, the text that copies are searched in) follows within seconds, by the
    jobs that follow every change.
    """
    with transaction.atomic():
        copied = copied_parts(response.participation)
        hold_snapshots({response.study_id, *(part.study_id for part in copied)})
        locked = Participation.objects.select_for_update(no_key=True).get(pk=response.participation_id)
        _withdraw_copies(copied, Response.objects.filter(pk=response.pk))
        _count(locked, _empty(Response.objects.filter(pk=response.pk)))
        Assignment.objects.filter(pk=response.assignment_id).update(state=Assignment.WITHDRAWN)
        _leave_undecided(QualityFlag.objects.filter(response_id=response.pk))
    response.refresh_from_db()
    return response


def withdraw_participation(*, participation: Participation) -> int:
    """Withdraws everything the person gave in this study and ends her part in it. Returns how many answers.

    Besides her answers go: what she wrote when she skipped, practised or asked about a decision, her moods and
    choices, what she said about herself, how she rated what a network wrote. The counts of answers, skips and pay stay.
    """
    with transaction.atomic():
        copied = copied_parts(participation)
        hold_snapshots({participation.study_id, *(part.study_id for part in copied)})
        locked = Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)
        for part in _withdraw_copies(copied, Response.objects.filter(participation=locked)):
            _end_part(part)
        n_withdrawn = _empty(Response.objects.filter(participation=locked))
        _count(locked, n_withdrawn)
        # one statement for all her slots, so that their stimuli are locked in one order (migration 0002)
        Assignment.objects.filter(participation=locked).exclude(state=Assignment.SKIPPED).update(
            state=Assignment.WITHDRAWN
        )
        Assignment.objects.filter(participation=locked).exclude(skip_reason="").update(skip_reason="")
        QualityFlag.objects.filter(participation=locked).exclude(appeal="").update(appeal="")
        _leave_undecided(QualityFlag.objects.filter(participation=locked))
        PersonSignals.objects.filter(pk=locked.pk).delete()
        PracticeAnswer.objects.filter(participation=locked).delete()
        AttentionAnswer.objects.filter(participation=locked).update(answers={})
        DemographicAnswers.objects.filter(pk=locked.pk).delete()
        _end_part(locked)
        forget_care(locked)
        forget_training(locked)
        forget_machine_texts(locked)
    return n_withdrawn


def copied_parts(participation: Participation) -> list[Participation]:
    """Her parts in studies that were brought in here as snapshots: what she takes back goes from these copies, too."""
    if participation.is_imported:
        return []
    parts = Participation.objects.filter(annotator_id=participation.annotator_id, is_imported=True)
    return list(parts.order_by("pk"))


def _withdraw_copies(copied: list[Participation], responses: QuerySet[Response]) -> list[Participation]:
    """Empties the copies of these responses. Returns the parts in which nothing of hers is left by that."""
    if not copied:
        return []
    # the same image at the same moment: a copy of this very answer, and not of one in another study
    given = set(responses.exclude(status=Response.WITHDRAWN).values_list("stimulus__key", "created_at"))
    emptied = []
    for part in copied:
        locked = Participation.objects.select_for_update(no_key=True).get(pk=part.pk)
        standing = Response.objects.filter(participation=locked).exclude(status=Response.WITHDRAWN)
        rows = standing.values_list("pk", "assignment_id", "stimulus__key", "created_at")
        same = [(pk, assignment_id) for pk, assignment_id, *what in rows if tuple(what) in given]
        if not same:
            continue
        _count(locked, _empty(Response.objects.filter(pk__in=[pk for pk, _ in same])))
        ended = Assignment.objects.filter(pk__in=[assignment_id for _, assignment_id in same])
        ended.update(state=Assignment.WITHDRAWN)
        if not standing.exists():
            emptied.append(locked)
    return emptied


def _end_part(locked: Participation) -> None:
    if locked.withdrawn_at is None:
        locked.withdrawn_at = timezone.now()
        locked.save(update_fields=["withdrawn_at"])
        # a snapshot lists who took part, with an answer or without
        mark_snapshots(study_id=locked.study_id, since=locked.started_at)


def _leave_undecided(flags: QuerySet[QualityFlag]) -> None:
    """Nobody has to look at what is gone."""
    flags.filter(state=QualityFlag.OPEN).update(state=QualityFlag.DECIDED, decided_at=timezone.now())


def _count(locked: Participation, n_withdrawn: int) -> None:
    """What was given stays counted, for progress and pay; what was taken back is counted beside it."""
    locked.n_withdrawn += n_withdrawn
    locked.save(update_fields=["n_withdrawn"])


def _empty(responses: QuerySet[Response]) -> int:
    """Removes the content of these responses, present and earlier. Returns how many had any."""
    # locked first: a revision that is being written must be finished before the earlier versions are deleted
    rows = list(
        responses.exclude(status=Response.WITHDRAWN)
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", "study_id", "created_at")
    )
    ids = [pk for pk, _, _ in rows]
    ResponseRevision.objects.filter(response_id__in=ids).delete()
    forget_turns(ids)
    Response.objects.filter(pk__in=ids).update(
        status=Response.WITHDRAWN, answers={}, label="", signals={}, updated_at=timezone.now()
    )
    for study_id in {study_id for _, study_id, _ in rows}:
        mark_snapshots(study_id=study_id, since=min(created for _, study, created in rows if study == study_id))
    return len(ids)
