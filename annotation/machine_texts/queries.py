"""What other apps may know of machine-written texts, their ratings and the hold-out; people by pseudonym only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from annotation.models import MachineText, MachineTextArm, MachineTextTurn, Stimulus, Study


@dataclass(frozen=True)
class MachineTextCounts:
    """n_texts: that stand now, on n_images images of n_open that people may still answer. n_shown, n_held_out: people.

    n_turns: answers after which a text was shown; of these n_rated rated it and n_declined preferred not to.
    """

    n_texts: int
    n_images: int
    n_open: int
    n_shown: int
    n_held_out: int
    n_turns: int
    n_rated: int
    n_declined: int


def machine_text_counts(study: Study) -> MachineTextCounts:
    standing = MachineText.objects.filter(study=study, retired_at__isnull=True).exclude(text="")
    texts = standing.aggregate(n=Count("pk"), images=Count("stimulus", distinct=True))
    arms = MachineTextArm.objects.filter(participation__study=study)
    people = arms.aggregate(shown=Count("pk", filter=Q(is_shown=True)), out=Count("pk", filter=Q(is_shown=False)))
    turns = MachineTextTurn.objects.filter(participation__study=study, is_shown=True).aggregate(
        n=Count("pk"),
        rated=Count("pk", filter=Q(rating__isnull=False)),
        declined=Count("pk", filter=Q(rating__isnull=True, answered_at__isnull=False)),
    )
    n_open = Stimulus.objects.filter(study=study, open_slots__gt=0).exclude(image_sha256="").count()
    return MachineTextCounts(
        texts["n"],
        texts["images"],
        n_open,
        people["shown"],
        people["out"],
        turns["n"],
        turns["rated"],
        turns["declined"],
    )


@dataclass(frozen=True)
class Turn:
    """One answer after which a text was shown or held back, with the text."""

    stimulus_key: str
    annotator: str
    label: str
    text: str
    version: int
    variant: str
    learned_from_simulated: bool
    is_shown: bool
    held_out_share: float
    rating: int | None
    is_simulated: bool
    shown_at: datetime
    answered_at: datetime | None

    @property
    def is_declined(self) -> bool:
        """She was asked, and preferred not to rate it."""
        return self.answered_at is not None and self.rating is None


def turns_of(study: Study) -> Iterator[Turn]:
    """Every turn of people who did not withdraw, by person and time."""
    rows = (
        MachineTextTurn.objects.filter(participation__study=study)
        .order_by("participation__annotator__pseudonym", "shown_at", "pk")
        .values_list(
            "response__stimulus__key",
            "participation__annotator__pseudonym",
            "label",
            "text__text",
            "network_version",
            "text__variant",
            "text__learned_from_simulated",
            "is_shown",
            "participation__machine_text_arm__held_out_share",
            "rating",
            "is_simulated",
            "shown_at",
            "answered_at",
        )
    )
    for row in rows.iterator(chunk_size=5_000):
        yield Turn(*row)


def texts_written(study: Study, keys: Sequence[str]) -> dict[tuple[str, str], str]:
    """{(stimulus key, label): the newest text about it}, also of what is retired; of these stimuli."""
    rows = MachineText.objects.filter(study=study, stimulus__key__in=list(keys)).exclude(text="").order_by("pk")
    return {(key, label): text for key, label, text in rows.values_list("stimulus__key", "label", "text")}
