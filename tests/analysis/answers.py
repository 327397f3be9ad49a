"""Builders for the tests of analysis: stimuli that were answered as a table says, and acts drawn at random."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from annotation.emotions import AFFECTION
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from tests.conftest import answer, make_participation, make_study

EMOTIONS = [label["id"] for label in AFFECTION]


def people_of_study(study: Study, n: int, **more: Any) -> list[Participation]:
    return [make_participation(study, **more) for _ in range(n)]


def answer_stimulus(
    stimulus: Stimulus,
    people: Sequence[Participation],
    emotions: Sequence[str],
    *,
    status: str = Response.ACCEPTED,
    created_at: datetime | None = None,
    is_simulated: bool = False,
) -> list[Response]:
    """Each of the people gives the emotion of the same place; the rows are those that a submit leaves behind."""
    now = created_at or timezone.now()
    state = Assignment.ANSWERED if status == Response.ACCEPTED else Assignment.SURPLUS
    responses = []
    for person, emotion in zip(people, emotions, strict=False):
        assignment = Assignment.objects.create(
            study_id=stimulus.study_id,
            stimulus=stimulus,
            participation=person,
            state=state,
            sequence=1,
            leased_at=now,
            expires_at=now + timedelta(hours=1),
        )
        responses.append(
            Response.objects.create(
                assignment=assignment,
                study_id=stimulus.study_id,
                stimulus=stimulus,
                participation=person,
                client_key=uuid.uuid4(),
                status=status,
                answers=answer(emotion, f"it looks like {emotion} to me"),
                label=emotion,
                sequence=1,
                duration_ms=8_000,
                consent_hash="0" * 64,
                is_simulated=is_simulated,
                created_at=now,
                updated_at=now,
            )
        )
    return responses


def answered_study(user: Any, table: Sequence[Sequence[str]], **more: Any) -> tuple[Study, list[Stimulus]]:
    """A study with one stimulus per row of the table, answered with the emotions of the row by people in order."""
    most = max((len(row) for row in table), default=1)
    study = make_study(user, n_stimuli=len(table), wanted_responses=max(most, 1), **more)
    people = people_of_study(study, most)
    stimuli = list(Stimulus.objects.filter(study=study).order_by("rank"))
    for stimulus, emotions in zip(stimuli, table, strict=True):
        answer_stimulus(stimulus, people, emotions)
    return study, stimuli


def import_labels(name: str, rows: Sequence[dict[str, str]]) -> Study:
    """A closed study out of plain worker, item, label rows, written straight into the tables."""
    labels = sorted({row["label"] for row in rows})
    steps = [{"name": "emotion", "kind": "choice", "options": {"labels": labels}}]
    n_items = len({row["item"] for row in rows})
    study = make_study(title=name, steps=steps, n_stimuli=n_items, wanted_responses=100)
    latest = {(row["worker"], row["item"]): row["label"] for row in rows}
    items = sorted({item for _, item in latest})
    stimuli = Stimulus.objects.filter(study=study).order_by("rank")
    stimulus_of = dict(zip(items, stimuli, strict=True))
    person_of = {worker: make_participation(study) for worker in sorted({worker for worker, _ in latest})}
    now = timezone.now()
    assignments = Assignment.objects.bulk_create(
        Assignment(
            study=study,
            stimulus=stimulus_of[item],
            participation=person_of[worker],
            state=Assignment.ANSWERED,
            sequence=1,
            leased_at=now,
            expires_at=now,
        )
        for worker, item in latest
    )
    Response.objects.bulk_create(
        Response(
            assignment=assignment,
            study=study,
            stimulus_id=assignment.stimulus_id,
            participation_id=assignment.participation_id,
            client_key=uuid.uuid4(),
            answers={"emotion": label},
            label=label,
            sequence=1,
            consent_hash="0" * 64,
            created_at=now,
            updated_at=now,
        )
        for assignment, label in zip(assignments, latest.values(), strict=True)
    )
    return study
