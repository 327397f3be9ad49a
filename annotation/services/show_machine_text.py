"""After an answer is saved: the text that a network wrote ahead for the same label, where the study shows it."""

from django.db import transaction
from django.utils import timezone

from annotation.machine_texts.lot import arm_of
from annotation.machine_texts.options import MachineTextOptions
from annotation.models import MachineText, MachineTextTurn, Participation, Response, Study


def show_machine_text(*, study: Study, participation: Participation, response: Response) -> MachineTextTurn | None:
    """The person's turn with its text, and a note of it; asked again, the same one. None: there is nothing to show.

    Whoever is held out has a turn, too, with is_shown False: her later answers are what the others' are compared with.
    """
    if response.participation_id != participation.pk or response.status == Response.WITHDRAWN:
        return None
    turns = MachineTextTurn.objects.select_related("text")
    options = MachineTextOptions.of(study.machine_texts)
    if not options.is_on:
        return None
    if turn := turns.filter(pk=response.pk).first():
        return turn
    standing = MachineText.objects.filter(stimulus_id=response.stimulus_id, label=response.label)
    text = standing.filter(retired_at__isnull=True).exclude(text="").first() if response.label else None
    if text is None:
        return None
    with transaction.atomic():
        # what she takes back at this very moment must not come back as a turn
        alive = (
            Response.objects.select_for_update(no_key=True).filter(pk=response.pk).exclude(status=Response.WITHDRAWN)
        )
        if not alive.exists():
            return None
        arm = arm_of(participation, options)
        MachineTextTurn.objects.get_or_create(
            response=response,
            defaults={
                "participation": participation,
                "text": text,
                "label": text.label,
                "network_version": text.network_version,
                "is_shown": arm.is_shown,
                "is_simulated": response.is_simulated,
                "shown_at": timezone.now(),
            },
        )
    return turns.get(pk=response.pk)
