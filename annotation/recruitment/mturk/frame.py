"""What a worker sees inside Mechanical Turk's page: the study, the way into it, and the button that hands it in."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.markdown import to_html
from annotation.models import PayPlan, Recruitment, Visit
from annotation.recruitment.arrival import as_token, find_participation
from annotation.recruitment.base import Arrival, RecruitmentSource
from annotation.recruitment.join import has_room
from annotation.recruitment.leave import outcome_of
from annotation.recruitment.mturk.source import FRAME_HOSTS, PREVIEW

SUBMIT_PATH = "/mturk/externalSubmit"


def frame(request: HttpRequest, recruitment: Recruitment, source: RecruitmentSource) -> HttpResponse:
    """Asked with Accept: application/json it says how far the worker is, for the page's own script."""
    study = recruitment.study
    is_preview = request.GET.get("assignmentId") == PREVIEW or not request.GET.get("assignmentId")
    arrival = None if is_preview else source.arrive(recruitment, request.GET)
    state = _state(arrival) if arrival else {"joined": False, "complete": False, "text": ""}
    if arrival and request.headers.get("Accept") == "application/json":
        return _framed(JsonResponse(state), "")
    token = as_token(arrival) if arrival else ""
    submit_origin = arrival.details["submit_to"] if arrival else ""
    context = {
        "study": study,
        "consent_html": to_html(study.consent),
        "instructions_html": to_html(study.instructions),
        "steps": study.parsed_steps,
        "is_preview": is_preview,
        "has_room": has_room(study),
        "state": state,
        "assignment_id": arrival.external_id if arrival else "",
        "submit_url": f"{submit_origin}{SUBMIT_PATH}" if arrival else "",
        "go_url": reverse("annotate_arrive", args=[study.slug, recruitment.name]) + f"?go={token}" if arrival else "",
        "images": (PayPlan.objects.filter(study=study).first() or PayPlan(study=study)).images_per_reward,
    }
    return _framed(render(request, "recruitment/mturk/frame.html", context), submit_origin)


def _state(arrival: Arrival) -> dict[str, object]:
    """How far she is. Nothing is written: a look costs nothing and lends nothing."""
    participation = find_participation(arrival)
    if participation is None:
        return {"joined": False, "complete": False, "text": _("You have not begun yet.")}
    visit = Visit(recruitment=arrival.recruitment, participation=participation)
    known = Visit.objects.filter(recruitment=arrival.recruitment, external_id=arrival.external_id).first()
    outcome = outcome_of(participation, arrival.recruitment.study, known or visit)
    done = participation.n_answered + participation.n_skipped
    return {
        "joined": True,
        "complete": outcome in (Visit.COMPLETED, Visit.SCREENED_OUT),
        "text": _("You have been through %(n)s images.") % {"n": done},
    }


def _framed(response: HttpResponse, submit_origin: str) -> HttpResponse:
    """Only this page may stand in a frame, only in Mechanical Turk's, and its form may go there and nowhere else."""
    response.xframe_options_exempt = True  # type: ignore[attr-defined]  # what Django's decorator sets
    response._csp_replace = {  # type: ignore[attr-defined]  # what django-csp's decorator sets
        "frame-ancestors": [f"https://{host}" for host in FRAME_HOSTS],
        # what takes the form in may lead on to another of Mechanical Turk's hosts, and browsers hold that against this
        **({"form-action": [submit_origin, *(f"https://{host}" for host in FRAME_HOSTS)]} if submit_origin else {}),
    }
    return response
