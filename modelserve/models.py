"""Training runs, the versions they brought, which of them is served and was served, and what they predict."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from jobs.models import Job
from modelserve.options import TASKS


def task_choices() -> list[tuple[str, str]]:
    """A function, so that a further task needs no migration."""
    return [(task.name, task.title) for task in TASKS.values()]


class TrainingRun(models.Model):
    """One training: from which snapshot, how, and how far it came. Log and progress stand in its job."""

    # the study's slug; no foreign key, since this app reads snapshots and knows no studies
    study_key = models.CharField(max_length=80)
    task = models.CharField(max_length=40, choices=task_choices)
    snapshot_id = models.CharField(max_length=64)
    snapshot_location = models.CharField(max_length=200, help_text="Folder in the storage.")
    options = models.JSONField(default=dict, help_text="Every option, defaults filled in.")
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=80)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="training_runs")
    curve = models.JSONField(default=list, help_text="One entry per epoch: losses and learning rate.")
    outcome = models.TextField(blank=True, help_text="What became of it, in a sentence.")
    # stays when the version is deleted, so that its number never means other weights
    version = models.PositiveIntegerField(null=True, help_text="Of the network that it brought.")
    device_seconds = models.FloatField(default=0.0, db_default=0.0, help_text="That it has held its device.")
    samples_per_second = models.FloatField(null=True, help_text="Rows learned from, over its time of learning.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["study_key", "task", "-id"], name="training_of_study")]

    def __str__(self) -> str:
        return f"{self.task} of {self.study_key}, run {self.pk}"

    @property
    def device_minutes(self) -> float:
        return self.device_seconds / 60

    @property
    def state(self) -> str:
        """The job's state: queued, running, done, failed or cancelled."""
        return self.job.state if self.job else Job.QUEUED


class Network(models.Model):
    """One version of what a study's answers taught; its files are in the storage before this row exists."""

    study_key = models.CharField(max_length=80)
    task = models.CharField(max_length=40, choices=task_choices)
    version = models.PositiveIntegerField()
    training_run = models.OneToOneField(TrainingRun, on_delete=models.PROTECT, related_name="network")
    snapshot_id = models.CharField(max_length=64)
    label_set = models.JSONField(help_text="id, name and polarity of every output, in order.")
    options = models.JSONField()
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=80)
    metrics = models.JSONField(help_text="On the test stimuli of its own snapshot.")
    comparison = models.JSONField(default=dict, help_text="Beside the network that was served when it was made.")
    weights_location = models.CharField(max_length=200, help_text="Folder in the storage, named by its content.")
    learned_from_withdrawn = models.BooleanField(
        default=False, db_default=False, help_text="Its snapshot holds answers that were withdrawn since."
    )
    promoted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["study_key", "task", "version"], name="one_network_per_version"),
            models.UniqueConstraint(
                fields=["study_key", "task"],
                condition=Q(promoted_at__isnull=False, retired_at__isnull=True),
                name="one_promoted_network",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} of {self.study_key}, version {self.version}"

    @property
    def is_promoted(self) -> bool:
        return self.promoted_at is not None and self.retired_at is None

    @property
    def label_ids(self) -> list[str]:
        return [str(label["id"]) for label in self.label_set]


class Promotion(models.Model):
    """One change of what is served. Taking it back brings `previous` again."""

    BETTER, FIRST, CHOSEN = "better", "first", "chosen"
    REASONS = [(BETTER, "better on the same stimuli"), (FIRST, "the first one"), (CHOSEN, "chosen by a person")]

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="promotions")
    previous = models.ForeignKey(Network, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=10, choices=REASONS)
    promoted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.network} ({self.reason})"


class Prediction(models.Model):
    """What a network answers for one stimulus."""

    study_key = models.CharField(max_length=80)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="predictions")
    stimulus_key = models.CharField(max_length=64)
    distribution = models.JSONField(help_text="Label id to share; shares sum to 1.")
    ratings = models.JSONField(default=dict, help_text="Head of the network to number, in the scale's own unit.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "stimulus_key"], name="one_prediction_per_network_and_stimulus")
        ]
        # the page of a stimulus asks by study and stimulus
        indexes = [models.Index(fields=["study_key", "stimulus_key"], name="prediction_of_stimulus")]

    def __str__(self) -> str:
        return f"{self.stimulus_key[:12]} by network {self.network_id}"

    @property
    def most_likely(self) -> tuple[str, float]:
        """(label id, share) of the likeliest label."""
        distribution: dict[str, Any] = self.distribution
        return max(distribution.items(), key=lambda entry: float(entry[1]))


class TrainingLimit(models.Model):
    """How long a study's trainings may hold a device in a day (UTC)."""

    study_key = models.CharField(max_length=80, unique=True)
    minutes_per_day = models.FloatField(help_text="Device-minutes of all its runs together.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(minutes_per_day__gt=0), name="training_limit_is_some_time")]

    def __str__(self) -> str:
        return f"{self.study_key}: {self.minutes_per_day:g} minutes a day"


class DeviceUse(models.Model):
    """What one run took of one day (UTC); the sum over a study's runs is held against its limit."""

    training_run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="device_uses")
    study_key = models.CharField(max_length=80)
    day = models.DateField()
    seconds = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["training_run", "day"], name="one_use_per_run_and_day")]
        indexes = [models.Index(fields=["study_key", "day"], name="device_use_of_study")]

    def __str__(self) -> str:
        return f"run {self.training_run_id} on {self.day}: {self.seconds:.0f} s"


class NetworkComparison(models.Model):
    """Versions of one task on the very same test stimuli, with their paired differences."""

    study_key = models.CharField(max_length=80)
    task = models.CharField(max_length=40, choices=task_choices)
    networks = models.JSONField(help_text="Numbers of the networks, ascending; the others are held to the first.")
    snapshot_id = models.CharField(max_length=64)
    result = models.JSONField()
    code_version = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["study_key", "networks", "snapshot_id"], name="one_comparison_per_snapshot")
        ]

    def __str__(self) -> str:
        return f"{self.task} of {self.study_key}: {self.networks}"
