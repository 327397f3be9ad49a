"""Texts that a network wrote ahead, who is shown them after an answer, and how plausible people find them.

None of this is part of a response, a snapshot or its exports; it has an export of its own.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotation.models.annotator import Participation
from annotation.models.response import Response
from annotation.models.stimulus import Stimulus
from annotation.models.study import Study


class MachineText(models.Model):
    """What one version of a network wrote about one image for one label. Never changed; retired when another speaks."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="machine_texts_written")
    stimulus = models.ForeignKey(Stimulus, on_delete=models.CASCADE, related_name="machine_texts")
    label = models.CharField(max_length=64)
    text = models.TextField(blank=True, help_text="Empty: the network had nothing to say; nothing is shown.")
    # plain numbers: this app knows no networks
    network_id = models.BigIntegerField()
    network_version = models.PositiveIntegerField()
    variant = models.CharField(max_length=40)
    learned_from_simulated = models.BooleanField(
        default=False, help_text="The network learned from answers of which some, or all, were simulated."
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stimulus", "label", "network_id", "variant"], name="one_machine_text_per_network_and_label"
            ),
            models.UniqueConstraint(
                fields=["stimulus", "label"],
                condition=models.Q(retired_at__isnull=True),
                name="one_standing_machine_text",
            ),
        ]
        indexes = [models.Index(fields=["study", "network_id"], name="machine_texts_of_network")]

    def __str__(self) -> str:
        return f"version {self.network_version} about {self.stimulus_id} for {self.label}"


class MachineTextArm(models.Model):
    """Which side of the hold-out a person was drawn to; once, for the whole study."""

    participation = models.OneToOneField(
        Participation, on_delete=models.CASCADE, primary_key=True, related_name="machine_text_arm"
    )
    is_shown = models.BooleanField(help_text="False: held out, she is shown none.")
    held_out_share = models.FloatField(help_text="With which she was drawn, 0 to 0.9.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.participation_id}: {'shown' if self.is_shown else 'held out'}"


class MachineTextTurn(models.Model):
    """An answer after which a text was there: shown, and rated or not; or held back, for comparison.

    answered_at without a rating: she preferred not to rate. Both empty: she has not answered, or was shown nothing.
    """

    response = models.OneToOneField(
        Response, on_delete=models.CASCADE, primary_key=True, related_name="machine_text_turn"
    )
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="machine_text_turns")
    text = models.ForeignKey(MachineText, on_delete=models.RESTRICT, related_name="turns")
    # copies, since every analysis reads them
    label = models.CharField(max_length=64)
    network_version = models.PositiveIntegerField()
    is_shown = models.BooleanField()
    is_simulated = models.BooleanField(default=False)
    rating = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="How plausible: 1 = not at all, 5 = fully.",
    )  # fmt: skip
    client_key = models.UUIDField(null=True, blank=True)
    shown_at = models.DateTimeField(help_text="When it was shown, or would have been.")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participation", "client_key"], name="one_rating_per_client_key"),
            models.CheckConstraint(
                condition=models.Q(rating__isnull=True)
                | models.Q(rating__range=(1, 5), is_shown=True, answered_at__isnull=False, client_key__isnull=False),
                name="rating_of_five_of_what_was_shown",
            ),
        ]

    def __str__(self) -> str:
        return f"turn after {self.response_id}"
