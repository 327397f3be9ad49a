"""Two studies, sources, periods or label sets beside each other; the link holds the whole state."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from analysis.compare_pages import (
    CSV_COLUMNS,
    agreement_rows,
    cautions,
    csv_rows,
    figures_of,
    ground_rows,
    sides_links,
    source_of,
)
from analysis.comparison_state import choices_of, link_of, names_of, options_of, values_of
from analysis.models import AnalysisResult
from analysis.over_snapshots.comparison import STUDIES
from analysis.queries import study_statistics
from analysis.services.compare_sides import JOB_KIND, newest_comparison, start_comparison
from analysis.since_frozen import of_both, since_frozen
from analysis.views.csv_file import csv_response
from analysis.views.groups import stimuli_of
from annotation.access import get_study, rights_of
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import study_of_slug
from jobs.models import Job
from jobs.queries import newest_job


@login_required
@require_http_methods(["GET", "POST"])
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    # a comparison is of snapshots, which are frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    choices = choices_of(study, request.user)
    given = request.POST if request.method == "POST" else request.GET
    values = values_of(given.dict(), choices)
    options, error = None, ""
    if given.get("what"):
        try:
            options = options_of(study, request.user, values)
            if request.method == "POST":
                start_comparison(study=study, options=options, user=request.user)
                return redirect(f"{reverse('study_compare', args=[slug])}?{link_of(values)}")
        except InvalidInput as refused:
            error = str(refused)
    result = newest_comparison(study, options) if options else None
    job = _job(study, options) if options else None
    statistics = study_statistics(study.pk)
    context: dict[str, Any] = {
        "study": study,
        "rights": rights_of(request.user, study),
        "choices": choices,
        "values": values,
        "error": error,
        "is_asked": options is not None,
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
        "has_responses": bool(statistics and statistics.n_responses),
        "result": result,
        "state": link_of(values),
        **(_shown(study, result, names_of(study, values)) if result else {}),
    }
    if result:
        context["since"] = since_frozen(study, statistics, [result.snapshot_id])
        other = study_of_slug(values["other"]) if values["what"] == STUDIES else None
        if other is not None:
            there = since_frozen(other, study_statistics(other.pk), [result.result["second_snapshot"]])
            context["since"] = of_both(context["since"], there)
    # one table holds the numbers of all figures
    for figure in [*context.get("everything", []), *context.get("shared", [])]:
        figure.csv_url = f"{reverse('study_compare_csv', args=[slug])}?{context['state']}"
    return render(request, "analysis/compare.html", context, status=400 if error else 200)


@login_required
@require_GET
def compare_csv(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    values = values_of(request.GET.dict(), choices_of(study, request.user))
    try:
        result = newest_comparison(study, options_of(study, request.user, values))
    except InvalidInput:
        result = None
    # what is not computed yet, or not with this state, is a table without rows
    return csv_response(f"{slug}-comparison", CSV_COLUMNS, csv_rows(result) if result else [])


def _job(study: Study, options: dict[str, Any]) -> Job | None:
    return newest_job(study.slug, JOB_KIND, arguments__options=options)


def _shown(study: Study, result: AnalysisResult, names: list[str]) -> dict[str, Any]:
    found = result.result
    links = sides_links(result)
    return {
        "names": names,
        "sides": [
            {"name": name, "images": link, **side}
            for name, link, side in zip(names, links, found["sides"], strict=True)
        ],
        "cautions": cautions(result, names),
        "everything": figures_of(result, names, "everything"),
        "shared": figures_of(result, names, "shared") if found["shared"]["n_shared"] else [],
        "agreement": agreement_rows(result),
        "ground": ground_rows(result, names),
        "pair": {
            "n_shared": found["shared"]["n_shared"],
            "n_searched": found["shared"]["n_searched"],
            "n_apart": found["shared"]["n_apart"],
            "stimuli": stimuli_of(study, found["shared"]["stimuli"], found["common_labels"], names),
        },
        "source": source_of(result),
    }
