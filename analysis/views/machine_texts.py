"""Machine-written texts after an answer: the study's settings, what people made of them, and the rows behind it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from analysis.machine_text_figures import effect_rows, machine_text_figures
from analysis.machine_text_form import CONSENT_SENTENCE, MachineTextForm
from analysis.machine_text_rows import COLUMNS, export_rows
from analysis.models import StimulusStatistics
from analysis.pictures import pictures_of
from analysis.queries import latest_analysis, study_statistics
from analysis.services.machine_texts import JOB_KIND as WRITING
from analysis.services.machine_texts import change_machine_texts, newest_writing, speaker_of
from analysis.services.rated_texts import JOB_KIND, NAME, start_rated_texts
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.errors import InvalidInput, StateConflict
from annotation.machine_texts.options import MachineTextOptions
from annotation.machine_texts.queries import machine_text_counts
from annotation.queries import stimulus_ids_by_key
from jobs.models import Job
from jobs.queries import newest_job


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Researchers read, managers change."""
    study = get_study(request.user, slug, "see_results")
    may_change = "change_study" in rights_of(request.user, study)
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Your role in this study does not include changing it.")
    options = MachineTextOptions.of(study.machine_texts)
    form = MachineTextForm(
        request.POST if request.method == "POST" else None, initial=MachineTextForm.initial_of(options)
    )
    if form.is_valid():
        try:
            change_machine_texts(study=study, changes=form.changes(), user=request.user)
        except InvalidInput as error:
            form.add_errors(error.errors, error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("study_machine_text_settings", slug=slug)
    job = newest_writing(study)
    context = {
        "study": study,
        "may_change": may_change,
        "form": form,
        "options": options,
        "speaker": speaker_of(study),
        "counts": machine_text_counts(study),
        "consent_sentence": CONSENT_SENTENCE,
        "job": job if job and job.state != Job.DONE else None,
        "writing": WRITING,
    }
    return render(request, "analysis/machine_text_settings.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def rated_texts(request: HttpRequest, slug: str) -> HttpResponse:
    """How plausible people find the texts, and whether seeing them changes later answers."""
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        try:
            start_rated_texts(study=study, user=request.user)
        except StateConflict as error:
            messages.error(request, error.message)
        return redirect("study_rated_texts", slug=slug)
    row = latest_analysis(study.pk, NAME)
    job = newest_job(slug, JOB_KIND)
    figures = machine_text_figures(row) if row else []
    for figure in figures:
        figure.csv_url = reverse("study_rated_texts_csv", args=[slug, figure.id])
    context: dict[str, Any] = {
        "study": study,
        "rights": rights_of(request.user, study),
        "options": MachineTextOptions.of(study.machine_texts),
        "counts": machine_text_counts(study),
        "row": row,
        "found": row.result if row else None,
        "effect": effect_rows(row) if row else None,
        "figures": figures,
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
        "pictures": _pictures(study.pk, study, row) if row else [],
    }
    return render(request, "analysis/rated_texts.html", context)


def _pictures(study_id: int, study: Any, row: Any) -> list[dict[str, Any]]:
    """The images whose texts were found most and least plausible, each group with its pictures."""
    statistics = study_statistics(study_id)
    if statistics is None:
        return []
    groups = row.result["images"]
    ids = stimulus_ids_by_key(study, {key for keys in groups.values() for key in keys})
    facts = StimulusStatistics.objects.in_bulk(list(ids.values()))
    titles = {"most": "Found most plausible", "least": "Found least plausible"}
    found = []
    for name, title in titles.items():
        there = [facts[ids[key]] for key in groups[name] if ids.get(key) in facts]
        found.append({"name": name, "title": title, "pictures": pictures_of(study_id, there, statistics.labels)})
    return [group for group in found if group["pictures"]]


@login_required
@require_GET
def rated_texts_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One figure's table; `ratings`: every row behind them (the right to export)."""
    if name == "ratings":
        study = get_study(request.user, slug, "export")
        return csv_response(f"{slug}-machine-text-ratings", COLUMNS, export_rows(study))
    study = get_study(request.user, slug, "see_results")
    row = latest_analysis(study.pk, NAME)
    for figure in machine_text_figures(row) if row else []:
        if figure.id == name:
            return csv_response(f"{slug}-{name}", figure.raw_columns, figure.raw_rows)
    raise Http404("This study has no such figure.")
