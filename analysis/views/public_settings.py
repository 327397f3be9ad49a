"""Where managers switch the public explorer on, choose what it shows, and switch it off."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from analysis.models import PublicExplorer
from analysis.services.public_explorer import (
    JOB_KIND,
    LEAST_RESPONSES,
    MOST_RESPONSES,
    explorer_of,
    is_stale,
    new_address,
    set_public_explorer,
    switch_off,
)
from annotation.access import get_study
from annotation.errors import InvalidInput
from annotation.models import ConsentText, SnapshotRecord, Study
from jobs.models import Job
from jobs.queries import newest_job

N_SNAPSHOTS = 50
USUAL_LEAST = 3


@login_required
@require_http_methods(["GET", "POST"])
def public_settings(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "publish")
    errors: dict[str, list[str]] = {}
    given = _stored(explorer_of(study))
    if request.method == "POST":
        if request.POST.get("act") == "off":
            switch_off(study=study, user=request.user)
            messages.success(request, _("The public explorer is off. Nobody sees it any more."))
            return redirect("study_public", slug=slug)
        given = _given(request, study)
        try:
            set_public_explorer(
                study=study,
                address=given["address"],
                snapshot_id=given["snapshot_id"],
                settings={key: given[key] for key in ("shows_images", "consents", "least_responses", "allows_robots")},
                user=request.user,
            )
        except InvalidInput as error:
            errors = error.errors
        else:
            messages.success(request, _("The public explorer is on; it is there as soon as it is made."))
            return redirect("study_public", slug=slug)
    explorer = explorer_of(study)
    newest = newest_job(slug, JOB_KIND)
    context = {
        "study": study,
        "explorer": explorer,
        "given": given,
        "errors": errors,
        "least": LEAST_RESPONSES,
        "most": MOST_RESPONSES,
        "url": request.build_absolute_uri(reverse("public_explorer", args=[explorer.address])) if explorer else "",
        "prefix": request.build_absolute_uri(reverse("public_explorer", args=["x"])).removesuffix("x/"),
        "is_being_renewed": bool(explorer and explorer.is_on and (not explorer.location or is_stale(explorer, study))),
        "job": newest if newest and newest.state != Job.DONE and explorer and explorer.is_on else None,
        "snapshots": SnapshotRecord.objects.filter(study=study)[:N_SNAPSHOTS],
        "consents": ConsentText.objects.filter(study=study).order_by("-created_at", "hash"),
    }
    return render(request, "analysis/public_settings.html", context, status=400 if errors else 200)


def _stored(explorer: PublicExplorer | None) -> dict[str, Any]:
    if explorer is None:
        return {
            "address": new_address(),
            "snapshot_id": "",
            "shows_images": False,
            "consents": [],
            "least_responses": USUAL_LEAST,
            "allows_robots": False,
        }
    return {"address": explorer.address, "snapshot_id": explorer.snapshot_id, **explorer.settings}


def _given(request: HttpRequest, study: Study) -> dict[str, Any]:
    hashes = set(ConsentText.objects.filter(study=study).values_list("hash", flat=True))
    least = request.POST.get("least_responses", "")
    return {
        "address": request.POST.get("address", "").strip().lower(),
        "snapshot_id": request.POST.get("snapshot_id", ""),
        "shows_images": "shows_images" in request.POST,
        "consents": sorted(hashes & set(request.POST.getlist("consents"))),
        "least_responses": int(least) if least.isascii() and least.isdigit() and len(least) < 6 else least,
        "allows_robots": "allows_robots" in request.POST,
    }
