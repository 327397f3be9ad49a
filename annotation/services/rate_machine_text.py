"""How plausible somebody finds what a network wrote about the image that she has answered."""

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.errors import AlreadyRated, AssignmentGone, InvalidInput
from annotation.machine_texts.options import LEAST, MOST
from annotation.models import MachineTextTurn, Participation


def rate_machine_text(
    *, participation: Participation, response_id: int, client_key: uuid.UUID, rating: int | None
) -> tuple[MachineTextTurn, bool]:
    """Keeps the rating (None: she prefers not to), once. Returns the turn, and whether this key had been used before.

    A rating may come late, from a device that was away, also when the study shows no more texts or is closed.
    Raises InvalidInput, AssignmentGone (nothing was shown after this answer, or the answer was taken back),
    AlreadyRated (another key was first; that rating stands).
    """
    if rating is not None and not LEAST <= rating <= MOST:
        sentence = _("Choose one of the five.")
        raise InvalidInput(sentence, {"rating": [sentence]})
    with transaction.atomic():
        turn = (
            MachineTextTurn.objects.select_for_update(no_key=True)
            .filter(pk=response_id, participation=participation, is_shown=True)
            .first()
        )
        if turn is None:
            raise AssignmentGone(_("There is nothing to rate after this answer any more; nothing was stored."))
        if turn.answered_at is not None:
            if turn.client_key == client_key:
                return turn, True
            raise AlreadyRated(_("You have rated this already; that rating stands."))
        turn.rating, turn.client_key, turn.answered_at = rating, client_key, timezone.now()
        try:
            with transaction.atomic():
                turn.save(update_fields=["rating", "client_key", "answered_at"])
        except IntegrityError as error:
            raise AlreadyRated(_("This rating was given after another answer already; nothing was stored.")) from error
    return turn, False
