"""A stimulus: one image of a study (or, in an imported study without images, the item's name)."""

from django.db import models

from annotation.models.study import Study


class Stimulus(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    # sha256 of the stored image, or of "source\nname" where there is none: the same on every machine
    key = models.CharField(max_length=64)
    source_dataset = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True, help_text="What a screen reader says; neutral, without a feeling.")
    metadata = models.JSONField(default=dict, blank=True)
    image_sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    bytes = models.PositiveBigIntegerField(null=True, blank=True)
    rank = models.BigIntegerField(help_text="Random place in the ring that every annotator walks.")
    wanted = models.PositiveIntegerField()
    open_slots = models.IntegerField(help_text="Kept by the database's trigger on assignments.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "stimuli"
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="one_stimulus_per_image_and_study"),
            # with the trigger of migration 0002: no stimulus is ever lent or accepted once too often
            models.CheckConstraint(condition=models.Q(open_slots__gte=0), name="never_more_than_wanted"),
        ]
        indexes = [
            # lending reads only this: its size follows what is open, not the study
            models.Index(fields=["study", "rank"], name="open_stimuli", condition=models.Q(open_slots__gt=0)),
            models.Index(fields=["study", "name"], name="stimuli_by_name"),
        ]

    def __str__(self) -> str:
        return self.name
