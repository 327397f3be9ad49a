"""What a running job holds in its hand: its arguments, its progress bar, its log, and the question 'shall I go on?'.

The job's own work may sit in a long transaction, so everything it reports is written by a thread with a connection of
its own; the same thread keeps the row's heartbeat fresh and notices a request to end.
"""

import logging
import threading
from contextlib import suppress
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import F, Value
from django.db.models.functions import Concat, Right
from django.utils import timezone

from jobs.errors import JobCancelled
from jobs.models import Job

logger = logging.getLogger(__name__)

LOG_CHARACTERS = 100_000  # the end of the log is what people read; the rest is cut
REPORT_SECONDS = 0.5
HEARTBEAT_REPORTS = 10  # a fresh heartbeat every tenth look, five seconds


class JobHandle:
    """Reports a job's progress to its row and notices when somebody cancelled it. Used as a context manager."""

    def __init__(self, job: Job) -> None:
        self.job_id = job.pk
        self.study_key = job.study_key
        self.arguments: dict[str, Any] = job.arguments
        self.attempt = job.attempts
        self.created_by_id = job.created_by_id
        self._lock = threading.Lock()
        self._changes: dict[str, Any] = {}
        self._lines: list[str] = []
        self._cancelled = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._report_until_stopped, daemon=True)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Shows how far the work is; costs nothing, so call it often. Raises JobCancelled if asked to end."""
        with self._lock:
            self._changes["done"] = done
            if total is not None:
                self._changes["total"] = total
            if message:
                self._changes["message"] = message
        self.checkpoint()

    def keep_trying(self) -> None:
        """What is done is kept and need not be done again: the attempts so far count against the job no more."""
        with self._lock:
            self._changes["attempts"] = 1

    def log(self, line: str) -> None:
        """Adds a line to the log that the page shows."""
        with self._lock:
            self._lines.append(line.rstrip() + "\n")

    def checkpoint(self) -> None:
        """Raises JobCancelled if somebody asked for an end: call it where stopping is safe."""
        if self._cancelled.is_set():
            raise JobCancelled

    def __enter__(self) -> "JobHandle":
        if Job.objects.filter(pk=self.job_id, cancel_requested=True).exists():
            self._cancelled.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        # the last lines matter most where the work failed; without a database there is nobody to tell
        with suppress(OperationalError, InterfaceError):
            self.report()

    def report(self) -> None:
        """Writes what has gathered since the last report."""
        with self._lock:
            changes, self._changes = self._changes, {}
            lines, self._lines = self._lines, []
        if lines:
            changes["log"] = Right(Concat(F("log"), Value("".join(lines))), LOG_CHARACTERS)
        if changes:
            Job.objects.filter(pk=self.job_id).update(**changes)

    def _report_until_stopped(self) -> None:
        looks = 0
        while not self._stop.wait(REPORT_SECONDS):
            looks += 1
            try:
                close_old_connections()
                self.report()
                running = Job.objects.filter(pk=self.job_id, state=Job.RUNNING)
                if looks % HEARTBEAT_REPORTS == 0:
                    running.update(heartbeat_at=timezone.now())
                if running.filter(cancel_requested=True).exists():
                    self._cancelled.set()
            except (OperationalError, InterfaceError):  # the database may be restarting; the next look tries again
                logger.warning("Job %s could not report its progress.", self.job_id, exc_info=True)
                connection.close()
        connection.close()
