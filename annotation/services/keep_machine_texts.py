"""Texts of a network come in, as data: written ahead elsewhere, one per stimulus and label."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from annotation.models import MachineText, Study


@dataclass(frozen=True)
class Writer:
    """Who wrote: a version of a network, and how it spoke."""

    network_id: int
    version: int
    variant: str
    learned_from_simulated: bool


def keep_machine_texts(*, study: Study, writer: Writer, texts: Iterable[tuple[int, str, str]]) -> int:
    """Keeps (stimulus id, label, text) of one writer, who is the one that is shown now. Returns how many are new.

    Texts of others about the same stimulus and label are retired in the same transaction: one stands at most.
    """
    rows = [
        MachineText(
            study=study,
            stimulus_id=stimulus,
            label=label,
            text=text.replace("\x00", "").strip(),
            network_id=writer.network_id,
            network_version=writer.version,
            variant=writer.variant,
            learned_from_simulated=writer.learned_from_simulated,
        )
        for stimulus, label, text in texts
    ]
    before = MachineText.objects.filter(study=study, network_id=writer.network_id, variant=writer.variant)
    with transaction.atomic():
        n_before = before.count()
        stimuli = {row.stimulus_id for row in rows}
        others = MachineText.objects.filter(study=study, stimulus_id__in=stimuli, retired_at__isnull=True)
        others.exclude(network_id=writer.network_id, variant=writer.variant).update(retired_at=timezone.now())
        MachineText.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
        return before.count() - n_before


@transaction.atomic
def let_stand(*, study: Study, network_id: int | None, variant: str = "") -> int:
    """From now on only this network's texts are shown, those that it wrote before among them; None: nobody's.

    Returns how many stand.
    """
    mine = MachineText.objects.filter(study=study, network_id=network_id or 0, variant=variant)
    standing = MachineText.objects.filter(study=study, retired_at__isnull=True)
    standing.exclude(pk__in=mine.values("pk")).update(retired_at=timezone.now())
    mine.filter(retired_at__isnull=False).update(retired_at=None)
    return mine.count()
