"""What can go wrong, each with its sentence. One handler turns these into a page or into JSON."""

from typing import Any

from jobs.errors import JobRefused


class AnnotationError(JobRefused):
    """Base, also where a job meets it. `type` names the fact for programs, `status` is the HTTP status.

    The text is for the person.
    """

    type = "error"
    status = 400

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(AnnotationError):
    """Something the person gave cannot be used. details: errors, {field: [sentence, ...]}."""

    type = "invalid"

    def __init__(self, message: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(message, errors=errors or {})
        self.errors = errors or {}


class InvalidRows(InvalidInput):
    """A file has rows that cannot be used; nothing of it was imported. details: rows, [{row, field, message}]."""

    type = "invalid_rows"

    def __init__(self, message: str, rows: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.rows = rows
        self.details = {"rows": rows}


class StudyNotOpen(AnnotationError):
    type = "study_not_open"
    status = 409


class AssignmentGone(AnnotationError):
    """The assignment is not this person's, or was skipped or withdrawn."""

    type = "assignment_gone"
    status = 410


class AlreadyAnswered(AnnotationError):
    """Another tab or device has answered this assignment; the first answer stands. details: response."""

    type = "already_answered"
    status = 409


class AlreadyRated(AnnotationError):
    """What a network wrote was rated before; the first rating stands."""

    type = "already_rated"
    status = 409


class NotTakingPart(AnnotationError):
    type = "not_taking_part"
    status = 403


class ConsentChanged(AnnotationError):
    type = "consent_changed"
    status = 409


class StateConflict(AnnotationError):
    """The act does not fit the state the study is in."""

    type = "state_conflict"
    status = 409


class ImageRefused(AnnotationError):
    type = "image_refused"


class UrlRefused(AnnotationError):
    """A URL that may not, or cannot, be fetched."""

    type = "url_refused"
