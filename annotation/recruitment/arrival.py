"""Between following a link and agreeing to take part: who came is kept in her own browser only, signed.

So that of somebody who does not agree nothing is stored here, and her id stands in no address after the first one.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from annotation.models import Annotator, DemographicAnswers, Identity, Participation, Recruitment, Study, Visit
from annotation.recruitment.base import Arrival, ArrivalRefused

SALT = "annotation.arrival"
ARRIVAL_SECONDS = 7 * 24 * 3600
GUESSABLE = 16  # characters; panels that number their people have ids of five or six digits


def cookie_name(study: Study) -> str:
    return f"arrival_{study.pk}"


def as_token(arrival: Arrival) -> str:
    """The arrival in one signed word, for her cookie or for a link out of a frame."""
    content = {
        "r": arrival.recruitment.pk,
        "n": arrival.panel,
        "p": arrival.panel_id,
        "x": arrival.external_id,
        "d": arrival.details,
        "e": arrival.email,
    }
    return signing.dumps(content, salt=SALT, compress=True)


def from_token(token: str, study: Study) -> Arrival | None:
    """The arrival, if the token is ours, of this study and not too old, and its source still takes people."""
    try:
        content: Mapping[str, Any] = signing.loads(token, salt=SALT, max_age=ARRIVAL_SECONDS)
    except signing.BadSignature:
        return None
    recruitment = Recruitment.objects.filter(pk=content["r"], study=study, is_active=True).first()
    if recruitment is None:
        return None
    recruitment.study = study
    return Arrival(recruitment, content["n"], content["p"], content["x"], dict(content["d"]), content["e"])


def remember_arrival(response: HttpResponseBase, arrival: Arrival, *, secure: bool) -> None:
    response.set_cookie(
        cookie_name(arrival.recruitment.study),
        as_token(arrival),
        max_age=ARRIVAL_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def arrival_of(request: HttpRequest, study: Study) -> Arrival | None:
    """Who came in this browser and has not agreed yet; None for whoever came by the plain link."""
    token = request.COOKIES.get(cookie_name(study))
    return from_token(token, study) if token else None


def find_participation(arrival: Arrival) -> Participation | None:
    """The part she takes already, found by her id at the panel: in this browser or another."""
    if not arrival.panel_id:
        return None
    return (
        Participation.objects.filter(
            study_id=arrival.recruitment.study_id,
            annotator__identity__panel=arrival.panel,
            annotator__identity__panel_id=arrival.panel_id,
        )
        .select_related("annotator")
        .first()
    )


def needs_code(arrival: Arrival, participation: Participation) -> bool:
    """Whether the link alone must not open this part: somebody's answers are behind it, and it says nothing that only
    she can know. Ids of people go round among researchers, or can be guessed; the id of a visit that she came with, or
    one that the panel has vouched for, is hers."""
    if arrival.external_id:
        of_hers = Visit.objects.filter(recruitment=arrival.recruitment, participation=participation)
        is_hers = arrival.is_verified or of_hers.filter(external_id=arrival.external_id).exists()
    else:
        is_hers = len(arrival.panel_id) >= GUESSABLE
    return not is_hers and bool(
        participation.n_answered
        or participation.n_skipped
        or DemographicAnswers.objects.filter(pk=participation.pk).exists()
    )


def refuse_without_code(arrival: Arrival) -> None:
    """Raises ArrivalRefused where the part that the link leads to is not opened by the link alone."""
    participation = find_participation(arrival)
    if participation is not None and needs_code(arrival, participation):
        raise ArrivalRefused(
            _(
                "Somebody with this id takes part already. If that is you, go on in the browser in which you began, or "
                "enter your code."
            )
        )


def annotator_of_arrival(arrival: Arrival) -> Annotator | None:
    """The annotator behind a panel id, made at first need; None where the source knows nobody."""
    if not arrival.panel_id:
        return None
    who = {"panel": arrival.panel, "panel_id": arrival.panel_id}
    found = Identity.objects.filter(**who).select_related("annotator").first()
    if found:
        return found.annotator
    try:
        with transaction.atomic():
            annotator = Annotator.objects.create()
            Identity.objects.create(annotator=annotator, email=arrival.email, **who)
            return annotator
    except IntegrityError:  # her other tab was faster
        return Identity.objects.select_related("annotator").get(**who).annotator


def record_visit(arrival: Arrival, participation: Participation) -> Visit:
    """The row of this coming; the same link again finds it."""
    if arrival.external_id:
        visit, _made = Visit.objects.get_or_create(
            recruitment=arrival.recruitment,
            external_id=arrival.external_id,
            defaults={"participation": participation, "details": arrival.details},
        )
        if visit.participation_id != participation.pk:
            raise ArrivalRefused(
                _("This link was used by somebody else before. Open the study again from where you found it.")
            )
    else:
        visit, _made = Visit.objects.get_or_create(
            recruitment=arrival.recruitment, participation=participation, external_id=""
        )
    if visit.outcome == Visit.STOPPED:  # she came back to go on
        Visit.objects.filter(pk=visit.pk).update(outcome="", left_at=None)
    return visit


def note_arrival(request: HttpRequest, participation: Participation) -> None:
    """She has given her code: what brought this browser here is a visit of hers, if it names her."""
    arrival = arrival_of(request, participation.study)
    if arrival is None or find_participation(arrival) != participation:
        return
    with suppress(ArrivalRefused):  # a visit of somebody else stays hers
        record_visit(arrival, participation)
