"""The lock that puts one person's acts in a row: her tabs, double clicks and retries come one after the other."""

from annotation.errors import NotTakingPart
from annotation.models import Participation

# Written out, as every statement on the way of a response: the ORM takes longer to spell it than the server to run it.
# `no key`: rows that only refer to this one need not wait.
_LOCK = "select * from annotation_participation where id = %s and study_id = %s for no key update"


def lock_participation(participation: Participation) -> Participation:
    """Locks the person's row until the transaction ends, and returns it as it is now; only `pk` and `study_id` of the
    given one are read.

    Every act of hers takes this lock first and any stimulus afterwards. Raises NotTakingPart if she withdrew, or was
    removed, since the caller looked.
    """
    locked = next(iter(Participation.objects.raw(_LOCK, [participation.pk, participation.study_id])), None)
    if locked is None:
        raise NotTakingPart("You are not taking part in this study any more.")
    if locked.withdrawn_at:
        raise NotTakingPart("You withdrew from this study; your answers were removed.")
    return locked
