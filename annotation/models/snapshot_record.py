"""A snapshot that was frozen; it lies in the storage under its id (snapshots/local_copy.py)."""

from django.db import models

from annotation.models.study import Study


class SnapshotRecord(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="snapshots")
    snapshot_id = models.CharField(max_length=64)
    n_responses = models.PositiveBigIntegerField()
    n_stimuli = models.PositiveBigIntegerField()
    n_annotators = models.PositiveBigIntegerField()
    n_simulated = models.PositiveBigIntegerField()
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
