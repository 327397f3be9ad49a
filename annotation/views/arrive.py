"""How people come to a study through a source, how they decline an invitation, and how they go back."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from annotation.access import role_in
from annotation.languages import read_in
from annotation.models import Recruitment, Study, Visit
from annotation.participant import cookie_name, participation_id_of, participation_of, remember
from annotation.recruitment import SOURCES
from annotation.recruitment.arrival import (
    arrival_of,
    find_participation,
    from_token,
    needs_code,
    record_visit,
    remember_arrival,
)
from annotation.recruitment.arrival import cookie_name as arrival_cookie_name
from annotation.recruitment.base import Arrival, ArrivalRefused
from annotation.recruitment.invitation.invite import decline as decline_invitation
from annotation.recruitment.invitation.source import invitation_of
from annotation.recruitment.join import has_room
from annotation.recruitment.leave import departure_before_joining, leave


def _study(request: HttpRequest, slug: str) -> Study:
    study = Study.objects.filter(slug=slug).exclude(state=Study.DRAFT).first()
    if study is None or (study.entry == Study.MEMBERS and role_in(request.user, study) is None):
        raise Http404("There is no such study.")
    return read_in(request, study, participation_of(request, study))


def _recruitment(study: Study, name: str) -> Recruitment | None:
    """The source, with its study; None is the plain link of a study that has no row for it."""
    found = Recruitment.objects.filter(study=study, name=name).first()
    if found is None and name != "link":
        raise Http404("There is no such source.")
    if found is not None:
        found.study = study
    return found


@require_GET
@never_cache
def arrive(request: HttpRequest, slug: str, source: str) -> HttpResponse:
    """Reads who comes, and goes on without the ids in the address. Whoever takes part already finds her part again."""
    study = _study(request, slug)
    recruitment = _recruitment(study, source)
    if recruitment is None or recruitment.kind == "link":
        return redirect("annotate_welcome", slug=slug)
    kind = SOURCES[recruitment.kind]
    try:
        if not recruitment.is_active:
            raise ArrivalRefused(_("This way into the study is closed at present. Nothing about you was stored."))
        if "go" in request.GET:
            arrival = from_token(request.GET["go"], study)
            if arrival is None:
                raise ArrivalRefused(
                    _("This link is too old or damaged. Open the study again from where you found it.")
                )
        else:
            framed = kind.show_frame(request, recruitment)
            if framed is not None:
                return framed
            arrival = kind.arrive(recruitment, request.GET)
        return _let_in(request, arrival)
    except ArrivalRefused as refusal:
        context = {"study": study, "problem": refusal.message, "place": kind.place(recruitment)}
        return render(request, "recruitment/refused.html", context, status=refusal.status)


def _let_in(request: HttpRequest, arrival: Arrival) -> HttpResponse:
    study = arrival.recruitment.study
    participation = find_participation(arrival)
    if participation is None:
        response = redirect("annotate_welcome", slug=study.slug)
        remember_arrival(response, arrival, secure=settings.SESSION_COOKIE_SECURE)
        # somebody else took part in this browser before: this is another person
        response.delete_cookie(cookie_name(study))
        return response
    if participation_id_of(request, study) != participation.pk and needs_code(arrival, participation):
        response = redirect(f"{reverse('annotate_return', args=[study.slug])}?known")
        remember_arrival(response, arrival, secure=settings.SESSION_COOKIE_SECURE)
        return response
    record_visit(arrival, participation)
    page = "annotate_welcome" if participation.withdrawn_at else "annotate_task"
    response = redirect(page, slug=study.slug)
    remember(response, participation, secure=settings.SESSION_COOKIE_SECURE)
    response.delete_cookie(arrival_cookie_name(study))
    return response


@require_GET
@never_cache
def exit_study(request: HttpRequest, slug: str) -> HttpResponse:
    """Back to where she came from, with what that place expects for this end of the visit."""
    study = _study(request, slug)
    participation = participation_of(request, study)
    departure = leave(participation, study) if participation else None
    if departure is None and (arrival := arrival_of(request, study)) is not None:
        outcome = Visit.NO_CONSENT if has_room(study) else Visit.FULL
        departure = departure_before_joining(arrival, outcome)
    if departure is None:
        return redirect("annotate_welcome", slug=slug)
    if departure.url:
        return HttpResponseRedirect(departure.url)
    return render(request, "recruitment/left.html", {"study": study, "departure": departure})


@csrf_exempt  # mail programs post here without a page of ours (RFC 8058); the token is what allows it
@require_http_methods(["GET", "POST"])
@never_cache
def decline(request: HttpRequest, slug: str, source: str) -> HttpResponse:
    """One click: looking does nothing (mail scanners look), the button forgets the address."""
    study = _study(request, slug)
    recruitment = _recruitment(study, source)
    token = request.GET.get("invitation", "")
    invitation = invitation_of(token, recruitment) if recruitment and recruitment.kind == "invitation" else None
    if request.method == "POST" and invitation is not None:
        decline_invitation(invitation=invitation)
        invitation.refresh_from_db()
    context = {"study": study, "invitation": invitation}
    return render(request, "recruitment/invitation/decline.html", context)
