"""The images of a study: bring some in, see those that are there."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError
from annotation.forms import UploadForm
from annotation.images import image_url
from annotation.models import Stimulus
from annotation.services.receive_uploads import Upload, receive_uploads
from jobs.queries import jobs_of

PER_PAGE = 60
JOBS_SHOWN = 3


@login_required
@ensure_csrf_cookie
@require_http_methods(["GET", "POST"])
def stimuli(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "change_study")
    form = UploadForm(request.POST if request.method == "POST" else None)
    problems: dict[str, list[str]] = {}
    if request.method == "POST" and form.is_valid():
        files = cast("list[UploadedFile[Any]]", request.FILES.getlist("images") + request.FILES.getlist("folder"))
        uploads = [Upload(file.name or "", file.size or 0, file) for file in files]  # type: ignore[arg-type]  # reads
        try:
            received = receive_uploads(
                study=study, uploads=uploads, source_dataset=form.cleaned_data["source_dataset"], user=request.user
            )
        except AnnotationError as error:
            form.add_error("images", error.message)
            problems = error.details.get("errors", {})
        else:
            if received.imported:
                added, known = received.imported.n_added, received.imported.n_duplicates
                messages.success(
                    request, f"{added:,} images added." + (f" {known:,} were there already." if known else "")
                )
            if received.jobs:
                messages.info(request, "The rest is being imported in the background; this page shows how far it is.")
            return redirect("study_stimuli", slug=slug)
    page = Paginator(Stimulus.objects.filter(study=study).order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "form": form,
        "problems": problems,
        "page": page,
        "images": [(stimulus, image_url(study.pk, stimulus.image_sha256, "320")) for stimulus in page],
        "jobs": jobs_of(slug, "import_stimuli")[:JOBS_SHOWN],
        "upload_url": reverse("api_stimuli", args=[slug]),
        "tab": "stimuli",
    }
    return render(request, "studies/stimuli.html", context, status=422 if form.errors else 200)
