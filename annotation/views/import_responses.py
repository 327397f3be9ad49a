"""Bring responses from a file into a study: upload, see what is understood, import by a job."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation.access import get_study
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services.preview_responses import USUAL_NAMES, preview_responses
from annotation.services.read_table import KINDS
from annotation.services.receive_uploads import local_file
from jobs.queries import jobs_of
from jobs.services import start_job

SALT = "import of responses"
UPLOAD_SECONDS = 86_400  # a file that waits for its columns to be named is good for a day
JOBS_SHOWN = 5
PARTS = {
    "worker": gettext_lazy("Who answered"),
    "item": gettext_lazy("About which image"),
    "label": gettext_lazy("The label"),
    "text": gettext_lazy("The words"),
    "source": gettext_lazy("The image's source"),
}
NEEDED = ("worker", "item", "label")


@login_required
@require_http_methods(["GET", "POST"])
def import_responses(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "change_study")
    token = request.POST.get("file") or request.GET.get("file") or ""
    try:
        if request.method == "POST" and not token:
            return redirect(f"{request.path}?file={_keep_upload(request, study)}")
        if not token:
            return _page(request, study, {})
        upload = _upload(token, study)
        if request.POST.get("act") == "forget":
            default_storage.delete(upload["storage_name"])
            return redirect("study_import_responses", slug=slug)
        chosen = {part: request.POST.get(part) or request.GET.get(part) or "" for part in USUAL_NAMES}
        with local_file(upload["storage_name"]) as path:
            preview = preview_responses(
                study=study, path=path, file_name=upload["file_name"], columns=chosen if any(chosen.values()) else {}
            )
    except InvalidInput as error:
        return _page(request, study, {"error": error.message}, status=422)
    context = {
        "token": token,
        "file_name": upload["file_name"],
        "preview": preview,
        "parts": [(part, words, preview.columns.get(part, ""), part in NEEDED) for part, words in PARTS.items()],
    }
    if request.POST.get("act") == "import":
        if all(preview.columns.get(part) for part in NEEDED) and not preview.has_problems:
            arguments = {**upload, "columns": preview.columns_to_import}
            start_job("import_responses", study_key=study.slug, arguments=arguments, user=request.user)
            messages.success(request, _("The import has begun. This page shows how far it is."))
            return redirect("study_import_responses", slug=slug)
        context["error"] = _("Nothing was imported: see below what is missing.")
        return _page(request, study, context, status=422)
    return _page(request, study, context)


def _page(request: HttpRequest, study: Study, context: dict[str, Any], status: int = 200) -> HttpResponse:
    jobs = jobs_of(study.slug, "import_responses")[:JOBS_SHOWN]
    context |= {
        "study": study,
        "jobs": jobs,
        "kinds": ", ".join(KINDS),
        "results_url": reverse("study", args=[study.slug]),
    }
    return render(request, "exports/import_responses.html", context, status=status)


def _keep_upload(request: HttpRequest, study: Study) -> str:
    """Stores the file and returns the word by which the next page knows it. Raises InvalidInput."""
    upload = request.FILES.get("table")
    if upload is None:
        raise InvalidInput(_("Choose a file."))
    name = Path(upload.name or "").name
    if Path(name).suffix.lower() not in KINDS:
        raise InvalidInput(
            _("%(name)s is no table that can be read; bring one that ends in %(kinds)s.")
            % {"name": name, "kinds": ", ".join(KINDS)}
        )
    if (upload.size or 0) > settings.ARCHIVE_MAX_BYTES:
        most = settings.ARCHIVE_MAX_BYTES // 1_000_000
        raise InvalidInput(_("The file is larger than %(most)s MB, the limit here.") % {"most": most})
    stored = default_storage.save(f"uploads/{uuid.uuid4().hex}/{get_valid_filename(name)}", upload)
    return signing.dumps({"study": study.pk, "storage_name": stored, "file_name": name}, salt=SALT, compress=True)


def _upload(token: str, study: Study) -> dict[str, str]:
    """storage_name and file_name of an upload of this study. Raises InvalidInput."""
    try:
        kept = signing.loads(token, salt=SALT, max_age=UPLOAD_SECONDS)
    except signing.BadSignature:
        kept = {}
    if kept.get("study") != study.pk or not default_storage.exists(kept["storage_name"]):
        raise InvalidInput(_("This upload is not here any more. Choose the file again."))
    return {"storage_name": kept["storage_name"], "file_name": kept["file_name"]}
