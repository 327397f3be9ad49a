"""Rehearse a study before paying for it: the form, what runs, what the last rehearsal said."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from analysis.rehearsal_figures import rehearsal_figures
from analysis.rehearsal_form import RehearsalForm
from analysis.services.rehearsal_report import report_rows
from analysis.services.rehearse import JOB_KIND, default_options
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.models import Study
from annotation.services.rehearse_study import MOST_RESPONSES
from annotation.simulator.rehearsal import RehearsalOptions
from jobs.models import Job
from jobs.queries import jobs_of
from jobs.services import start_job

N_EARLIER = 10


@login_required
@require_http_methods(["GET", "POST"])
def rehearsal(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    jobs = list(_jobs(study)[:N_EARLIER])
    shown = _chosen(study, request.GET.get("run", ""), jobs)
    if request.method == "POST":
        form = RehearsalForm(request.POST, start_with=default_options(study))
        options = form.options()
        if options is not None:
            start_job(JOB_KIND, study_key=slug, arguments=options.as_json(), user=request.user)
            return redirect("study_rehearsal", slug=slug)
    else:
        start_with = RehearsalOptions.from_json(jobs[0].arguments) if jobs else default_options(study)
        form = RehearsalForm(start_with=start_with)
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "form": form,
        "groups": form.groups(),
        # what runs, and the newest also if it failed
        "running": [job for job in jobs if not job.has_ended or (job is jobs[0] and job.state != Job.DONE)],
        "is_running": any(not job.has_ended for job in jobs),
        "earlier": [job for job in jobs if job.state == Job.DONE],
        "most_responses": MOST_RESPONSES,
        "shown": shown,
        "report": shown.result if shown else None,
        "figures": rehearsal_figures(shown.result) if shown else [],
    }
    return render(request, "studies/rehearsal.html", context, status=400 if form.errors else 200)


@login_required
@require_GET
def rehearsal_csv(request: HttpRequest, slug: str, job_id: int) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    job = _jobs(study).filter(pk=job_id, state=Job.DONE).first()
    if job is None:
        raise Http404("This study has no such rehearsal.")
    return csv_response(f"{slug}-rehearsal-{job.pk}", ["section", "name", "at", "value"], report_rows(job.result))


def _jobs(study: Study) -> Any:
    return jobs_of(study.slug, JOB_KIND)


def _chosen(study: Study, run: str, newest: list[Job]) -> Job | None:
    """The rehearsal that was asked for, or the newest that is done."""
    if run.isdecimal():
        found: Job | None = _jobs(study).filter(pk=int(run[:18]), state=Job.DONE).first()
        if found is None:
            raise Http404("This study has no such rehearsal.")
        return found
    return next((job for job in newest if job.state == Job.DONE), None)
