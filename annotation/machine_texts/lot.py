"""Who is held out: drawn per person, by a seed that nobody who takes part can see, and kept."""

import hashlib

from annotation.machine_texts.options import MachineTextOptions
from annotation.models import MachineTextArm, Participation


def drawn_share(seed: int, pseudonym: str) -> float:
    """A number from 0 to below 1 that follows from both, uniform over people; without the seed it tells nothing.

    From the export anybody can draw it anew: BLAKE2b of the pseudonym, keyed with the seed's 8 bytes (little end
    first), 8 bytes long, read as a whole number (little end first), divided by 2 to the 64th.
    """
    digest = hashlib.blake2b(pseudonym.encode(), digest_size=8, key=seed.to_bytes(8, "little")).digest()
    return int.from_bytes(digest, "little") / 2.0**64


def arm_of(participation: Participation, options: MachineTextOptions) -> MachineTextArm:
    """Her side, drawn at her first text and the same ever after, whatever the settings become."""
    found = MachineTextArm.objects.filter(pk=participation.pk).first()
    if found is None:
        if options.seed is None:
            raise ValueError("Settings that are on have a seed.")
        is_held_out = drawn_share(options.seed, participation.annotator.pseudonym) < options.held_out_share
        found, _ = MachineTextArm.objects.get_or_create(
            participation=participation,
            defaults={"is_shown": not is_held_out, "held_out_share": options.held_out_share},
        )
    return found
