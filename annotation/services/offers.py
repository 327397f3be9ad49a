"""Work far ahead, for a device that may lose its network: what would come next, promised to nobody.

An offer is a read: no lease, no row. Its token says which stimulus was shown to whom; when the answer arrives, perhaps
days later, the assignment is made at that moment, as one whose lease ran out: it takes a slot if one is open.
"""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.care.lending import limits_far_ahead
from annotation.errors import AssignmentGone
from annotation.models import Participation, Study
from annotation.services.assign import held_assignments
from annotation.services.caps import room_left

MOST_OFFERS = 48
OFFER_SECONDS = 60 * 24 * 3600  # a device may lie in a drawer for a holiday
SALT = "annotation.offer"

# The same walk along the partial index of open stimuli as when one is lent (assign.py), and the same look-up per row.
# `<>`, since the planner takes that to hold for nearly every row, and so walks the index until it has enough; by `is
# null` it expects next to nothing, and looks up and sorts the whole study.
_NEXT = """
    select s.id, s.key, s.image_sha256, s.width, s.height, s.description, s.name, s.content_note, s.is_strong
    from annotation_stimulus s
    where s.study_id = %(study)s and s.is_open and {part}
      and coalesce((select 'had' from annotation_assignment a
                    where a.stimulus_id = s.id and a.participation_id = %(participation)s), 'never') <> 'had'
    order by s.rank limit %(n)s
"""
_MAKE = """
    insert into annotation_assignment
      (study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
    select s.study_id, s.id, %(participation)s, 'expired', %(sequence)s, %(now)s, %(now)s, ''
    from annotation_stimulus s where s.id = %(stimulus)s and s.study_id = %(study)s
    on conflict (stimulus_id, participation_id) do nothing returning id
"""
_FIND = "select id from annotation_assignment where stimulus_id = %(stimulus)s and participation_id = %(participation)s"


@dataclass(frozen=True)
class Offer:
    """A stimulus that may come next, with what the page needs to show it. token: what an answer to it carries."""

    token: str
    stimulus_key: str
    image_sha256: str
    width: int | None
    height: int | None
    description: str
    name: str
    content_note: str
    is_strong: bool | None


def next_offers(*, participation: Participation, study: Study, n: int) -> list[Offer]:
    """The next `n` stimuli (1 to MOST_OFFERS) of the person's ring that she has not had. Writes nothing.

    Empty where the study is not open. Two people may be offered the same last slot; who answers first has it.
    """
    if not (study.is_open and participation.may_get_work and participation.is_prepared):
        return []
    if study.limits:
        # what nobody counts while the network is away: as many as she may give beside those that she holds, none where
        # others may be faster
        room = room_left(participation, study.limits, len(held_assignments(participation)))
        if "most_of_study" in study.limits or room == 0:
            return []
        n = min(n, room) if room is not None else n
    in_ring = study.order == Study.RING and participation.ring_place
    parts = ["s.rank > %(start)s", "s.rank <= %(start)s"] if in_ring else ["true"]
    limits = limits_far_ahead(participation, study)
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for part in parts:
            values = {
                "study": study.pk,
                "participation": participation.pk,
                "start": participation.ring_place,
                "n": min(max(n, 1), MOST_OFFERS) - len(rows),
                **limits.values,
            }
            if values["n"] > 0:
                cursor.execute(_NEXT.format(part=part + limits.sql), values)
                rows += cursor.fetchall()
    if limits.judge:
        rows = _each_image_once(rows)
    return [Offer(offer_token(participation.pk, row[0]), *row[1:]) for row in rows]


def _each_image_once(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without further trials of an image (its sha256, third): nobody judges one twice, also while she is away."""
    first = {row[2] or row[1]: row for row in reversed(rows)}
    return [row for row in rows if first[row[2] or row[1]] is row]


def offer_token(participation_id: int, stimulus_id: int) -> str:
    return signing.dumps([participation_id, stimulus_id], salt=SALT)


def assignment_of_offer(locked: Participation, token: str) -> int:
    """The id of the person's assignment of the offered stimulus, made now unless she was lent the same one meanwhile.

    A new one holds no slot yet; whoever stores the answer takes one, if one is open. The caller holds the person's row
    and saves her `next_sequence`. Raises AssignmentGone: the token is not hers, too old, or the stimulus was deleted.
    """
    try:
        participation_id, stimulus_id = signing.loads(token, salt=SALT, max_age=OFFER_SECONDS)
    except signing.SignatureExpired:
        raise AssignmentGone(_("This image was shown to you too long ago; your answer to it was not stored.")) from None
    except (signing.BadSignature, ValueError, TypeError):
        participation_id = None
    if participation_id != locked.pk:
        raise AssignmentGone(_("This image was not offered to you. Reload the page to go on."))
    values = {
        "participation": locked.pk,
        "stimulus": stimulus_id,
        "study": locked.study_id,
        "sequence": locked.next_sequence,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, values)
        made = cursor.fetchone()
        if made:
            locked.next_sequence += 1
            return int(made[0])
        cursor.execute(_FIND, values)
        found = cursor.fetchone()
    if found is None:
        raise AssignmentGone(_("This image is not in the study any more; your answer to it was not stored."))
    return int(found[0])
