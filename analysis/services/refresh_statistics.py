"""Brings every study's figures up to what people have answered, at a cost that follows the change."""

import logging
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from analysis.models import ChangeMark, Recount, StudyStatistics
from analysis.services.count_everything import count_and_replace
from analysis.services.count_study import StudyCount, forget_study
from analysis.statistics import SumsMismatch
from annotation.queries import changes_since, has_changed_since, ids_of_studies_with_responses, studies_by_ids

logger = logging.getLogger(__name__)

#: Sentences kept of one recount; their number is kept in full.
MOST_DIFFERENCES = 50


@dataclass(frozen=True)
class Refreshed:
    """What one refresh did. busy: another one is at work, which finds the same changes."""

    n_studies: int = 0
    n_stimuli: int = 0
    busy: bool = False


def refresh_statistics(*, wait: bool = False) -> Refreshed:
    """Counts the stimuli whose responses changed since the last refresh, and no others.

    wait: wait for a refresh or recount that is at work, instead of leaving the changes to it.
    Where nothing changed it costs one look at the mark and one at two indexes.
    """
    seen = ChangeMark.objects.filter(name=ChangeMark.RESPONSES).values_list("seen", flat=True).first()
    if seen and not has_changed_since(seen):
        return Refreshed()
    with transaction.atomic():
        mark = lock_mark(wait=wait)
        if mark is None:
            return Refreshed(busy=True)
        return bring_up_to_date(mark)


def lock_mark(*, wait: bool = True) -> ChangeMark | None:
    """The mark, locked until the transaction ends; None if somebody else holds it and we do not wait."""
    ChangeMark.objects.get_or_create(name=ChangeMark.RESPONSES)
    locked = ChangeMark.objects.select_for_update(skip_locked=not wait)
    return locked.filter(name=ChangeMark.RESPONSES).first()


def bring_up_to_date(mark: ChangeMark | None) -> Refreshed:
    """The work of a refresh, for a caller that holds the mark's lock."""
    if mark is None:
        return Refreshed(busy=True)
    changes = changes_since(mark.seen or None)
    if changes.started_anew:
        n_stimuli = _count_all_studies(after_restore=bool(mark.seen))
        n_studies = StudyStatistics.objects.count()
    else:
        studies = studies_by_ids(changes.stimuli)
        for study_id, stimulus_ids in changes.stimuli.items():
            if study_id in studies:
                _count_apart(studies[study_id], stimulus_ids)
            else:
                forget_study(study_id)  # deleted, with all its responses
        n_studies, n_stimuli = len(changes.stimuli), sum(map(len, changes.stimuli.values()))
    mark.seen = changes.seen
    mark.save(update_fields=["seen", "updated_at"])
    return Refreshed(n_studies, n_stimuli)


def _count_all_studies(*, after_restore: bool) -> int:
    """Where nothing can be said about what changed: at the very first start, and after a restore on another server."""
    if after_restore:
        logger.warning("The database was restored from another server's backup: all statistics are counted anew.")
    ids = ids_of_studies_with_responses()
    for study_id in set(StudyStatistics.objects.values_list("study_id", flat=True)) - set(ids):
        forget_study(study_id)
    studies = studies_by_ids(ids)
    for study in studies.values():
        count_and_replace(study)
    return sum(StudyStatistics.objects.filter(study_id__in=ids).values_list("n_stimuli", flat=True))


def _count_apart(study: Any, stimulus_ids: list[int]) -> None:
    """Counts one study so that a fault in it does not hold up all the others: it is left stale, and says so."""
    try:
        with transaction.atomic():
            _count_changed(study, stimulus_ids)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing was counted, and the mark stays where it was
    except Exception:
        logger.exception("Study %s cannot be counted; its figures stay as they were.", study.slug)
        StudyStatistics.objects.filter(pk=study.pk).update(labels_hash=StudyStatistics.STALE)


def _count_changed(study: Any, stimulus_ids: list[int]) -> None:
    try:
        with transaction.atomic():  # a mismatch half-way must leave nothing of this study behind
            count = StudyCount.stored(study)
            if count is not None:
                count.recount(stimulus_ids)
                count.store()
                return
    except SumsMismatch as mismatch:
        differences = [str(mismatch), *count_and_replace(study)]
        keep_recount(study, differences, seconds=0.0)
        return
    # the study's first responses, or a label set that was changed before them
    count_and_replace(study)


def keep_recount(study: Any, differences: list[str], *, seconds: float) -> Recount:
    """Keeps what a recount found, and says loudly if figures were wrong (they have been replaced)."""
    counted = StudyStatistics.objects.filter(pk=study.pk).defer("sums").first()
    if differences:
        logger.error(
            "The statistics of study %s were wrong and have been replaced: %s", study.slug, " ".join(differences[:5])
        )
    return Recount.objects.create(
        study_id=study.pk,
        is_equal=not differences,
        differences=differences[:MOST_DIFFERENCES],
        n_differences=len(differences),
        n_responses=counted.n_responses if counted else 0,
        n_stimuli=counted.n_stimuli if counted else 0,
        seconds=round(seconds, 3),
    )
