"""The lock that puts one person's acts in a row: her tabs, double clicks and retries come one after the other."""

from django.utils.translation import gettext as _

from annotation.errors import NotTakingPart
from annotation.models import Participation
from annotation.prepared import Prepared, columns, from_row

# `no key`: rows that only refer to this one need not wait. `+ 0`: by its own key, whatever the planner knows.
_LOCK = Prepared(
    """
    select {columns} from annotation_participation where id = %(id)s and study_id + 0 = %(study)s
    for no key update
    """,
    columns=columns(Participation),
)


def lock_participation(participation: Participation) -> Participation:
    """Locks the person's row until the transaction ends, and returns it as it is now; only `pk` and `study_id` of the
    given one are read.

    Every act of hers takes this lock first and any stimulus afterwards. Raises NotTakingPart if she withdrew, or was
    removed, since the caller looked.
    """
    row = _LOCK.row(id=participation.pk, study=participation.study_id)
    if row is None:
        raise NotTakingPart(_("You are not taking part in this study any more."))
    return taking_part(from_row(Participation, row))


def taking_part(locked: Participation) -> Participation:
    """The given one. Raises NotTakingPart if she withdrew."""
    if locked.withdrawn_at:
        raise NotTakingPart(_("You withdrew from this study; your answers were removed."))
    return locked
