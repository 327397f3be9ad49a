"""Pages of care: its settings and report; for those who take part the mood, the themes, the way out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext as to_participant
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.access import get_study, rights_of
from annotation.care.forms import CareForm, HelpLines, help_lines_of
from annotation.care.mood import MOMENTS, may_ask, record_mood
from annotation.care.options import CareOptions
from annotation.care.ratings import rate_stimulus
from annotation.care.report import care_report
from annotation.care.strength import JOB_KINDS
from annotation.care.themes import decline_themes, themes_of
from annotation.care.uses import note_use
from annotation.errors import AnnotationError, InvalidInput
from annotation.markdown import to_html
from annotation.models import MoodAnswer, Stimulus
from annotation.services.create_study import update_study
from annotation.views.annotate import leaving, taking_part
from jobs.models import Job
from jobs.queries import newest_job

# researchers and managers


@login_required
@require_http_methods(["GET", "POST"])
def care(request: HttpRequest, slug: str) -> HttpResponse:
    """Researchers read the report; managers change the settings as well."""
    study = get_study(request.user, slug, "see_results")
    may_change = "change_study" in rights_of(request.user, study)
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Your role in this study does not include changing it.")
    options = CareOptions.of(study.care)
    given = request.POST if request.method == "POST" else None
    form = CareForm(given, initial=CareForm.initial_of(options))
    lines = HelpLines(given, initial=list(options.as_json()["help_lines"]), prefix="help")
    if form.is_valid() and lines.is_valid():
        try:
            update_study(study=study, care={**form.cleaned_data, "help_lines": help_lines_of(lines)})
        except InvalidInput as error:
            form.add_errors(error.errors, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("study_care", slug=slug)
    job = newest_job(study.slug, *JOB_KINDS)
    context = {
        "study": study,
        "may_change": may_change,
        "marking": job if job and (not job.has_ended or job.state == Job.FAILED) else None,
        "form": form,
        "lines": lines,
        "report": care_report(study),
        "themes": themes_of(study),
        "n_stimuli": Stimulus.objects.filter(study=study).count(),
        "n_strong": Stimulus.objects.filter(study=study, is_strong=True).count(),
        "content_note_html": to_html(form["content_note"].value() or ""),
        "debriefing_html": to_html(form["debriefing"].value() or ""),
        "tab": "setup",
    }
    return render(
        request, "studies/care.html", context, status=422 if form.errors or lines.total_error_count() else 200
    )


@login_required
@require_POST
def rate(request: HttpRequest, slug: str, stimulus_id: int) -> HttpResponse:
    """Content note, themes and strength of one image, from the Images page."""
    study = get_study(request.user, slug, "change_study")
    stimulus = get_object_or_404(Stimulus, study=study, pk=stimulus_id)
    given = {name: request.POST[name] for name in ("content_note", "themes", "strength") if name in request.POST}
    try:
        rate_stimulus(study=study, stimulus=stimulus, **given)
    except AnnotationError as error:
        messages.error(request, f"{stimulus.name}: {error.message}")
    else:
        messages.success(request, _("Saved for %(name)s.") % {"name": stimulus.name})
    page = request.POST.get("page", "")
    return redirect(reverse("study_stimuli", args=[slug]) + (f"?page={page}" if page.isdecimal() else ""))


# those who take part


@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def mood(request: HttpRequest, slug: str) -> HttpResponse:
    """How one feels, before the first image or after the last one. 'Skip' is as good as an answer."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    moment = MoodAnswer.AFTER if participation.n_answered else MoodAnswer.BEFORE
    after = "annotate_end" if moment == MoodAnswer.AFTER else "annotate_task"
    if not CareOptions.of(study.care).ask_mood or not may_ask(participation, moment):
        return redirect(after, slug=slug)
    problem = ""
    if request.method == "POST":
        skipped = request.POST.get("skip") == "yes"
        given = {} if skipped else {scale: request.POST.get(scale) for scale in ("valence", "arousal")}
        try:
            record_mood(participation=participation, moment=moment, **given)
        except InvalidInput as error:
            problem = error.message
        else:
            return redirect("annotate_debriefing" if request.POST.get("from") == "debriefing" else after, slug=slug)
    context = {"study": study, "moment": moment, "moments": MOMENTS, "problem": problem}
    return render(request, "annotate/mood.html", context, status=400 if problem else 200)


@require_POST
def themes(request: HttpRequest, slug: str) -> HttpResponse:
    """The choice of themes on the instructions page."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    try:
        decline_themes(study=study, participation=participation, themes=request.POST.getlist("theme"))
    except AnnotationError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, to_participant("Your choice is saved."))
    return redirect("annotate_instructions", slug=slug)


@require_GET
@ensure_csrf_cookie
def debriefing(request: HttpRequest, slug: str) -> HttpResponse:
    """Behind Stop: what the researchers say to whoever leaves, whom one may turn to, and the code as at the end."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    if "stopped" in request.GET:
        note_use(participation, "stopped")
    context = {**leaving(request, study, participation), "page_name": "debriefing"}
    return render(request, "annotate/debriefing.html", context)
