"""A person changes an answer she gave; the earlier version is kept."""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.errors import AssignmentGone
from annotation.models import MachineTextTurn, OthersSeen, Response, ResponseRevision, Study
from annotation.steps import clean_answers, nominal_label


def revise_response(
    *, study: Study, response: Response, client_key: uuid.UUID, answers: dict[str, Any]
) -> tuple[Response, bool]:
    """Returns the response and whether this key had been used before (then nothing changes).

    Raises InvalidInput, AssignmentGone (the response was withdrawn).
    """
    steps = study.parsed_steps
    cleaned = clean_answers(steps, answers)
    with transaction.atomic():
        locked = Response.objects.select_for_update(no_key=True).get(pk=response.pk)
        used = ResponseRevision.objects.filter(response=locked, client_key=client_key).exists()
        if used or locked.client_key == client_key or _newest_key(locked) == client_key:
            return locked, True
        if locked.status == Response.WITHDRAWN:
            raise AssignmentGone(_("This answer was withdrawn, so it cannot be changed."))
        if cleaned == locked.answers:
            return locked, False
        ResponseRevision.objects.create(
            response=locked,
            number=locked.revision,
            client_key=_newest_key(locked),
            answers=locked.answers,
            label=locked.label,
            created_at=locked.updated_at,
        )
        fields = ["answers", "label", "revision", "revision_key", "updated_at"]
        if OthersSeen.objects.filter(response=locked).exists():
            # she knew how others felt; whoever analyses the answer must know that, too
            locked.signals = {**locked.signals, "saw_others": True}
            fields.append("signals")
        if MachineTextTurn.objects.filter(response=locked, is_shown=True).exists():
            locked.signals = {**locked.signals, "saw_machine_text": True}
            fields.append("signals")
        locked.answers = cleaned
        locked.label = nominal_label(steps, cleaned)
        locked.revision += 1
        locked.revision_key = client_key
        locked.updated_at = timezone.now()
        locked.save(update_fields=fields)
    return locked, False


def _newest_key(response: Response) -> uuid.UUID:
    """The key of the submit that wrote the present version."""
    return response.revision_key or response.client_key
