"""Lend stimuli to annotators, and take leases back that ran out.

Source of the method: one conditional write per slot (docs/architecture.md, 2). The trigger on assignments moves
`open_slots`; the check on the stimulus refuses one too many, whichever code asks.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from annotation.care.lending import Limits, limits_now, note_strong
from annotation.care.options import limits_strong
from annotation.models import Participation, Study
from annotation.prepared import Prepared
from annotation.services.caps import may_lend
from annotation.services.lock_participation import lock_participation

HELD_AHEAD = 2  # the image on the screen and the one preloaded behind it

# Lends the first open stimulus of the ring from the person's place on that she has not had. {where}: which part of the
# ring, and what else must be so for an image to be lent to her. Two parts instead of an OR, so that each walks the
# partial index and stops at its first row. `no key`: who stores an answer to this stimulus need not wait for whoever
# lends it. A subquery in brackets instead of `not exists`: the server looks one row up per stimulus, and never reads
# everything the person has had.
LEND = """
    found as (
      select s.id, s.rank, s.key, s.image_sha256, s.width, s.height, s.description, s.name, s.content_note, s.is_strong
      from annotation_stimulus s
      where s.study_id = %(study)s and s.is_open and {where}
        and coalesce((
          select a.state from annotation_assignment a
          where a.stimulus_id = s.id and a.participation_id = %(participation)s
        ), 'never') = any(%(free)s::text[])
      order by {order}
      limit 1
      for no key update of s {patience}
    ), lent as (
      insert into annotation_assignment
        (study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
      select %(study)s, id, %(participation)s, 'leased', %(next_sequence)s, %(now)s, %(lease_ends)s, '' from found
      on conflict (stimulus_id, participation_id) do update set state = 'leased', sequence = excluded.sequence,
        leased_at = excluded.leased_at, expires_at = excluded.expires_at
        where annotation_assignment.state = 'expired'
      returning id
    )
"""
_LEND_NEXT = """
    with {lend}
    select lent.id, found.key, found.image_sha256, found.width, found.height, found.description, found.name,
      found.content_note, found.is_strong, found.rank
    from lent, found
"""
# In the order of HeldAssignment's fields. Ordered by a.sequence wherever it stands: so its own index is the best plan.
HELD = """
    select a.id, a.sequence, a.expires_at, s.key, s.image_sha256, s.width, s.height, s.description, s.name,
      s.content_note, s.is_strong
    from annotation_assignment a join annotation_stimulus s on s.id = a.stimulus_id
    where a.participation_id = %(participation)s and a.state = 'leased' and a.expires_at > %(now)s
"""
_HELD = Prepared(HELD + " order by a.sequence")
# Rows that somebody uses this moment, leases or their stimuli, are passed over and not waited for: an answer on its way
# decides by itself, and whoever waits for nobody is in no deadlock.
_EXPIRE = """
    update annotation_assignment set state = 'expired' where id in (
      select a.id from annotation_assignment a join annotation_stimulus s on s.id = a.stimulus_id
      where a.state = 'leased' and a.expires_at <= %(now)s and (%(study)s is null or a.study_id = %(study)s)
      order by a.expires_at limit 5000 for no key update of a, s skip locked
    )
"""
_MAY_COME = """
    select exists (
      select 1 from annotation_stimulus s where s.study_id = %(study)s {limits}
        and (s.open_slots > 0 or exists (
          select 1 from annotation_assignment o where o.stimulus_id = s.id and o.state = 'leased'))
        and not exists (
          select 1 from annotation_assignment a where a.stimulus_id = s.id and a.participation_id = %(participation)s
            and a.state <> 'expired')
    )
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
    content_note: str
    is_strong: bool | None


Lent = tuple[HeldAssignment, int]  # a new one, and its place in the ring


def held_assignments(participation: Participation) -> list[HeldAssignment]:
    """What the person holds now, in her order. Leases that ran out are not among them."""
    return [HeldAssignment(*row) for row in _HELD.rows(participation=participation.pk, now=timezone.now())]


def assign_ahead(*, participation: Participation, study: Study) -> list[HeldAssignment]:
    """Lends until the person holds HELD_AHEAD assignments, or nothing is left for her; returns what she holds.

    Her row is locked, so two tabs of one person lend one after the other; the counts of the given `participation` are
    brought up to date. Raises NotTakingPart.
    """
    held = _assign(participation, study, wait=False)
    if not held and study.is_open:
        # perhaps others lend the last images at this very moment; a new transaction, which holds no stimulus yet
        held = _assign(participation, study, wait=True)
    return held


def _assign(participation: Participation, study: Study, *, wait: bool) -> list[HeldAssignment]:
    with transaction.atomic():
        locked = lock_participation(participation)
        before = locked.next_sequence
        held = lend_ahead(locked, study, wait=wait)
        if locked.next_sequence != before:
            locked.save(update_fields=["next_sequence", "ring_place"])
    participation.n_answered, participation.n_skipped = locked.n_answered, locked.n_skipped
    participation.care, participation.pace, participation.reserved = locked.care, locked.pace, locked.reserved
    return held


def gets_work(participation: Participation, study: Study) -> bool:
    """Whether this person may be lent anything in this study now."""
    return study.is_open and participation.may_get_work and participation.is_prepared


def lend_ahead(
    locked: Participation, study: Study, *, held: list[HeldAssignment] | None = None, wait: bool = False
) -> list[HeldAssignment]:
    """The work of `assign_ahead` inside a caller's transaction that holds the person's row.

    The caller saves her `next_sequence` and `ring_place`. held: what she holds, where the caller knows it.
    wait: wait for stimuli in other people's hands instead of passing them over; only for a transaction that has locked
    no stimulus yet, or two could wait for each other.
    """
    held = held_assignments(locked) if held is None else held
    while gets_work(locked, study) and len(held) < HELD_AHEAD:
        if study.limits and not may_lend(locked, study, len(held), wait=wait and not held):
            break
        limits = limits_now(locked, study, len(held))
        found = _wait_and_lend(locked, study, limits) if wait and not held else _lend_one(locked, study, limits)
        if found is None:
            break
        note_lent(locked, study, found[0], len(held), found[1])
        held.append(found[0])
    return held


def note_lent(locked: Participation, study: Study, new: HeldAssignment, n_held: int, ring_place: int) -> None:
    """Notes on the person's locked row that an image was lent to her, who held `n_held` before it.

    The caller saves her `next_sequence` and `ring_place`.
    """
    locked.next_sequence += 1
    locked.ring_place = ring_place
    if new.is_strong and limits_strong(study.care):
        note_strong(locked, study, new.id, n_held)


def _lend_one(locked: Participation, study: Study, limits: Limits) -> Lent | None:
    # the ring goes on where the person is, so that what she has had is not walked past again and again
    parts = ring_parts(locked, study)
    # a lease that ran out goes to the person again only when nothing else is left for her
    new = _lend_next(locked, study, limits, parts, again=False) or _lend_next(locked, study, limits, parts, again=True)
    if new is None and expire_leases(study=study):
        new = _lend_next(locked, study, limits, parts, again=True)
    return new


def _wait_and_lend(locked: Participation, study: Study, limits: Limits) -> Lent | None:
    # By id, the order in which everybody waits: a row that was waited for in vain stays locked.
    return _lend_next(locked, study, limits, ["true"], again=True, order="s.id", patience="")


def _lend_next(
    locked: Participation,
    study: Study,
    limits: Limits,
    parts: list[str],
    *,
    again: bool,
    order: str = "s.rank",
    patience: str = "skip locked",
) -> Lent | None:
    values = lend_values(locked, study, limits, again=again)
    for part in parts:
        row = _lend_statement(part + limits.sql, order, patience).row(**values)
        if row:
            return HeldAssignment(row[0], locked.next_sequence, values["lease_ends"], *row[1:9]), row[9]
    return None


def ring_parts(locked: Participation, study: Study) -> list[str]:
    """The parts of the study's images in which to look for the next one, in this order, for LEND's {where}."""
    in_ring = study.order == Study.RING and locked.ring_place
    return ["s.rank > %(start)s", "s.rank <= %(start)s"] if in_ring else ["true"]


def lend_values(locked: Participation, study: Study, limits: Limits, *, again: bool) -> dict[str, Any]:
    """The values LEND needs. again: also what she had and let run out."""
    now = timezone.now()
    return {
        "study": study.pk,
        "participation": locked.pk,
        "start": locked.ring_place,
        "free": ["never", "expired"] if again else ["never"],
        "next_sequence": locked.next_sequence,
        "now": now,
        "lease_ends": now + timedelta(seconds=study.lease_seconds),
        **limits.values,
    }


@cache
def _lend_statement(where: str, order: str, patience: str) -> Prepared:
    return Prepared(_LEND_NEXT, lend=LEND.format(where=where, order=order, patience=patience))


def nothing_left(*, participation: Participation, study: Study) -> bool:
    """Whether no image of the study can come to this person any more, not even one that others hold at present.

    What she declined cannot, nor, where she may have no strong image now, a strong one: nobody waits an hour for it.
    """
    limits = limits_now(participation, study, n_held=0)
    values = {"study": study.pk, "participation": participation.pk, **limits.values}
    with connection.cursor() as cursor:
        cursor.execute(_MAY_COME.format(limits=limits.sql), values)
        row = cursor.fetchone()
    return not (row and row[0])


def expire_leases(*, study: Study | None = None) -> int:
    """Takes leases back that ran out, so that their slots are open again. Returns how many, at most 5,000 at once."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": timezone.now(), "study": study.pk if study else None})
        return int(cursor.rowcount)


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
