"""What storing an answer asks the database: one statement to read and lock, one to write (submit_response.py)."""

from functools import cache

from annotation.models import Participation, Response, Stimulus
from annotation.prepared import Prepared, columns, insert
from annotation.services.assign import HELD, LEND

SHOWN = ("id", "key", "name", "description", "image_sha256", "width", "height")

# Her row first, as lock_participation does, and what is read comes as it is once both are locked.
# `+ 0`: by their own keys; a planner that has no statistics yet might read all that the person, or the study, has had.
LOCK = Prepared(
    """
    select a.state, a.sequence, n.is_simulated, c.hash, c.superseded_at is not null, {shown}, {person}
    from annotation_participation p
      join annotation_assignment a on a.id = %(assignment)s and a.participation_id + 0 = p.id
      join annotation_stimulus s on s.id = a.stimulus_id
      join annotation_consenttext c on c.id = p.consent_id
      join annotation_annotator n on n.id = p.annotator_id
    where p.id = %(participation)s and p.study_id + 0 = %(study)s
    for no key update of p, a
    """,
    shown=columns(Stimulus, SHOWN, "s"),
    person=columns(Participation, None, "p"),
)
LOCK_SLOTS = Prepared("select open_slots from annotation_stimulus where id = %(stimulus)s for no key update")

_ANSWERED = "answered as (update annotation_assignment set state = %(state)s where id = %(assignment_id)s)"
SAVE = insert(Response, before=f"with {_ANSWERED}")
COUNT = Prepared("""
    update annotation_participation
    set n_answered = %(n_answered)s, next_sequence = %(next_sequence)s, ring_place = %(ring_place)s where id = %(id)s
""")

# SAVE, the next image if one is needed, and COUNT at once. A row for each image that the person holds afterwards, or
# one without any: the response's id, the fields of HeldAssignment, and the place in the ring of the new one.
_BEFORE = """
    with {answered}, held as ({held} and a.id <> %(assignment_id)s order by a.sequence), {lend}, saved as (
"""
_IF_ONE_IS_NEEDED = "(select count(*) from held) = %(n_held)s and "
_AFTER = """
    ), counted as (
      update annotation_participation set n_answered = %(n_answered)s,
        next_sequence = %(next_sequence)s::int + (select count(*)::int from lent),
        ring_place = coalesce((select found.rank from found, lent), ring_place)
      where id = %(participation)s
    )
    select saved.id, holds.* from saved left join (
      select held.*, null::bigint as rank from held
      union all
      select lent.id, %(next_sequence)s::int, %(lease_ends)s::timestamptz, found.key, found.image_sha256, found.width,
        found.height, found.description, found.name, found.content_note, found.is_strong, found.rank
      from lent, found
    ) holds on true
    order by holds.sequence
"""


@cache
def save_and_lend(where: str) -> Prepared:
    """where: which images may be lent, as LEND's; one is lent if she holds %(n_held)s without it."""
    lend = LEND.format(where=_IF_ONE_IS_NEEDED + where, order="s.rank", patience="skip locked")
    return insert(Response, before=_BEFORE.format(answered=_ANSWERED, held=HELD, lend=lend), after=_AFTER)
