"""The lock that puts one person's acts in a row: her tabs, double clicks and retries come one after the other."""

from annotation.errors import NotTakingPart
from annotation.models import Participation


def lock_participation(participation: Participation) -> Participation:
    """Locks the person's row until the transaction ends, and returns it as it is now.

    Every act of hers takes this lock first and any stimulus afterwards. Raises NotTakingPart if she withdrew, or was
    removed, since the caller looked.
    """
    locked = Participation.objects.select_for_update(no_key=True).filter(pk=participation.pk).first()
    if locked is None:
        raise NotTakingPart("You are not taking part in this study any more.")
    if locked.withdrawn_at:
        raise NotTakingPart("You withdrew from this study; your answers were removed.")
    return locked
