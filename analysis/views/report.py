"""The report: written by a job from a snapshot, read here and taken away as HTML, Markdown or PDF."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from analysis.queries import study_statistics
from analysis.services.store_report import JOB_KIND, newest_report, start_report
from analysis.services.write_report import ALL, FORMATS
from annotation.access import get_study
from annotation.models import SnapshotRecord
from jobs.models import Job
from jobs.queries import jobs_of, newest_job

N_SNAPSHOTS = 50
N_EARLIER = 10


@login_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, slug: str) -> HttpResponse:
    # it is written from an export's snapshot and taken away as one
    study = get_study(request.user, slug, "export")
    if request.method == "POST":
        snapshot_id = request.POST.get("snapshot_id", "")
        if snapshot_id and not SnapshotRecord.objects.filter(study=study, snapshot_id=snapshot_id).exists():
            messages.error(request, _("This study has no such snapshot. Choose one of the list."))
        else:
            chapters = ALL if request.POST.get("everything") else ""
            start_report(study=study, snapshot_id=snapshot_id, chapters=chapters, user=request.user)
        return redirect("study_report", slug=slug)
    newest, shown = newest_job(slug, JOB_KIND), newest_report(study)
    snapshot_id = shown.result["snapshot_id"] if shown else ""
    statistics = study_statistics(study.pk)
    context = {
        "study": study,
        "job": newest if newest and newest.state != Job.DONE else None,
        "is_running": newest is not None and not newest.has_ended,
        "shown": shown,
        "record": SnapshotRecord.objects.filter(study=study, snapshot_id=snapshot_id).first(),
        "part": _part(shown) if shown else "",
        "formats": [("pdf", "PDF"), ("html", "HTML"), ("md", _("Markdown and drawings (zip)"))],
        "snapshots": SnapshotRecord.objects.filter(study=study)[:N_SNAPSHOTS],
        "has_responses": bool(statistics and statistics.n_responses),
        "earlier": [
            job
            for job in jobs_of(slug, JOB_KIND, state=Job.DONE)[: N_EARLIER + 1]
            if shown is None or job.pk != shown.pk
        ],
    }
    return render(request, "analysis/report.html", context)


@login_required
@require_GET
def report_file(request: HttpRequest, slug: str, job_id: int, format_name: str) -> FileResponse:
    get_study(request.user, slug, "export")
    job = Job.objects.filter(pk=job_id, study_key=slug, kind=JOB_KIND, state=Job.DONE).first()
    if job is None or format_name not in FORMATS:
        raise Http404("There is no such report.")
    _make, file_name, content_type = FORMATS[format_name]
    try:
        file = default_storage.open(job.result["files"][format_name])
    except (FileNotFoundError, KeyError):
        raise Http404("This report was deleted; write a new one.") from None
    name = f"{slug}-{job.result['snapshot_id'][:12]}-{file_name}"
    # an attachment: what is in a study's words is never run as a page of this site
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


def _part(job: Job) -> SafeString:
    """The report's body as the job wrote it, every word of the study escaped (analysis/report/as_html.py)."""
    try:
        with default_storage.open(job.result["files"]["part"]) as file:
            return SafeString(file.read().decode())
    except (FileNotFoundError, KeyError):
        return SafeString("")
