"""What can go wrong with a job, each with its sentence."""

from typing import Any


class JobCancelled(Exception):
    """Somebody asked this job to end."""


class JobRefused(Exception):
    """The work cannot be done as asked: bad input. The text is for the person who asked; it is not tried again.

    `details` (plain JSON) goes into the job's result, for pages that show more than a sentence.
    """

    details: dict[str, Any] = {}
