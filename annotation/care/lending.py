"""What lending owes a person: no theme she declined, not too many strong images, and others between two of them.

`Participation.care` holds what must be known for that, so a response in a study without care costs no statement more:
declined, n_declined (themes.py); practised: stimuli she practised on (annotation/training/practice.py); n_strong:
strong images lent to her; last_strong: the place of the last one, counted as the number of images before it;
recent_strong: the last assignments of strong images, as many as an hour may have.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from annotation.care.options import limits_strong
from annotation.models import Participation, Stimulus, Study

COUNT_SECONDS = 30

# How many of these strong images she still holds or looked at in the last hour. When one was skipped, or a lease ran
# out, is not stored: those count for longer rather than shorter.
_IN_THE_LAST_HOUR = """
    select count(*) from annotation_assignment a left join annotation_response r on r.assignment_id = a.id
    where a.id = any(%(ids)s) and (
      a.state = 'leased' or r.created_at > %(hour_ago)s
      or (r.id is null and a.state = 'skipped' and a.expires_at > %(hour_ago)s)
      or (r.id is null and a.state = 'expired' and a.leased_at > %(hour_ago)s))
"""


# By the image and not by the stimulus: one image is a stimulus of its own in every study and in every pair of texts.
# Whoever answered too late for a slot, or took her answer back, has looked and written as well.
_NEVER_ASKED = """ and (s.image_sha256 = '' or not exists (
      select 1 from annotation_participation me
      join annotation_assignment had on had.participation_id = me.id
        and had.state in ('answered', 'surplus', 'withdrawn', 'leased')
      join annotation_stimulus seen on seen.id = had.stimulus_id
      where me.annotator_id = %(judge)s and seen.image_sha256 = s.image_sha256))"""


@dataclass(frozen=True)
class Limits:
    """What may not be lent to a person now. `sql`: further conditions on annotation_stimulus s, with `values`.

    judge: the annotator, where the study judges what others felt: no image that she was asked about, in any study.
    """

    mild_only: bool = False
    declined: tuple[str, ...] = ()
    practised: tuple[int, ...] = ()
    judge: int = 0

    @property
    def sql(self) -> str:
        mild = " and s.is_strong = false" if self.mild_only else ""
        themes = " and not s.themes && %(declined)s::varchar[]" if self.declined else ""
        practised = " and s.id <> all(%(practised)s::bigint[])" if self.practised else ""
        return mild + themes + practised + (_NEVER_ASKED if self.judge else "")

    @property
    def values(self) -> dict[str, Any]:
        lists = {"declined": list(self.declined), "practised": list(self.practised)}
        return {name: values for name, values in lists.items() if values} | (
            {"judge": self.judge} if self.judge else {}
        )


NO_LIMITS = Limits()


def limits_now(participation: Participation, study: Study, n_held: int) -> Limits:
    """What holds for the next image, when the person holds `n_held` that come before it."""
    judge = _judge(participation, study)
    if not study.care and not participation.care and not judge:
        return NO_LIMITS
    return Limits(_mild_only(participation, study.care, n_held), *_never(participation), judge)


def limits_far_ahead(participation: Participation, study: Study) -> Limits:
    """What holds for images that nobody counts when they are looked at: where strong ones are limited, none of them."""
    judge = _judge(participation, study)
    if not study.care and not participation.care and not judge:
        return NO_LIMITS
    return Limits(limits_strong(study.care), *_never(participation), judge)


def _judge(participation: Participation, study: Study) -> int:
    return participation.annotator_id if any(step.kind.judges for step in study.parsed_steps) else 0


def _never(participation: Participation) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """What she never gets: themes she declined, images she practised on."""
    return tuple(participation.care.get("declined", ())), tuple(participation.care.get("practised", ()))


def _mild_only(participation: Participation, care: dict[str, Any], n_held: int) -> bool:
    if not limits_strong(care):
        return False
    had = participation.care
    most = care.get("most_strong")
    if most is not None and had.get("n_strong", 0) >= most:
        return True
    last = had.get("last_strong")
    if last is not None and _place(participation, n_held) - last - 1 < care.get("others_between_strong", 0):
        return True
    most_per_hour, recent = care.get("most_strong_per_hour"), had.get("recent_strong", ())
    if most_per_hour is None or len(recent) < most_per_hour:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_IN_THE_LAST_HOUR, {"ids": list(recent), "hour_ago": timezone.now() - timedelta(hours=1)})
        return bool(cursor.fetchone()[0] >= most_per_hour)


def _place(participation: Participation, n_held: int) -> int:
    """How many images come before the next one: those she is done with and those she holds."""
    return participation.n_answered + participation.n_skipped + n_held


def note_strong(locked: Participation, study: Study, assignment_id: int, n_held: int) -> None:
    """A strong image was lent to her. Call it with her row locked, in studies that limit strong images."""
    most_per_hour = study.care.get("most_strong_per_hour") or 0
    recent = [*locked.care.get("recent_strong", ()), assignment_id][-most_per_hour:] if most_per_hour else []
    locked.care = {
        **locked.care,
        "n_strong": locked.care.get("n_strong", 0) + 1,
        "last_strong": _place(locked, n_held),
        "recent_strong": recent,
    }
    locked.save(update_fields=["care"])


def n_out_of_reach(participation: Participation, study: Study) -> int:
    """How many images cannot come to her any more, by her choice or by the study's limit: they count as done."""
    most = study.care.get("most_strong")
    too_many = max(0, n_strong(study) - most) if most is not None else 0
    return int(participation.care.get("n_declined", 0)) + too_many + len(participation.care.get("practised", ()))


def n_strong(study: Study) -> int:
    """Number of the study's strong images, at most half a minute old; kept in the process, as queries.n_available."""
    key = f"n_strong/{study.pk}"
    count = caches["local"].get(key)
    if count is None:
        count = Stimulus.objects.filter(study=study, is_strong=True).count()
        caches["local"].set(key, count, COUNT_SECONDS)
    return int(count)
