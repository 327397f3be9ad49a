"""Freezing, exporting, downloading, and bringing a snapshot back."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.access import get_study, may_create_studies
from annotation.api.snapshots import export_file, marked_snapshots
from annotation.errors import InvalidInput
from annotation.models import SnapshotRecord
from annotation.services.delete_exports import delete_withdrawn_exports, withdrawn_exports
from annotation.services.receive_uploads import Upload, receive_snapshot
from jobs.models import Job
from jobs.queries import jobs_of
from jobs.services import start_job
from snapshots.exports import EXPORT_FORMATS

EXPORT_KINDS = ("freeze_snapshot", "export")


@login_required
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "export")
    if request.method == "POST":
        format_name, snapshot_id = request.POST.get("format", ""), request.POST.get("snapshot_id", "")
        if format_name not in EXPORT_FORMATS:
            messages.error(request, "Choose one of the formats.")
        elif snapshot_id and not SnapshotRecord.objects.filter(study=study, snapshot_id=snapshot_id).exists():
            messages.error(request, "This study has no such snapshot. Choose one of the list, or freeze a new one.")
        else:
            arguments = {"format": format_name, "snapshot_id": snapshot_id}
            start_job("export", study_key=slug, arguments=arguments, user=request.user)
        return redirect("study_exports", slug=slug)
    context = {
        "study": study,
        "formats": EXPORT_FORMATS.values(),
        "snapshots": SnapshotRecord.objects.filter(study=study)[:50],
        "marked": marked_snapshots(slug),
        "n_withdrawn_exports": len(withdrawn_exports(study)),
        "jobs": jobs_of(slug, *EXPORT_KINDS)[:20],
    }
    return render(request, "exports/exports.html", context)


@login_required
@require_POST
def delete_withdrawn(request: HttpRequest, slug: str) -> HttpResponse:
    """Deletes the files of all exports that hold answers withdrawn since."""
    n = delete_withdrawn_exports(get_study(request.user, slug, "change_study"))
    messages.success(
        request,
        ngettext("The file of %(n)s export is deleted.", "The files of %(n)s exports are deleted.", n) % {"n": n},
    )
    return redirect("study_exports", slug=slug)


@login_required
@require_GET
def download(request: HttpRequest, slug: str, job_id: int, file_name: str) -> FileResponse:
    get_study(request.user, slug, "export")
    return export_file(slug, job_id, file_name)


@login_required
@require_http_methods(["GET", "POST"])
def import_study(request: HttpRequest) -> HttpResponse:
    """A snapshot, as exported by any installation, becomes a study here."""
    if not may_create_studies(request.user):
        raise PermissionDenied("You may not create studies; ask an admin.")
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            error = "Choose the zip of a whole snapshot."
        else:
            try:
                receive_snapshot(
                    upload=Upload(upload.name or "", upload.size or 0, cast(BinaryIO, upload)), user=request.user
                )
            except InvalidInput as refusal:
                error = refusal.message
            else:
                return redirect("study_import")
    jobs = Job.objects.filter(kind="import_snapshot", created_by_id=request.user.pk).order_by("-id")[:10]
    context = {"jobs": jobs, "error": error}
    return render(request, "exports/import.html", context, status=400 if error else 200)
