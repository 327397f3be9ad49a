"""Pages about people: consent versions, questions about the person, her own data, being forgotten."""

import csv
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError, InvalidInput
from annotation.languages import about_you_in
from annotation.markdown import to_html
from annotation.models import DemographicSettings, Erasure, IdentityReading, Participation, Study
from annotation.models.study import consent_hash
from annotation.participant import participation_of
from annotation.people.consent import consent_versions, difference
from annotation.people.demographics import (
    decline_demographics,
    own_answers,
    record_demographics,
    set_demographics,
    settings_of,
)
from annotation.people.erase import erase_on_request, erase_person, is_known, n_unpaid
from annotation.people.forms import AboutYouForm, DemographicsForm, ErasureForm
from annotation.queries import demographic_groups
from annotation.recruitment.arrival import cookie_name as arrival_cookie_name
from annotation.views.annotate import study_or_404, taking_part
from snapshots.csv_cells import safe_cell

SHOWN = 50

# researchers and managers


@login_required
@require_GET
def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Every wording of the consent text, who agreed to which, and what changed between two."""
    study = get_study(request.user, slug, "change_study")
    versions = consent_versions(study)
    by_hash = {version.hash: version for version in versions}
    before = by_hash.get(request.GET.get("before", "")) or (versions[1] if len(versions) > 1 else None)
    after = by_hash.get(request.GET.get("after", "")) or versions[0]
    context = {
        "study": study,
        "tab": "setup",
        "versions": versions,
        "before": before,
        "after": after,
        "lines": difference(before.markdown, after.markdown) if before else [],
        "text_html": to_html(after.markdown),
        "n_to_ask": sum(version.n_agreed for version in versions if not version.stands),
    }
    return render(request, "studies/consent.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def demographics(request: HttpRequest, slug: str) -> HttpResponse:
    """Researchers see groups that are large enough; managers change the questions as well."""
    study = get_study(request.user, slug, "see_results")
    may_change = "change_study" in rights_of(request.user, study)
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Your role in this study does not include changing it.")
    settings = settings_of(study)
    form = DemographicsForm(
        request.POST if request.method == "POST" else None, initial=DemographicsForm.initial_of(settings)
    )
    if form.is_valid():
        try:
            set_demographics(study=study, **form.changes())
        except InvalidInput as error:
            form.add_errors(error.errors, error.message)
        except AnnotationError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("study_demographics", slug=slug)
    context = {
        "study": study,
        "tab": "setup",
        "may_change": may_change,
        "form": form,
        "settings": settings,
        "questions": demographic_groups(study),
        "consent_html": to_html(form["consent"].value() or ""),
    }
    return render(request, "studies/demographics.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def demographics_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The groups as a file, for the manager who asks for it: the same that the page shows, and no rows of people."""
    study = get_study(request.user, slug, "change_study")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{study.slug}-groups.csv"'
    writer = csv.writer(answer)
    writer.writerow(["question", "question_text", "answer", "answer_text", "n_people"])
    for question in demographic_groups(study):
        for group in question.groups:
            cells = [question.key, question.text, group.option, group.words]
            writer.writerow([*(safe_cell(cell) for cell in cells), group.n])
    return answer


@login_required
@require_http_methods(["GET", "POST"])
def privacy(request: HttpRequest, slug: str) -> HttpResponse:
    """Forgetting a person on her request; who looked at who people are."""
    study = get_study(request.user, slug, "see_identities")
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("who", "reason", "with_answers")}
        try:
            erase_on_request(study=study, user=request.user, **given)
        except InvalidInput as error:
            for name, sentences in (error.errors or {"": [error.message]}).items():
                form.add_error(name if name in form.fields else None, sentences)
        else:
            messages.success(request, _("Her identity is erased. Nothing here tells any more who she was."))
            return redirect("study_privacy", slug=slug)
    context = {
        "study": study,
        "tab": "setup",
        "form": form,
        "erasures": Erasure.objects.filter(study=study).order_by("-id")[:SHOWN],
        "readings": IdentityReading.objects.filter(study=study).order_by("-id")[:SHOWN],
    }
    return render(request, "studies/privacy.html", context, status=422 if form.errors else 200)


# those who take part


@require_http_methods(["GET", "POST"])
def about_you(request: HttpRequest, slug: str) -> HttpResponse:
    """Questions about the person, each of which she may pass over, under a consent of their own."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    settings = settings_of(study)
    after = _after_questions(settings, participation)
    if not settings.is_on:
        return redirect(after, slug=slug)
    (consent_text, questions), given = about_you_in(study, settings), own_answers(participation)
    form = AboutYouForm(
        request.POST if request.method == "POST" else None,
        questions=questions,
        initial=given.answers if given else {},
    )
    problem = ""
    if request.method == "POST" and request.POST.get("answer") == "no":
        decline_demographics(participation)
        return redirect(after, slug=slug)
    if request.method == "POST":
        chosen = {question.key: request.POST.get(question.key, "") for question in questions}
        try:
            record_demographics(
                study=study,
                participation=participation,
                agreed_hash=request.POST.get("consent_hash", ""),
                given=chosen,
            )
        except AnnotationError as error:
            problem = error.message
        else:
            return redirect(after, slug=slug)
    context = {
        "study": study,
        "settings": settings,
        "form": form,
        "problem": problem,
        "consent_html": to_html(consent_text),
        "consent_hash": consent_hash(consent_text),
    }
    return render(request, "annotate/about_you.html", context, status=409 if problem else 200)


def _after_questions(settings: DemographicSettings, participation: Participation) -> str:
    if settings.moment == DemographicSettings.BEFORE and not participation.n_answered:
        return "annotate_instructions"
    return "annotate_my_data" if settings.moment == DemographicSettings.BEFORE else "annotate_end"


@require_http_methods(["GET", "POST"])
def my_data(request: HttpRequest, slug: str) -> HttpResponse:
    """What is known of her here, and how it goes: what she said about herself, who she is. Also after she withdrew."""
    study = study_or_404(request, slug)
    participation = participation_of(request, study)
    if participation is None:
        return redirect("annotate_return", slug=slug)
    if request.method == "POST":
        return _forget(request, study, participation)
    given = own_answers(participation)
    known = {question.key: question for question in about_you_in(study, settings_of(study))[1]}
    said = [
        (known[key].text, dict(known[key].options).get(option, option))
        for key, option in (given.answers if given else {}).items()
        if key in known
    ]
    context: dict[str, Any] = {
        "study": study,
        "participation": participation,
        "said": said,
        "asks": settings_of(study).is_on and not participation.withdrawn_at,
        "is_known": is_known(participation),
        "n_unpaid": n_unpaid(participation),
        "least_group": settings_of(study).least_group,
    }
    return render(request, "annotate/my_data.html", context)


def _forget(request: HttpRequest, study: Study, participation: Participation) -> HttpResponse:
    done = redirect("annotate_my_data", slug=study.slug)
    if request.POST.get("do") == "forget_answers":
        decline_demographics(participation)
        messages.success(request, _("What you said about yourself is deleted."))
    elif request.POST.get("do") == "erase" and request.POST.get("sure") == "yes":
        erase_person(participation=participation, with_answers=request.POST.get("with_answers") == "yes")
        done.delete_cookie(arrival_cookie_name(study))
        messages.success(request, _("Nothing here tells any more who you are."))
    else:
        messages.error(request, _("Tick the box first, so that nothing is erased by mistake. Nothing was changed."))
    return done
