"""Explanations before people: make a study that judges them, and read what it says."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from analysis.figures import moment
from analysis.judged.trials import HUMAN, PLAUSIBILITY, PREFERENCE, TURING
from analysis.judged_figures import judged_figures
from analysis.models import JudgedStudy
from analysis.over_snapshots.judged import JUDGED
from analysis.queries import latest_analysis, study_statistics
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from analysis.services.judge_speaker import JOB_KIND, start_judging
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, may_create_studies, rights_of
from annotation.errors import InvalidInput
from annotation.images import image_url
from annotation.models import Study
from annotation.queries import images_by_key, studies_by_ids, texts_with_origins
from jobs.models import Job
from jobs.queries import newest_job
from modelserve.queries import promoted_network
from modelserve.variants import VARIANTS

WHOSE = {HUMAN: "A person"}
TITLES = {variant.name: variant.title for variant in VARIANTS.values()}
DESIGN_TITLES = {
    TURING: "Emotional Turing test: a person's text and the network's, side by side",
    PREFERENCE: "Preference: two variants side by side",
    PLAUSIBILITY: "Plausibility: one text at a time, on a scale",
}


class JudgeForm(forms.Form):
    """What the service decides is only laid out here (analysis/services/judge_speaker.py)."""

    design = forms.ChoiceField(
        label="What people decide", choices=list(DESIGN_TITLES.items()), widget=forms.RadioSelect
    )
    variants = forms.MultipleChoiceField(
        label="Whose texts",
        choices=[(variant.name, f"{variant.title}: {variant.meaning}") for variant in VARIANTS.values()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Pragmatic variants need a served listener, grounded ones a served network Image to emotions.",
    )
    n_images = forms.IntegerField(
        label="Images, at most",
        min_value=1,
        initial=100,
        help_text="Drawn from those that the speaker did not learn from and that people have answered.",
    )
    seed = forms.IntegerField(
        label="Seed", min_value=0, initial=0, help_text="Of images, pairs and their hidden order."
    )
    title = forms.CharField(label="Title of the new study", max_length=200)


@login_required
@require_http_methods(["GET", "POST"])
def judged(request: HttpRequest, slug: str) -> HttpResponse:
    """Of a study that judges: its results. Of any other: the studies that judge it, and how to make one."""
    study = get_study(request.user, slug, "see_results")
    own = JudgedStudy.objects.filter(pk=study.pk).first()
    return _results(request, study, own) if own else _maker(request, study)


def _results(request: HttpRequest, study: Study, own: JudgedStudy) -> HttpResponse:
    if request.method == "POST":
        get_study(request.user, study.slug, "freeze_snapshot")
        start_analysis(study=study, name=JUDGED.name, user=request.user)
        return redirect("study_judged", slug=study.slug)
    result = latest_analysis(study.pk, JUDGED.name)
    figures = judged_figures(result, TITLES) if result else []
    for figure in figures:
        figure.csv_url = reverse("study_judged_csv", args=[study.slug, figure.id])
    job = newest_analysis_job(study, JUDGED.name)
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "own": own,
        "design": DESIGN_TITLES[own.design],
        "source": studies_by_ids([own.source_id]).get(own.source_id),
        "result": result,
        "since": since_frozen(study, study_statistics(study.pk), [result.snapshot_id] if result else []),
        "took_a": result.result.get("took_a") if result else None,
        "figures": figures,
        "extremes": _extremes(study, result.result.get("extremes", {})) if result else [],
        "as_of": moment(result.created_at) if result else "",
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
    }
    return render(request, "analysis/judged.html", context)


def _extremes(study: Study, found: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The trials that the analysis names, with image, both texts and whose they were; those gone by now left out."""
    keys = [one["stimulus_key"] for trials in found.values() for one in trials]
    images = images_by_key(study, keys)
    shown = texts_with_origins(study, keys)
    headings = {"most": "Where the network passed most often", "least": "Where it passed least often"}
    return [
        {
            "name": name,
            "title": headings[name],
            "trials": [
                {
                    **one,
                    "thumbnail_url": image_url(study.pk, images[one["stimulus_key"]], "320"),
                    "variant": TITLES.get(one["variant"], one["variant"]),
                    "texts": [
                        (WHOSE.get(origin, TITLES.get(origin, origin)), text, origin == HUMAN)
                        for origin, text in shown[one["stimulus_key"]]
                    ],
                }
                for one in trials
                if one["stimulus_key"] in images and one["stimulus_key"] in shown
            ],
        }
        for name, trials in found.items()
        if trials
    ]


def _maker(request: HttpRequest, study: Study) -> HttpResponse:
    may_make = "train" in rights_of(request.user, study) and may_create_studies(request.user)
    initial = {"design": TURING, "variants": ["default"], "title": f"Who wrote this? {study.title}"[:200]}
    form = JudgeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST":
        if not may_make:
            raise PermissionDenied("Making such a study takes managing this one and the right to create studies.")
        if form.is_valid():
            try:
                start_judging(study=study, user=request.user, **form.cleaned_data)
            except InvalidInput as error:
                for name, sentences in (error.errors or {"": [error.message]}).items():
                    form.add_error(name if name in form.fields else None, sentences)
            else:
                messages.success(request, "The speaker writes; then the study is made, as a draft.")
                return redirect("study_judged", slug=study.slug)
    rows = list(JudgedStudy.objects.filter(source_id=study.pk).order_by("-created_at"))
    found = studies_by_ids([row.pk for row in rows])
    job = newest_job(study.slug, JOB_KIND)
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "may_make": may_make,
        "speaker": promoted_network(study.slug, "speaker"),
        "made": [(found[row.pk], DESIGN_TITLES[row.design], row) for row in rows if row.pk in found],
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
    }
    return render(request, "analysis/judged_studies.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def judged_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    result = latest_analysis(study.pk, JUDGED.name)
    for figure in judged_figures(result, TITLES) if result else []:
        if figure.id == name:
            return csv_response(f"{slug}-{name}", figure.raw_columns, figure.raw_rows)
    raise Http404("This study has no such figure.")
