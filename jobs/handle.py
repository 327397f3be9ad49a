"""What a running job holds in its hand: its arguments, its progress bar, its log, and the question 'shall I go on?'."""

import time
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat, Right
from django.utils import timezone

from jobs.errors import JobCancelled
from jobs.models import Job

LOG_CHARACTERS = 100_000  # the end of the log is what people read; the rest is cut
SECONDS_BETWEEN_WRITES = 0.5


class JobHandle:
    """Reports a job's progress to its row, at most twice a second, and notices when somebody cancelled it."""

    def __init__(self, job: Job) -> None:
        self.job_id = job.pk
        self.study_key = job.study_key
        self.arguments: dict[str, Any] = job.arguments
        self.attempt = job.attempts
        self.created_by_id = job.created_by_id
        self._written_at = 0.0

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Shows how far the work is. Raises JobCancelled if somebody asked for an end."""
        now = time.monotonic()
        if now - self._written_at < SECONDS_BETWEEN_WRITES and done != total:
            return
        self._written_at = now
        changes: dict[str, Any] = {"done": done, "heartbeat_at": timezone.now()}
        if total is not None:
            changes["total"] = total
        if message:
            changes["message"] = message
        Job.objects.filter(pk=self.job_id).update(**changes)
        self.checkpoint()

    def log(self, line: str) -> None:
        """Adds a line to the log that the page shows."""
        Job.objects.filter(pk=self.job_id).update(
            log=Right(Concat(F("log"), Value(line.rstrip() + "\n")), LOG_CHARACTERS)
        )

    def checkpoint(self) -> None:
        """Raises JobCancelled if somebody asked for an end: call it where stopping is safe."""
        if Job.objects.filter(pk=self.job_id, cancel_requested=True).exists():
            raise JobCancelled
