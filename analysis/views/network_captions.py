"""A speaker's texts as measured: measure them anew, and the figures as a file."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from analysis.network_captions import CSV_COLUMNS, caption_csv
from analysis.views.csv_file import csv_response
from annotation.access import get_study
from modelserve.errors import NetworkNotFound
from modelserve.queries import networks_of
from modelserve.services.start_measuring_captions import start_measuring_captions


@login_required
@require_POST
def measure(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    get_study(request.user, slug, "train")
    try:
        start_measuring_captions(study_key=slug, network_id=network_id, user=request.user)
    except NetworkNotFound as error:
        raise Http404(str(error)) from error
    messages.success(request, "Its texts are being measured; the figures appear on this page when that is done.")
    run_id = networks_of(slug).values_list("training_run_id", flat=True).get(pk=network_id)
    return redirect("study_training_run", slug=slug, run_id=run_id)


@login_required
@require_GET
def captions_csv(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    get_study(request.user, slug, "see_results")
    network = networks_of(slug, "speaker").filter(pk=network_id).first()
    if network is None or not network.metrics.get("captions"):
        raise Http404("This study has no such speaker, or its texts were not measured.")
    return csv_response(f"{slug}-speaker-{network.version}-texts", CSV_COLUMNS, caption_csv(network.metrics))
