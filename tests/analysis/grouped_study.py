"""A study whose people belong to cohorts and said something about themselves, written straight into the tables."""

import random
import uuid
from typing import Any

from django.utils import timezone

from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.people.demographics import record_demographics, set_demographics
from tests.conftest import make_participation, make_study

WHY = "We want to know whom we reached."


def grouped_study(
    user: Any, genders: dict[str, int], *, n_stimuli: int = 12, least_group: int = 5, seed: int = 1
) -> tuple[Study, dict[str, list[Participation]]]:
    """Everybody answers every stimulus. genders: option -> people; "" = would rather not say.

    Women feel awe three times out of four, men fear. The cohort is "north" for every second person, else "south".
    """
    study = make_study(user, n_stimuli=n_stimuli, wanted_responses=sum(genders.values()) + 5)
    set_demographics(
        study=study, is_on=True, moment="after", consent=WHY, questions=[{"ready": "gender"}], least_group=least_group
    )
    drawn = random.Random(seed)
    people: dict[str, list[Participation]] = {}
    for gender, n in genders.items():
        for number in range(n):
            person = make_participation(study, cohort=("north", "south")[number % 2])
            people.setdefault(gender, []).append(person)
            given = {"gender": gender} if gender else {}
            record_demographics(study=study, participation=person, agreed_hash=consent_hash(WHY), given=given)
    answers = [
        (stimulus, person, own if drawn.random() < 0.75 else other)
        for stimulus in Stimulus.objects.filter(study=study).order_by("rank")
        for gender, those in people.items()
        for own, other in [("awe", "fear") if gender == "woman" else ("fear", "awe")]
        for person in those
    ]
    answer_all(study, answers)
    return study, people


def answer_all(study: Study, answers: list[tuple[Stimulus, Participation, str]]) -> None:
    """Many accepted answers at once."""
    now = timezone.now()
    assignments = Assignment.objects.bulk_create(
        Assignment(
            study=study,
            stimulus=stimulus,
            participation=person,
            state=Assignment.ANSWERED,
            sequence=1,
            leased_at=now,
            expires_at=now,
        )
        for stimulus, person, _ in answers
    )
    Response.objects.bulk_create(
        Response(
            assignment=assignment,
            study=study,
            stimulus=stimulus,
            participation=person,
            client_key=uuid.uuid4(),
            answers={"emotion": emotion, "explanation": f"it looks like {emotion} to me"},
            label=emotion,
            sequence=1,
            duration_ms=8_000,
            consent_hash="0" * 64,
            created_at=now,
            updated_at=now,
        )
        for assignment, (stimulus, person, emotion) in zip(assignments, answers, strict=True)
    )
