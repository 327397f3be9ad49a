"""How a browser that takes part in a study is known again: one signed cookie per study, no account, no session row."""

from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from annotation.models import Participation, Study

COOKIE_SECONDS = 180 * 24 * 3600
SALT = "annotation.participation"


def cookie_name(study: Study) -> str:
    return f"participation_{study.pk}"


def remember(response: HttpResponseBase, participation: Participation, *, secure: bool) -> None:
    """Sets the cookie that carries the participation."""
    response.set_cookie(
        f"participation_{participation.study_id}",
        signing.dumps(participation.pk, salt=SALT),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def participation_id_of(request: HttpRequest, study: Study) -> int | None:
    """What this browser's cookie says; the row may be gone, or belong to another study."""
    value = request.COOKIES.get(cookie_name(study))
    if not value:
        return None
    try:
        return int(signing.loads(value, salt=SALT, max_age=COOKIE_SECONDS))
    except signing.BadSignature:
        return None


def participation_of(request: HttpRequest, study: Study) -> Participation | None:
    """The participation behind this browser's cookie, or None."""
    pk = participation_id_of(request, study)
    if pk is None:
        return None
    return Participation.objects.filter(pk=pk, study=study).select_related("consent", "annotator").first()
