"""A person who came through a source agrees to take part: her participation, her identity and the visit, at once."""

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from annotation.errors import NotTakingPart
from annotation.models import Participation, Recruitment, Stimulus, Study
from annotation.recruitment import SOURCES
from annotation.recruitment.arrival import annotator_of_arrival, arrival_of, record_visit, refuse_without_code
from annotation.recruitment.base import Arrival
from annotation.services.join_study import annotator_of, join_study


def join_from_browser(request: HttpRequest, study: Study, *, agreed_hash: str, language: str) -> Participation:
    """Joins through whatever brought this browser here. Raises as join_study does; NotTakingPart where the plain link
    is switched off and nothing else brought her."""
    arrival = arrival_of(request, study)
    if arrival is not None:
        refuse_without_code(arrival)  # she may have come before somebody of this id began elsewhere
        return join_through(arrival, study=study, agreed_hash=agreed_hash, language=language)
    if not link_is_open(study):
        raise NotTakingPart(only_by_source())
    return join_study(
        study=study,
        agreed_hash=agreed_hash,
        annotator=annotator_of(request.user) if request.user.is_authenticated else None,
        language=language,
    )


def join_through(arrival: Arrival, *, study: Study, agreed_hash: str, language: str) -> Participation:
    """One transaction: where she does not come to take part after all, nothing about her is kept."""
    with transaction.atomic():
        participation = join_study(
            study=study,
            agreed_hash=agreed_hash,
            annotator=annotator_of_arrival(arrival),
            language=language,
            cohort=arrival.recruitment.name,
        )
        record_visit(arrival, participation)
        SOURCES[arrival.recruitment.kind].joined(arrival)
    return participation


def link_is_open(study: Study) -> bool:
    """Whether anybody with the plain link may join; so it is unless a manager switched it off."""
    return not Recruitment.objects.filter(study=study, kind="link", is_active=False).exists()


def only_by_source() -> str:
    return _("This study takes part only with people who come through its own invitations. Use the link you were sent.")


def has_room(study: Study) -> bool:
    """Whether an image is open for somebody new; people who are paid for coming are not let in to wait."""
    return study.is_open and Stimulus.objects.filter(study=study, open_slots__gt=0).exists()
