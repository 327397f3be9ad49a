"""A study begins, or ceases, to show what a network wrote after an answer."""

from typing import Any

from django.db import transaction

from annotation.errors import InvalidInput
from annotation.machine_texts.options import MachineTextOptions, clean_machine_texts
from annotation.models import MachineTextArm, Study


def set_machine_texts(*, study: Study, changes: dict[str, Any]) -> MachineTextOptions:
    """Changes the settings that are named. Whether there is a network to write is the caller's to know (analysis).

    The share of people who are held out stands once the first person was drawn: those who came before and after a
    change would differ by more than the lot. Raises InvalidInput.
    """
    with transaction.atomic():
        locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        before = MachineTextOptions.of(locked.machine_texts)
        options = clean_machine_texts(changes, before)
        if options.is_on and locked.label_step is None:
            sentence = "This study asks for no label, so there is no feeling that a network could be asked for."
            raise InvalidInput(f"Nothing was changed. {sentence}", {"is_on": [sentence]})
        is_drawn = MachineTextArm.objects.filter(participation__study=locked).exists()
        if is_drawn and options.held_out_share != before.held_out_share:
            sentence = (
                f"The share stands at {before.held_out_share:g}: people have been drawn with it, and with another one "
                "those who came before and after would not be comparable."
            )
            raise InvalidInput(f"Nothing was changed. {sentence}", {"held_out_share": [sentence]})
        locked.machine_texts = options.stored()
        locked.save(update_fields=["machine_texts"])
    study.machine_texts = locked.machine_texts
    return options
