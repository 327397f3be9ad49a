"""Making a study and running it: the list, a new one, its setup, its state."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.access import get_study, may_create_studies, rights_of
from annotation.errors import AnnotationError, InvalidInput
from annotation.forms import NewStudyForm, RemoveSimulatedForm, StudyForm
from annotation.markdown import to_html
from annotation.models import Participation, Response, Study
from annotation.services.change_state import change_state
from annotation.services.create_study import create_study, update_study
from annotation.services.remove_simulated import remove_simulated
from annotation.services.study_overview import missing_before_opening, overviews, study_overviews


@login_required
@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    context = {"overviews": study_overviews(request.user), "may_create": may_create_studies(request.user)}
    return render(request, "studies/studies.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    if not may_create_studies(request.user):
        raise PermissionDenied("Studies are made by members of the group 'Study creators'. Ask whoever runs this site.")
    form = NewStudyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            study = create_study(user=request.user, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "The study is made. Next: its images, then its texts.")
            return redirect("study_setup", slug=study.slug)
    return render(request, "studies/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "change_study")
    frozen = Response.objects.filter(study=study).exists()
    # a form of its own copy: what a person typed wrongly must not show up in the page's heading
    form = StudyForm(
        request.POST if request.method == "POST" else None, instance=Study.objects.get(pk=study.pk), steps_frozen=frozen
    )
    if request.method == "POST" and form.is_valid():
        try:
            update_study(study=study, **form.changes())
        except InvalidInput as error:
            form.add_errors(error.errors, error.message)
        except AnnotationError as error:
            form.add_errors({}, error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("study_setup", slug=slug)
    return render(
        request, "studies/setup.html", _setup_context(request, study, form, frozen), status=422 if form.errors else 200
    )


def _setup_context(request: HttpRequest, study: Study, form: StudyForm, frozen: bool) -> dict[str, Any]:
    overview = overviews(Study.objects.filter(pk=study.pk))[0]
    return {
        "study": study,
        "rights": rights_of(request.user, study),
        "overview": overview,
        "form": form,
        "steps_frozen": frozen,
        "steps": study.parsed_steps,
        "missing": missing_before_opening(study, overview.n_stimuli),
        "share_url": request.build_absolute_uri(reverse("annotate_welcome", args=[study.slug])),
        "instructions_html": to_html(form["instructions"].value() or ""),
        "consent_html": to_html(form["consent"].value() or ""),
        "tab": "setup",
    }


@login_required
@require_POST
def state(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "change_study")
    wanted = request.POST.get("state", "")
    try:
        study = change_state(study=study, state=wanted)
    except AnnotationError as error:
        messages.error(request, error.message)
    else:
        words = {
            Study.OPEN: "The study is open: people can take part.",
            Study.PAUSED: "The study is paused. Whoever holds an image may still answer it; nobody gets a new one.",
            Study.CLOSED: "The study is closed. Whoever holds an image may still answer it.",
        }
        messages.success(request, words[study.state])
    return redirect("study_setup", slug=slug)


@login_required
@require_http_methods(["GET", "POST"])
def remove_simulated_responses(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks by name before it removes what the simulator made."""
    study = get_study(request.user, slug, "remove_simulated")
    form = RemoveSimulatedForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if form.cleaned_data["title"].strip() == study.title.strip():
            n_removed = remove_simulated(study=study)
            messages.success(request, f"{n_removed:,} simulated responses are removed.")
            return redirect("study_setup", slug=slug)
        form.add_error("title", f"This is not the title of the study. Type: {study.title}")
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "form": form,
        "n_annotators": Participation.objects.filter(study=study, annotator__is_simulated=True).count(),
        "n_responses": Response.objects.filter(study=study, is_simulated=True).count(),
        "tab": "setup",
    }
    return render(request, "studies/remove_simulated.html", context, status=422 if form.errors else 200)
