"""The annotator's pages: welcome and consent, instructions, task, own answers, end."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.access import get_study, has_right, role_in
from annotation.api.machine_texts import task_settings as machine_text_settings
from annotation.api.shown_work import latest_of, response_as_dict, work_of
from annotation.api.throttle import SecretThrottle
from annotation.care.pages import (
    first_page_after_instructions,
    leaving_context,
    stimulus_care,
    task_settings,
    themes_context,
)
from annotation.errors import AnnotationError
from annotation.images import image_url
from annotation.languages import activate, in_language, read_in, remember_language
from annotation.markdown import to_html
from annotation.models import DemographicSettings, Participation, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.participant import participation_of, remember
from annotation.people.consent import agree_again, difference, must_agree_again
from annotation.people.demographics import asks
from annotation.queries import responses_of_participation
from annotation.recruitment.arrival import cookie_name as arrival_cookie_name
from annotation.recruitment.arrival import note_arrival
from annotation.recruitment.join import join_from_browser
from annotation.recruitment.way_back import may_join, way_back
from annotation.services.assign import held_assignments, nothing_left, options_shown
from annotation.services.caps import limit_reached, limits_in_words, reached_in_words
from annotation.services.shown_texts import texts_of
from annotation.views.offline import worker_version
from annotation.whole_number import whole_number

PREVIEW_STIMULI = 5
ANSWERS_PER_PAGE = 200


def study_or_404(request: HttpRequest, slug: str) -> Study:
    """A study that people may take part in, in this person's language. Raises Http404 for drafts and, to strangers, for
    studies of members."""
    study = Study.objects.filter(slug=slug).exclude(state=Study.DRAFT).first()
    if study is None or (study.entry == Study.MEMBERS and role_in(request.user, study) is None):
        raise Http404("There is no such study.")
    return read_in(request, study, participation_of(request, study))


def steps_of(study: Study, orders: dict[str, list[str]]) -> list[dict[str, Any]]:
    """What the task page needs of each step; its template is steps/<kind>/task.html."""
    return [
        {
            "name": step.name,
            "kind": step.kind.name,
            "options": step.options,
            "options_shown": orders.get(step.name, []),
            "template": f"steps/{step.kind.name}/task.html",
        }
        for step in study.parsed_steps
    ]


@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def welcome(request: HttpRequest, slug: str) -> HttpResponse:
    study = study_or_404(request, slug)
    participation = participation_of(request, study)
    again = bool(participation and not participation.withdrawn_at)
    if participation and again and not must_agree_again(participation):
        return redirect("annotate_task", slug=slug)
    if participation and again:
        return _ask_again(request, study, participation)
    back = way_back(request, study, participation)
    problem = ""
    if request.method == "POST" and study.is_open:
        if request.POST.get("answer") == "no":
            return render(request, "annotate/declined.html", {"study": study, **back})
        try:
            joined = join_from_browser(
                request,
                study,
                agreed_hash=request.POST.get("consent_hash", ""),
                language=getattr(request, "LANGUAGE_CODE", "en"),
            )
        except AnnotationError as error:
            problem = error.message
        else:
            asks_first = asks(study, joined, DemographicSettings.BEFORE)
            response = redirect("annotate_about_you" if asks_first else "annotate_instructions", slug=slug)
            remember(response, joined, secure=settings.SESSION_COOKIE_SECURE)
            response.delete_cookie(arrival_cookie_name(study))
            return response
    context = {
        **back,
        "study": study,
        "content_note_html": to_html(study.care.get("content_note", "")),
        "consent_html": to_html(study.consent),
        "consent_hash": consent_hash(study.consent),
        "problem": problem,
    }
    if not study.is_open:
        return render(request, "annotate/closed.html", context)
    if not problem and not may_join(request, study, participation):
        return render(request, "recruitment/no_way_in.html", {**context, "participation": participation})
    return render(request, "annotate/welcome.html", context, status=409 if problem else 200)


def _ask_again(request: HttpRequest, study: Study, participation: Participation) -> HttpResponse:
    """Her text was replaced since she agreed. Until she agrees again no answer is taken; those she gave stand."""
    problem = ""
    if request.method == "POST" and request.POST.get("answer") == "no":
        return redirect("annotate_my_data", slug=study.slug)
    if request.method == "POST":
        try:
            agree_again(study=study, participation=participation, agreed_hash=request.POST.get("consent_hash", ""))
        except AnnotationError as error:
            problem = error.message
        else:
            return redirect("annotate_task", slug=study.slug)
    context = {
        "study": study,
        "again": True,
        "content_note_html": to_html(study.care.get("content_note", "")),
        "consent_html": to_html(study.consent),
        "consent_hash": consent_hash(study.consent),
        "difference": difference(participation.consent.markdown, study.consent),
        "problem": problem,
    }
    return render(request, "annotate/welcome.html", context, status=409 if problem else 200)


def taking_part(request: HttpRequest, slug: str) -> tuple[Study, Participation | None]:
    study = study_or_404(request, slug)
    participation = participation_of(request, study)
    return study, participation if participation and not participation.withdrawn_at else None


@require_GET
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    context = {
        "study": study,
        "instructions_html": to_html(study.instructions),
        "next_url": first_page_after_instructions(study, participation),
        "practises": participation.preparation == Participation.DUE,
        "limits": limits_in_words(study),
        **themes_context(study, participation),
    }
    return render(request, "annotate/instructions.html", context)


@require_GET
@ensure_csrf_cookie
def task(request: HttpRequest, slug: str) -> HttpResponse:
    """The task with the first images to work on; with `?kept` without them, for the device to keep (worker.js)."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    if must_agree_again(participation) and "kept" not in request.GET:
        return redirect("annotate_welcome", slug=slug)
    if participation.preparation in (Participation.DUE, Participation.FAILED):
        return redirect("annotate_practice", slug=slug)
    work = None if "kept" in request.GET else _first_work(study, participation)
    context = {
        "study": study,
        "steps": steps_of(study, options_shown(participation, study)),
        "instructions_html": to_html(study.instructions),
        **themes_context(study, participation),
        "first_image_url": work["held"][0]["stimulus"]["image_url"] if work and work["held"] else "",
        "config": {
            "preview": False,
            "page": str(uuid.uuid4()),
            "work": work,
            "work_url": reverse("api_work", args=[slug]),
            "offers_url": reverse("api_offers", args=[slug]),
            "responses_url": reverse("api_responses", args=[slug]),
            "skips_url": reverse("api_skips", args=[slug]),
            "end_url": reverse("annotate_end", args=[slug]),
            "worker_url": reverse("annotate_worker") if worker_version() else "",
            "participant": participation.annotator.pseudonym,
            "care": task_settings(study, participation),
            "machine_text": machine_text_settings(study, participation),
        },
    }
    return render(request, "annotate/task.html", context)


def _first_work(study: Study, participation: Participation) -> dict[str, Any] | None:
    """What she holds, so that the page need not ask for it. None: the page asks, and shows the sentence it gets."""
    try:
        return {**work_of(study, participation), "last_response": latest_of(study, participation)}
    except AnnotationError:
        return None


@login_required
@require_GET
@ensure_csrf_cookie
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The task as an annotator sees it; saves nothing and lends nothing."""
    study = in_language(get_study(request.user, slug, "see_results"), request.GET.get("language", ""))
    if study.text_language:
        activate(request, study.text_language)
    orders = {step.name: step.kind.option_ids(step.options) for step in study.parsed_steps}
    stimuli = Stimulus.objects.filter(study=study).order_by("rank")[:PREVIEW_STIMULI]
    held = [
        {
            "id": -number,
            "sequence": number,
            "expires_at": None,
            "stimulus": {
                "key": stimulus.key,
                "name": "" if stimulus.image_sha256 else stimulus.name,
                "image_url": image_url(study.pk, stimulus.image_sha256),
                "width": stimulus.width,
                "height": stimulus.height,
                "description": stimulus.description,
                "texts": texts_of(study, stimulus),
                "care": stimulus_care(study, stimulus.content_note, stimulus.is_strong),
            },
            "options_shown": {name: ids for name, ids in orders.items() if ids},
        }
        for number, stimulus in enumerate(stimuli, start=1)
    ]
    may_change = has_right(request.user, study, "change_study")
    back_url = reverse("study_setup", args=[slug]) if may_change else reverse("studies")
    context = {
        "study": study,
        "steps": steps_of(study, orders),
        "instructions_html": to_html(study.instructions),
        "config": {"preview": True, "held": held, "end_url": back_url, "care": task_settings(study, None)},
    }
    return render(request, "annotate/task.html", context)


@require_GET
@ensure_csrf_cookie
def answers(request: HttpRequest, slug: str) -> HttpResponse:
    """A person's own answers: revise or withdraw one, or withdraw everything."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    own = responses_of_participation(participation)
    if before := whole_number(request.GET.get("before", "")):
        own = own.filter(pk__lt=before)
    shown = list(own[: ANSWERS_PER_PAGE + 1])
    older_url = f"?before={shown[ANSWERS_PER_PAGE - 1].pk}" if len(shown) > ANSWERS_PER_PAGE else ""
    steps = study.parsed_steps
    rows = [
        {
            **response_as_dict(study, response),
            "thumbnail_url": image_url(study.pk, response.stimulus.image_sha256, "320"),
            "care": stimulus_care(study, response.stimulus.content_note, response.stimulus.is_strong),
            "texts": [step.plain_text(response.answers) for step in steps],
        }
        for response in shown[:ANSWERS_PER_PAGE]
    ]
    context = {"study": study, "participation": participation, "responses": rows, "older_url": older_url}
    return render(request, "annotate/answers.html", context)


def leaving(request: HttpRequest, study: Study, participation: Participation) -> dict[str, Any]:
    """What the page at the end and the one behind Stop show."""
    reached = limit_reached(participation, study)
    return {
        **way_back(request, study, participation),
        "limit_words": reached_in_words(reached),
        "limit_until": reached.until if reached else None,
        **leaving_context(study, participation),
        "study": study,
        "participation": participation,
        # the code is the proof of work done: nobody gets it for opening the page
        "completion_code": study.completion_code if participation.n_answered else "",
        "asks_about_you": asks(study, participation),
    }


@require_GET
@ensure_csrf_cookie
def end(request: HttpRequest, slug: str) -> HttpResponse:
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    context = leaving(request, study, participation)
    is_through = study.is_open and not held_assignments(participation)
    finished = is_through and nothing_left(participation=participation, study=study)
    return render(request, "annotate/end.html", {**context, "finished": finished})


@require_http_methods(["GET", "POST"])
def come_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Another device, or later: the code from the end page opens the person's own answers again."""
    study = study_or_404(request, slug)
    problem = ""
    if request.method == "POST":
        throttle = SecretThrottle()
        code = "".join(request.POST.get("code", "").split()).upper()
        found = Participation.objects.filter(study=study, withdrawal_code=code).first() if code else None
        if not throttle.allow_request(request, throttle):  # type: ignore[arg-type]  # reads scope, user and address
            problem = _("Too many tries from this address. Wait a minute, then try again.")
        elif found is None:
            problem = _("There are no answers under this code in this study. Check it against the end page.")
        else:
            # of somebody who withdrew there are no answers left, but who she is may still be known
            response = redirect("annotate_my_data" if found.withdrawn_at else "annotate_answers", slug=slug)
            remember(response, found, secure=settings.SESSION_COOKIE_SECURE)
            note_arrival(request, found)
            response.delete_cookie(arrival_cookie_name(study))
            return response
    context = {"study": study, "problem": problem, "is_known": "known" in request.GET}
    return render(request, "annotate/come_back.html", context, status=400 if problem else 200)


@require_POST
def choose_language(request: HttpRequest, slug: str) -> HttpResponse:
    """Her own choice: kept in a cookie, and with her part in the study, so that her answers are recorded with it."""
    study = study_or_404(request, slug)
    language = request.POST.get("language", "")
    page = "annotate_task" if request.POST.get("from") == "task" else "annotate_welcome"
    response = redirect(page, slug=slug)
    if language in dict(study.offered_languages):
        participation = participation_of(request, study)
        if participation:
            Participation.objects.filter(pk=participation.pk).update(language=language)
        remember_language(response, language)
    return response
