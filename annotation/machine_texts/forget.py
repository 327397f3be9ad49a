"""What goes with what a person takes back."""

from collections.abc import Collection

from annotation.models import MachineTextArm, MachineTextTurn, Participation


def forget_turns(response_ids: Collection[int]) -> None:
    """Removes what was shown after these answers, and the ratings. Call it inside the transaction that empties them."""
    MachineTextTurn.objects.filter(response_id__in=response_ids).delete()


def forget_machine_texts(participation: Participation) -> None:
    """Removes everything of a person who withdraws, with the side that she was drawn to."""
    MachineTextTurn.objects.filter(participation=participation).delete()
    MachineTextArm.objects.filter(participation=participation).delete()
