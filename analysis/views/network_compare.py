"""Two or more trainings of a study side by side."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from analysis.network_comparison import ComparePage, chosen_runs, compare_page, run_choices
from analysis.network_comparison_files import CURVE_COLUMNS, METRIC_COLUMNS, curve_lines, metric_lines
from analysis.views.csv_file import csv_response
from annotation.access import get_study
from annotation.errors import InvalidInput
from annotation.models import Study
from jobs.models import Job
from jobs.queries import newest_job
from modelserve.errors import NothingToCompare
from modelserve.services.compare_versions import JOB_KIND, start_comparison


@login_required
@require_http_methods(["GET", "POST"])
def network_compare(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows the runs of ?run=...; POST measures their versions on the same stimuli."""
    if request.method == "POST":
        return _measure(request, get_study(request.user, slug, "ask_network"))
    study = get_study(request.user, slug, "see_results")
    given, error, page = request.GET.getlist("run"), "", None
    try:
        runs = chosen_runs(study, given)
        if len(runs) > 1:
            page = compare_page(study, runs)
        elif runs:
            error = "Choose at least one more run to stand beside this one."
    except InvalidInput as refused:
        error = str(refused)
    context: dict[str, Any] = {
        "study": study,
        "page": page,
        "error": error,
        "choices": run_choices(study),
        "chosen": {run for run in given if run.isdigit()},
        "job": _job(study, page),
    }
    status = 400 if error and len(given) > 1 else 200
    return render(request, "analysis/network_compare.html", context, status=status)


@login_required
@require_GET
def network_compare_csv(request: HttpRequest, slug: str) -> HttpResponse:
    page = _page(request, slug)
    return csv_response(f"{slug}-networks-compared", METRIC_COLUMNS, metric_lines(page) if page else [])


@login_required
@require_GET
def network_curves_csv(request: HttpRequest, slug: str) -> HttpResponse:
    page = _page(request, slug)
    return csv_response(f"{slug}-networks-curves", CURVE_COLUMNS, curve_lines(page) if page else [])


def _page(request: HttpRequest, slug: str) -> ComparePage | None:
    """Of the runs in the address; None where it names none."""
    study = get_study(request.user, slug, "see_results")
    try:
        runs = chosen_runs(study, request.GET.getlist("run"))
    except InvalidInput as error:
        raise Http404(str(error)) from error
    return compare_page(study, runs) if runs else None


def _measure(request: HttpRequest, study: Study) -> HttpResponse:
    address = reverse("study_network_compare", args=[study.slug])
    try:
        runs = chosen_runs(study, request.POST.getlist("run"))
        numbers = [run.network.pk for run in runs if hasattr(run, "network")]
        start_comparison(study_key=study.slug, network_ids=numbers, user=request.user)
    except (InvalidInput, NothingToCompare) as error:
        messages.error(request, str(error))
        return redirect(address)
    query = "&".join(f"run={run.pk}" for run in runs)
    return redirect(f"{address}?{query}")


def _job(study: Study, page: ComparePage | None) -> Job | None:
    """The newest comparison of just these versions that is under way or went wrong."""
    if page is None:
        return None
    numbers = sorted(one.network.pk for one in page.runs if one.network is not None)
    job = newest_job(study.slug, JOB_KIND, arguments={"networks": numbers})
    return job if job is not None and job.state != Job.DONE else None
