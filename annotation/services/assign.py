"""Lend stimuli to annotators, and take leases back that ran out.

Source of the method: one conditional write per slot (docs/architecture.md, 2). The trigger on assignments moves
`open_slots`; the check on the stimulus refuses one too many, whichever code asks.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from annotation.models import Assignment, Participation, Study

HELD_AHEAD = 2  # the image on the screen and the one preloaded behind it

# The first open stimulus of the ring from the person's place on, that she has not had. Two branches instead of an OR,
# so that each walks the partial index and stops at its first row.
_NEXT_STIMULUS = """
    select s.id, s.rank from annotation_stimulus s
    where s.study_id = %(study)s and s.open_slots > 0 and s.rank {part}
      and not exists (
        select 1 from annotation_assignment a where a.stimulus_id = s.id and a.participation_id = %(participation)s
          and not (a.state = 'expired' and %(again)s)
      )
    order by s.rank
    limit 1
    for update of s skip locked
"""
_LEND = """
    insert into annotation_assignment
      (study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
    values (%(study)s, %(stimulus)s, %(participation)s, 'leased', %(sequence)s, %(now)s, %(expires)s, '')
    on conflict (stimulus_id, participation_id) do update
      set state = 'leased', sequence = excluded.sequence, leased_at = excluded.leased_at, expires_at = excluded.expires_at
      where annotation_assignment.state = 'expired'
    returning id
"""


@dataclass(frozen=True)
class HeldAssignment:
    """An assignment a person holds, with what the page needs to show it."""

    id: int
    sequence: int
    expires_at: datetime
    stimulus_key: str
    image_sha256: str
    width: int | None
    height: int | None
    description: str
    name: str


def held_assignments(participation: Participation) -> list[HeldAssignment]:
    """What the person holds now, in her order. Leases that ran out are not among them."""
    rows = (
        Assignment.objects.filter(participation=participation, state=Assignment.LEASED, expires_at__gt=timezone.now())
        .order_by("sequence")
        .values_list(
            "id",
            "sequence",
            "expires_at",
            "stimulus__key",
            "stimulus__image_sha256",
            "stimulus__width",
            "stimulus__height",
            "stimulus__description",
            "stimulus__name",
        )
    )
    return [HeldAssignment(*row) for row in rows]


def assign_ahead(*, participation: Participation, study: Study) -> list[HeldAssignment]:
    """Lends until the person holds HELD_AHEAD assignments, or nothing is left for her; returns what she holds.

    The participation's row is locked, so two tabs of one person lend one after the other.
    """
    with transaction.atomic():
        locked = Participation.objects.select_for_update().get(pk=participation.pk)
        held = held_assignments(locked)
        if not study.is_open or locked.withdrawn_at:
            return held
        lent = False
        while len(held) < HELD_AHEAD and _lend_one(locked, study):
            lent = True
            held = [*held, None]  # type: ignore[list-item]  # only counted here; read below with its stimulus
        return held_assignments(locked) if lent else held


def _lend_one(participation: Participation, study: Study) -> int | None:
    now = timezone.now()
    # a lease that ran out goes to the person again only when nothing else is left for her
    for again in (False, True):
        found = _find_open(participation, study, again=again)
        if found is None and again and expire_leases(study=study):
            found = _find_open(participation, study, again=True)
        if found is None:
            continue
        stimulus, rank = found
        with connection.cursor() as cursor:
            cursor.execute(
                _LEND,
                {
                    "study": study.pk,
                    "stimulus": stimulus,
                    "participation": participation.pk,
                    "sequence": participation.next_sequence,
                    "now": now,
                    "expires": now + timedelta(seconds=study.lease_seconds),
                },
            )
            row = cursor.fetchone()
        participation.next_sequence += 1
        participation.ring_place = rank
        participation.save(update_fields=["next_sequence", "ring_place"])
        return int(row[0])
    return None


def _find_open(participation: Participation, study: Study, *, again: bool) -> tuple[int, int] | None:
    """Locks the next open stimulus for the person and returns its id and rank, or None."""
    # the ring goes on where the person is, so that what she has had is not walked past again and again
    start = participation.ring_place if study.order == Study.RING else 0
    parts = ["> %(start)s", "<= %(start)s"] if start else [">= %(start)s"]
    with connection.cursor() as cursor:
        for part in parts:
            cursor.execute(
                _NEXT_STIMULUS.format(part=part),
                {"study": study.pk, "participation": participation.pk, "start": start, "again": again},
            )
            row = cursor.fetchone()
            if row:
                return int(row[0]), int(row[1])
    return None


def expire_leases(*, study: Study | None = None) -> int:
    """Takes leases back that ran out, so that their slots are open again. Returns how many.

    Rows that somebody is answering this moment are locked, and skipped: their answer decides.
    """
    due = Assignment.objects.filter(state=Assignment.LEASED, expires_at__lte=timezone.now())
    if study is not None:
        due = due.filter(study=study)
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).order_by("stimulus_id").values_list("pk", flat=True)[:5000])
        return Assignment.objects.filter(pk__in=ids, state=Assignment.LEASED).update(state=Assignment.EXPIRED)


def options_shown(participation: Participation, study: Study) -> dict[str, list[str]]:
    """The order in which this person sees each step's options: hers for the whole study."""
    orders: dict[str, list[str]] = {}
    for step in study.parsed_steps:
        ids = step.kind.option_ids(step.options)
        if ids and study.counterbalance_options:
            random.Random(f"{participation.option_seed}/{step.name}").shuffle(ids)
        if ids:
            orders[step.name] = ids
    return orders
