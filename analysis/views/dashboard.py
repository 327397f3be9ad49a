"""The study at a glance: how far it is, what people feel, how far they agree."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_GET

from analysis.charts import mark_class
from analysis.charts.marks import as_number
from analysis.figures import moment, study_figure, study_figures
from analysis.models import StudyStatistics
from analysis.pictures import pictures_of
from analysis.progress import progress_of
from analysis.queries import extremes_of_agreement, last_recount, study_statistics
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.images import image_url
from annotation.queries import people_of, recent_responses

N_EXTREMES = 6
N_RECENT = 8
LIVE_SECONDS = 3


@gzip_page
@require_GET
@login_required
def study(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_study(request.user, slug, "see_results")
    context = {**_context(found), "rights": rights_of(request.user, found), "live_seconds": LIVE_SECONDS}
    context["entry_url"] = request.build_absolute_uri(reverse("annotate_welcome", args=[slug]))
    return render(request, "analysis/study.html", context)


@require_GET
@login_required
@conditional_page
def study_live(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that moves, as static/js/live.js asks for it."""
    found = get_study(request.user, slug, "see_results")
    context = {**_context(found), "rights": rights_of(request.user, found)}
    context["entry_url"] = request.build_absolute_uri(reverse("annotate_welcome", args=[slug]))
    return render(request, "analysis/_study_live.html", context)


@require_GET
@login_required
def chart_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    found = get_study(request.user, slug, "see_results")
    statistics = study_statistics(found.pk)
    figure = study_figure(name, statistics) if statistics else None
    if figure is None:
        raise Http404("This study has no such figure.")
    return csv_response(f"{slug}-{name}", figure.raw_columns, figure.raw_rows)


def _context(found: Any) -> dict[str, Any]:
    statistics = study_statistics(found.pk)
    context: dict[str, Any] = {
        "study": found,
        "statistics": statistics,
        "has_responses": bool(statistics and statistics.n_responses),
        "people": people_of(found),
        "progress": progress_of(found, statistics),
        "recount": last_recount(found.pk),
    }
    if statistics and statistics.n_responses:
        figures = study_figures(statistics)
        for figure in figures:
            figure.csv_url = reverse("study_chart_csv", args=[found.slug, figure.id])
        agreed, disputed = extremes_of_agreement(found.pk, N_EXTREMES)
        context |= {
            "as_of": moment(statistics.as_of),
            "figures": figures,
            "alpha": _number(statistics, "krippendorff_alpha"),
            "entropy": _number(statistics, "mean_entropy_nats"),
            "agreed": pictures_of(found.pk, agreed, statistics.labels),
            "disputed": pictures_of(found.pk, disputed, statistics.labels),
            "recent": _recent(found, statistics),
        }
    return context


def _number(statistics: StudyStatistics, name: str) -> dict[str, str] | None:
    """A headline number with its interval in words; None if it is not defined yet."""
    estimate = statistics.estimates.get(name)
    if not estimate or estimate["value"] is None:
        return None
    low, high = estimate["low"], estimate["high"]
    interval = f"{as_number(low)} to {as_number(high)}" if low is not None else ""
    return {"value": as_number(estimate["value"]), "range": interval}


def _recent(found: Any, statistics: StudyStatistics) -> list[dict[str, Any]]:
    place = {label["id"]: number for number, label in enumerate(statistics.labels)}
    steps = [step for step in found.parsed_steps if step.labels is None]
    rows = []
    for response in recent_responses(found, N_RECENT):
        number = place.get(response.label)
        label = statistics.labels[number] if number is not None else None
        rows.append(
            {
                "response": response,
                "label": label["name"] if label else "",
                "css": mark_class(label["id"], label["polarity"], number or 0) if label else "",
                "text": " ".join(filter(None, (step.plain_text(response.answers) for step in steps))),
                "thumbnail_url": image_url(found.pk, response.stimulus.image_sha256, "320"),
            }
        )
    return rows
