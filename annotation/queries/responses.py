"""Responses as plain rows and as pages show them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from annotation.models import Participation, Response, Study

ACCEPTED, SURPLUS, WITHDRAWN = Response.ACCEPTED, Response.SURPLUS, Response.WITHDRAWN


@dataclass(frozen=True)
class CountedResponse:
    """What statistics need of one response. label: '' where the study has no label step or it was withdrawn."""

    stimulus_id: int
    participation_id: int
    label: str
    status: str
    is_simulated: bool
    created_at: datetime


def responses_to_count(stimulus_ids: Sequence[int]) -> Iterator[CountedResponse]:
    """All responses of these stimuli, of every status, ordered by stimulus and then by age."""
    rows = (
        Response.objects.filter(stimulus_id__in=stimulus_ids)
        .order_by("stimulus_id", "pk")
        .values_list("stimulus_id", "participation_id", "label", "status", "is_simulated", "created_at")
    )
    return (CountedResponse(*row) for row in rows.iterator(chunk_size=5_000))


def responses_of_stimulus(stimulus_id: int) -> QuerySet[Response]:
    """Accepted and surplus responses of a stimulus, the oldest first, with their annotators' pseudonyms."""
    return (
        Response.objects.filter(stimulus_id=stimulus_id)
        .exclude(status=Response.WITHDRAWN)
        .select_related("participation__annotator")
        .order_by("pk")
    )


def responses_to_stimuli(study: Study, keys: Iterable[str]) -> QuerySet[Response]:
    """Accepted responses to the stimuli of these keys, with their stimuli, the oldest first."""
    return (
        Response.objects.filter(study=study, stimulus__key__in=list(keys), status=Response.ACCEPTED)
        .select_related("stimulus")
        .order_by("pk")
    )


def responses_of_participation(participation: Participation) -> QuerySet[Response]:
    """Accepted and surplus responses of one person in one study, the newest first, with their stimuli."""
    return (
        Response.objects.filter(participation=participation)
        .exclude(status=Response.WITHDRAWN)
        .select_related("stimulus")
        # `+ 0`: her rows are sorted; for the first few of them the planner would rather walk everybody's, from the end
        .order_by((F("id") + 0).desc())
    )


def recent_responses(study: Study, n: int) -> list[Response]:
    """The newest `n` responses that were not withdrawn, with stimuli and pseudonyms."""
    return list(
        Response.objects.filter(study=study)
        .exclude(status=Response.WITHDRAWN)
        .select_related("stimulus", "participation__annotator")
        .order_by("-pk")[:n]
    )
