"""The public explorer's pages, for anybody who has the address: read-only, out of what was made of a snapshot."""

import hashlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import quote_etag, urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from analysis.charts import mark_class, strip
from analysis.charts.marks import as_number
from analysis.models import PublicExplorer
from analysis.public.make import STIMULI_FILE, STUDY_FILE
from analysis.public.shown import SORTS, Shown, read_shown
from analysis.public_figures import image_figure, public_figure, public_figures
from analysis.services.public_explorer import is_stale
from analysis.views.csv_file import csv_response
from annotation.api.throttle import PublicThrottle
from annotation.images import SIZES
from annotation.queries import studies_by_ids
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name
from snapshots.local_folder import local_folder
from snapshots.version import code_version

PER_PAGE = 48
N_EXTREMES = 6
RETRY_SECONDS = 60

View = Callable[..., HttpResponseBase]


def public(view: Callable[[HttpRequest, PublicExplorer, Shown], HttpResponseBase] | View) -> View:
    """Looks the explorer up by its address and lets a page be kept by caches that ask again each time.

    Off, or not there: 404. Being made, or hiding what was just taken back: 503, to be asked again. A cache keeps what
    it got and asks with its tag whether it still stands (304 without a body), so that switching off works at once.
    """

    @require_safe
    @wraps(view)
    def page(request: HttpRequest, address: str, **more: Any) -> HttpResponseBase:
        throttle = PublicThrottle()
        if not throttle.allow_request(request, throttle):  # type: ignore[arg-type]  # reads scope, user and address
            response: HttpResponseBase = render(request, "public/away.html", {"too_often": True}, status=429)
            response["Retry-After"] = str(RETRY_SECONDS)
            return _marked(response, None)
        explorer = PublicExplorer.objects.filter(address=address, is_on=True).first()
        study = studies_by_ids([explorer.study_id]).get(explorer.study_id) if explorer else None
        if explorer is None or study is None:
            raise Http404("There is nothing at this address.")
        if not explorer.location or is_stale(explorer, study):
            return _away(request)
        about = f"{code_version()} {explorer.location} {explorer.settings} {request.get_full_path()}"
        tag = quote_etag(hashlib.sha256(about.encode()).hexdigest()[:32])
        if tag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
            response = HttpResponse(status=304)
        else:
            try:
                response = view(request, explorer, _shown(explorer.location), **more)
            except SnapshotError:
                return _away(request)
        if response.status_code in (200, 304):
            response["ETag"] = tag
            response["Cache-Control"] = "public, max-age=0, must-revalidate"
        return _marked(response, explorer)

    return page


def _shown(location: str) -> Shown:
    folder = local_folder(
        default_storage, location, Path(settings.CACHE_DIR) / "storage", names=(STUDY_FILE, STIMULI_FILE)
    )
    return read_shown(folder)


def _away(request: HttpRequest) -> HttpResponseBase:
    response = render(request, "public/away.html", {}, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return _marked(response, None)


def _marked(response: HttpResponseBase, explorer: PublicExplorer | None) -> HttpResponseBase:
    if explorer is None or not explorer.settings.get("allows_robots"):
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if "Cache-Control" not in response:
        response["Cache-Control"] = "no-store"
    return response


@public
def explorer(request: HttpRequest, explorer: PublicExplorer, shown: Shown) -> HttpResponse:
    figures = public_figures(shown)
    for figure in figures:
        figure.csv_url = reverse("public_csv", args=[explorer.address, figure.id])
    context = _context(explorer, shown) | {
        "figures": figures,
        "agreed": _pictures(explorer, shown, shown.ordered(sort="agreement_high")[:N_EXTREMES]),
        "disputed": _pictures(explorer, shown, shown.ordered(sort="agreement_low")[:N_EXTREMES]),
    }
    return render(request, "public/explorer.html", context)


@public
def explorer_images(request: HttpRequest, explorer: PublicExplorer, shown: Shown) -> HttpResponse:
    label, sort = request.GET.get("emotion", ""), request.GET.get("sort", "")
    rows = shown.ordered(label=label, sort=sort)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = _context(explorer, shown) | {
        "page": page,
        "pictures": _pictures(explorer, shown, page.object_list),
        "label": label,
        "sort": sort if sort in SORTS else SORTS[0],
    }
    return render(request, "public/images.html", context)


@public
def explorer_image(request: HttpRequest, explorer: PublicExplorer, shown: Shown, *, key: str) -> HttpResponse:
    row = shown.row_of.get(key)
    if row is None:
        raise Http404("There is no such image.")
    [stimulus] = shown.stimuli([row], with_words=True)
    labels = shown.study["labels"]
    figure = image_figure(shown, stimulus)
    figure.csv_url = f"{reverse('public_csv', args=[explorer.address, figure.id])}?{urlencode({'image': key})}"
    context = _context(explorer, shown) | {
        "stimulus": stimulus,
        "n": sum(stimulus["counts"]),
        "figure": figure,
        "picture_url": _picture_url(explorer, stimulus["image_sha256"], "1024"),
        "agreement": as_number(stimulus["agreement"]),
        "explanations": [
            {
                **each,
                "name": labels[each["label"]]["name"] or labels[each["label"]]["id"],
                "css": mark_class(labels[each["label"]]["id"], labels[each["label"]]["polarity"], each["label"]),
            }
            for each in stimulus["explanations"]
        ],
    }
    return render(request, "public/image.html", context)


@public
def explorer_csv(request: HttpRequest, explorer: PublicExplorer, shown: Shown, *, name: str) -> HttpResponse:
    """?image=: of one image."""
    row = shown.row_of.get(request.GET.get("image", ""))
    if row is None:
        figure = public_figure(name, shown)
    else:
        figure = image_figure(shown, shown.stimuli([row])[0])
    if figure is None or figure.id != name:
        raise Http404("There is no such figure.")
    return csv_response(f"{explorer.address}-{name}", figure.raw_columns, figure.raw_rows)


@public
def explorer_picture(
    request: HttpRequest, explorer: PublicExplorer, shown: Shown, *, sha256: str, size: str
) -> FileResponse:
    """A picture, while the study agrees to show them and only those that are shown."""
    if sha256 not in shown.images or size not in SIZES:
        raise Http404("There is no such image.")
    for name in (image_name(sha256, size), image_name(sha256)):  # the smaller size may still be being made
        try:
            return FileResponse(default_storage.open(name), content_type="image/jpeg")
        except FileNotFoundError:
            continue
    raise Http404("There is no such image.")


def _context(explorer: PublicExplorer, shown: Shown) -> dict[str, Any]:
    return {
        "address": explorer.address,
        "told": shown.study,
        "allows_robots": bool(explorer.settings.get("allows_robots")),
        "sorts": SORTS,
    }


def _picture_url(explorer: PublicExplorer, sha256: str | None, size: str) -> str:
    return reverse("public_picture", args=[explorer.address, sha256, size]) if sha256 else ""


def _pictures(explorer: PublicExplorer, shown: Shown, rows: Any) -> list[dict[str, Any]]:
    labels = shown.study["labels"]
    classes = [mark_class(label["id"], label["polarity"], place) for place, label in enumerate(labels)]
    pictures = []
    for stimulus in shown.stimuli(rows):
        n = sum(stimulus["counts"])
        most = max(stimulus["counts"])
        pictures.append(
            stimulus
            | {
                "thumbnail_url": _picture_url(explorer, stimulus["image_sha256"], "320"),
                "n": n,
                "top": ", ".join(
                    label["name"] or label["id"]
                    for label, count in zip(labels, stimulus["counts"], strict=True)
                    if count == most
                ),
                "agreement": as_number(stimulus["agreement"]),
                "strip": mark_safe(  # noqa: S308 (our own drawing)
                    strip([(count / n, css) for count, css in zip(stimulus["counts"], classes, strict=True)])
                ),
            }
        )
    return pictures
