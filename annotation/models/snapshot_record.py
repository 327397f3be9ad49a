"""A snapshot that was frozen: where it lies."""

from django.db import models

from annotation.models.study import Study


class SnapshotRecord(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="snapshots")
    snapshot_id = models.CharField(max_length=64)
    location = models.CharField(max_length=200, help_text="Folder in the storage.")
    n_responses = models.PositiveBigIntegerField()
    n_stimuli = models.PositiveBigIntegerField()
    n_annotators = models.PositiveBigIntegerField()
    n_simulated = models.PositiveBigIntegerField()
    has_images = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)
    # set when somebody whose responses are inside has withdrawn since
    contains_withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "snapshot_id"], name="one_record_per_snapshot_and_study")
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.snapshot_id[:12]
