"""Counts a study from its responses, compares with the figures that followed every change, and mends what differs."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from analysis.models import ChangeMark, Recount
from analysis.queries import study_statistics
from analysis.services.count_everything import count_and_compare, count_and_replace
from analysis.services.count_study import StudyCount, is_of_another_program
from analysis.services.refresh_statistics import bring_up_to_date, keep_recount, lock_mark, refresh_statistics
from annotation.queries import changes_since

#: How often a moment is looked for at which every answer of the study is counted; it lasts until the next answer.
TRIES = 5


def recount(*, study: Any, on_progress: Callable[[int], None] = lambda _: None) -> Recount:
    """One recount, kept as a row. on_progress: told the number of stimuli counted so far; may raise to stop it.

    It counts on one moment's view of the database and holds up nobody. Only where it finds a difference does it lock
    the statistics, count once more and replace what is wrong.
    """
    began = time.monotonic()
    if _is_equal_at_one_moment(study, on_progress):
        _draw_figures_anew(study)
        return keep_recount(study, [], seconds=time.monotonic() - began)
    with transaction.atomic():
        bring_up_to_date(lock_mark())
        differences = count_and_replace(study, on_progress)
        result = keep_recount(study, differences, seconds=time.monotonic() - began)
    return result


def _draw_figures_anew(study: Any) -> None:
    """Of a study that nobody has answered since the program changed, figures that the one before drew from the sums."""
    if not _is_of_another_program(study):
        return
    with transaction.atomic():
        bring_up_to_date(lock_mark())
        count = StudyCount.stored(study) if _is_of_another_program(study) else None
        if count is not None:
            count.store()


def _is_of_another_program(study: Any) -> bool:
    statistics = study_statistics(study.pk)
    return statistics is not None and is_of_another_program(statistics)


def _is_equal_at_one_moment(study: Any, on_progress: Callable[[int], None]) -> bool:
    """Whether the figures are right; False also where answers come too fast to find a moment of rest."""
    if connection.in_atomic_block:
        return False  # the caller's transaction has its own view already; count under the lock
    for _ in range(TRIES):
        refresh_statistics(wait=True)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
            mark = ChangeMark.objects.get(name=ChangeMark.RESPONSES)
            changes = changes_since(mark.seen)
            if not changes.started_anew and study.pk not in changes.stimuli:
                return not count_and_compare(study, on_progress)
    return False
