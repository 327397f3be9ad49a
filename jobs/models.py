"""Long work as a row: the database is the queue of record, the broker is only a bell."""

from typing import Any

from django.conf import settings
from django.db import models


class Job(models.Model):
    """One piece of background work: what is to be done, how far it is, how it ended."""

    QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
    STATES = [(state, state) for state in (QUEUED, RUNNING, DONE, FAILED, CANCELLED)]
    ENDED = (DONE, FAILED, CANCELLED)

    kind = models.CharField(max_length=40)
    # the study's slug; no foreign key, since this app lies below the one that knows studies
    study_key = models.CharField(max_length=80, blank=True)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=STATES, default=QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    message = models.TextField(blank=True)
    log = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # the sweeper looks only at what has not ended
            models.Index(
                fields=["state", "heartbeat_at"], name="job_open", condition=models.Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["study_key", "-id"], name="job_of_study"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the amount of work is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None

    def as_dict(self) -> dict[str, Any]:
        """What a page or a client polls."""
        return {
            "id": self.pk,
            "kind": self.kind,
            "study": self.study_key,
            "state": self.state,
            "ended": self.has_ended,
            "done": self.done,
            "total": self.total,
            "percent": self.percent,
            "message": self.message,
            "log": self.log,
            "result": self.result,
            "error": self.error,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
        }
