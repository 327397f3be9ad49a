"""Which images of a study are strong: by the researcher's rating, or else by what people felt.

`Stimulus.is_strong` is kept here, so that lending asks one column. The share of strong feelings follows the responses:
a task looks at what changed since it looked last, and its cost follows the change.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction

from annotation.care.options import CareOptions
from annotation.models import CareMark, Stimulus, Study
from annotation.queries import changes_since, stimulus_ids_in_chunks
from annotation.strong_feelings import strong_label_ids
from jobs.services import start_job

STIMULI_AT_ONCE = 2_000
JOB_KINDS = ("learn_strength", "mark_strong")
Progress = Callable[[int, int], None]

# In the order of ids, as everybody who locks several stimuli; rows that are right already are not written.
_MARK = """
    with right_now as (
      select id, case when %(separates)s then
          coalesce(strength_rated, case when %(learns)s then strength_learned end, 0) >= %(from)s end as is_strong
      from annotation_stimulus where study_id = %(study)s and (%(ids)s::bigint[] is null or id = any(%(ids)s::bigint[]))
    ), wrong as materialized (
      select s.id, r.is_strong from annotation_stimulus s join right_now r on r.id = s.id
      where s.is_strong is distinct from r.is_strong order by s.id for no key update of s
    )
    update annotation_stimulus s set is_strong = wrong.is_strong from wrong where s.id = wrong.id
"""
# Accepted answers of people; simulated ones say nothing about what is hard to look at.
_LEARN = """
    with felt as (
      select i.id, count(r.id) as n, count(r.id) filter (where r.label = any(%(strong)s)) as n_strong
      from unnest(%(ids)s::bigint[]) as i(id)
      left join annotation_response r
        on r.stimulus_id = i.id and r.status = 'accepted' and r.label <> '' and not r.is_simulated
      group by i.id
    ), learned as (
      select id, case when n >= %(least)s then n_strong::float / n end as strength from felt
    ), wrong as materialized (
      select s.id, l.strength from annotation_stimulus s join learned l on l.id = s.id
      where s.strength_learned is distinct from l.strength order by s.id for no key update of s
    )
    update annotation_stimulus s set strength_learned = wrong.strength from wrong where s.id = wrong.id
"""


def mark_strong(study: Study, stimulus_ids: Sequence[int] | None = None) -> int:
    """Brings `is_strong` of these stimuli (None = all of the study) up to date. Returns how many changed."""
    care = CareOptions.of(study.care)
    values = {
        "study": study.pk,
        "separates": care.separates_strong,
        "learns": care.learn_strength,
        "from": care.strong_from,
        "ids": list(stimulus_ids) if stimulus_ids is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK, values)
        return int(cursor.rowcount)


def follow_care(study: Study, before: dict[str, Any]) -> None:
    """The study's settings of care were changed: marks its images anew, and has them learned where that is new.

    A few images are marked at once; of many nobody waits for the last one, since a job does it.
    """
    was, now = CareOptions.of(before), CareOptions.of(study.care)
    learns_anew = now.learn_strength and (not was.learn_strength or was.least_responses != now.least_responses)
    marks_anew = (was.separates_strong, was.strong_from, was.learn_strength) != (
        now.separates_strong,
        now.strong_from,
        now.learn_strength,
    )
    if marks_anew and Stimulus.objects.filter(study=study).count() <= STIMULI_AT_ONCE:
        mark_strong(study)
    elif marks_anew and not learns_anew:
        start_job("mark_strong", study_key=study.slug)
    if learns_anew:
        start_job("learn_strength", study_key=study.slug)  # marks as well


def mark_strong_in_all(study: Study, progress: Progress = lambda done, total: None) -> int:
    """The same for every stimulus of the study, some thousands at a time. Returns how many changed their mark."""
    return _in_all(study, mark_strong, progress)


def learn_strength(study: Study, stimulus_ids: Sequence[int]) -> int:
    """Counts the strong feelings of these stimuli anew and marks them. Returns how many changed their mark."""
    care = CareOptions.of(study.care)
    values: dict[str, Any] = {
        "ids": list(stimulus_ids),
        "strong": strong_label_ids(study.labels),
        "least": care.least_responses,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LEARN, values)
        return mark_strong(study, stimulus_ids)


def learn_strength_of_all(study: Study, progress: Progress = lambda done, total: None) -> int:
    """The same for every stimulus of the study, some thousands at a time. Returns how many changed their mark."""
    return _in_all(study, learn_strength, progress)


def _in_all(study: Study, act: Callable[[Study, list[int]], int], progress: Progress) -> int:
    n_changed = done = 0
    total = Stimulus.objects.filter(study=study).count()
    for ids in stimulus_ids_in_chunks(study, STIMULI_AT_ONCE):
        progress(done, total)
        # as they are now: whoever changes the settings again meanwhile must not find older marks at the end
        study.refresh_from_db(fields=["care"])
        n_changed += act(study, ids)
        done += len(ids)
    progress(done, total)
    return n_changed


def follow_responses() -> int:
    """Learns from what changed since the last call, in the studies that want it. Returns how many stimuli it looked at.

    After a restore on another server nothing can be said about what changed, and everything is counted.
    """
    studies = {study.pk: study for study in Study.objects.filter(care__learn_strength=True)}
    if not studies:
        return 0
    n_looked = 0
    with transaction.atomic():
        mark, _ = CareMark.objects.select_for_update().get_or_create(pk=1)
        changes = changes_since(mark.seen or None)
        for study_id, study in studies.items():
            if changes.started_anew:
                learn_strength_of_all(study)
            for start in range(0, len(ids := changes.stimuli.get(study_id, [])), STIMULI_AT_ONCE):
                learn_strength(study, ids[start : start + STIMULI_AT_ONCE])
            n_looked += len(ids)
        mark.seen = changes.seen
        mark.save(update_fields=["seen"])
    return n_looked
