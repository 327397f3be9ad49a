"""A person answers an assignment. One transaction; after it the answer is there, whatever happens."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone
from annotation.models import Assignment, Participation, Response, Study
from annotation.services.assign import options_shown
from annotation.steps import clean_answers, nominal_label


@dataclass(frozen=True)
class Submitted:
    response: Response
    repeated: bool


def submit_response(
    *,
    study: Study,
    participation: Participation,
    assignment_id: int,
    client_key: uuid.UUID,
    answers: dict[str, Any],
    duration_ms: int | None = None,
    signals: dict[str, Any] | None = None,
    device: str = "",
    theme: str = "",
) -> Submitted:
    """Keeps the answer. The same key again finds the first answer; nothing a person wrote is thrown away.

    A live lease keeps its slot. A lease that ran out takes a slot if one is open, else the answer is kept as surplus.
    Raises InvalidInput, AlreadyAnswered (another key was first), AssignmentGone.
    """
    steps = study.parsed_steps
    cleaned = clean_answers(steps, answers)
    with transaction.atomic():
        # the person's row first: her tabs and retries come one after the other, and see each other's answers
        Participation.objects.select_for_update().get(pk=participation.pk)
        first = Response.objects.filter(participation=participation, client_key=client_key).first()
        if first:
            return Submitted(first, repeated=True)
        assignment = (
            Assignment.objects.select_for_update().filter(pk=assignment_id, participation=participation).first()
        )
        if assignment is None:
            raise AssignmentGone("This image is not assigned to you. Reload the page to go on.")
        if assignment.state in (Assignment.ANSWERED, Assignment.SURPLUS):
            response = Response.objects.get(assignment=assignment)
            raise AlreadyAnswered("You have answered this image already; that answer stands.", response=response)
        if assignment.state in (Assignment.SKIPPED, Assignment.WITHDRAWN):
            raise AssignmentGone(f"This image was {assignment.state} before; your answer to it was not stored.")
        holds_slot = assignment.state == Assignment.LEASED or _slot_is_open(assignment)
        assignment.state = Assignment.ANSWERED if holds_slot else Assignment.SURPLUS
        assignment.save(update_fields=["state"])
        now = timezone.now()
        response = Response.objects.create(
            assignment=assignment,
            study=study,
            stimulus_id=assignment.stimulus_id,
            participation=participation,
            client_key=client_key,
            status=Response.ACCEPTED if assignment.state == Assignment.ANSWERED else Response.SURPLUS,
            answers=cleaned,
            label=nominal_label(steps, cleaned),
            options_shown=options_shown(participation, study),
            sequence=assignment.sequence,
            duration_ms=duration_ms,
            signals=signals or {},
            language=participation.language,
            device=device[:12],
            theme=theme[:12],
            consent_hash=participation.consent.hash,
            is_simulated=participation.annotator.is_simulated,
            created_at=now,
            updated_at=now,
        )
        Participation.objects.filter(pk=participation.pk).update(n_answered=F("n_answered") + 1)
    return Submitted(response, repeated=False)


def _slot_is_open(assignment: Assignment) -> bool:
    """Whether an answer whose lease ran out may count. Locks the stimulus, so that nobody takes the slot in between."""
    with connection.cursor() as cursor:
        cursor.execute("select open_slots from annotation_stimulus where id = %s for update", [assignment.stimulus_id])
        row = cursor.fetchone()
    return bool(row and row[0] > 0)
