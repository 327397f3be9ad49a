"""Why people disagree, and how the asking shaped their answers: two pages over results of frozen studies."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from analysis.asking_figures import asking_figures
from analysis.charts.disagreement_parts import PARTS
from analysis.disagreement_figures import (
    overlapping_words,
    parts_figure,
    together_figure,
    types_figures,
    types_words,
)
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult
from analysis.queries import latest_analysis, study_statistics
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.models import Study
from jobs.models import Job

RECOVERED = ("ambiguity", "overlap", "habit", "noise")  # groups are not drawn again


@login_required
@require_http_methods(["GET", "POST"])
def disagreement(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, slug, "disagreement", _disagreement_context)


@login_required
@require_http_methods(["GET", "POST"])
def asking(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, slug, "asking", _asking_context)


@require_GET
@login_required
def disagreement_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    return _csv(request, slug, name, "disagreement", _disagreement_figures)


@require_GET
@login_required
def asking_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    return _csv(request, slug, name, "asking", asking_figures)


def _page(
    request: HttpRequest, slug: str, name: str, context_of: Callable[[AnalysisResult], dict[str, Any]]
) -> HttpResponse:
    # what is shown is of a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        start_analysis(study=study, name=name, user=request.user)
        return redirect(f"study_{name}", slug=slug)
    result = latest_analysis(study.pk, name)
    job = newest_analysis_job(study, name)
    statistics = study_statistics(study.pk)
    context: dict[str, Any] = {
        "study": study,
        "rights": rights_of(request.user, study),
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
        "has_responses": bool(statistics and statistics.n_responses and statistics.labels),
        "result": result,
        "since": since_frozen(study, statistics, [result.snapshot_id] if result else []),
    }
    if result:
        context |= {"computed": moment(result.created_at), **context_of(result)}
        for figure in context["figures"]:
            figure.csv_url = reverse(f"study_{name}_csv", args=[slug, figure.id])
    return render(request, f"analysis/{name}.html", context)


def _csv(
    request: HttpRequest, slug: str, name: str, analysis: str, figures_of: Callable[[AnalysisResult], list[Figure]]
) -> HttpResponse:
    study: Study = get_study(request.user, slug, "see_results")
    result = latest_analysis(study.pk, analysis)
    figure = next((each for each in figures_of(result) if each.id == name), None) if result else None
    if figure is None:
        raise Http404("This study has no such figure.")
    return csv_response(f"{slug}-{analysis}-{name}", figure.raw_columns, figure.raw_rows)


def _disagreement_figures(result: AnalysisResult) -> list[Figure]:
    return [
        figure
        for figure in (parts_figure(result), together_figure(result), *types_figures(result))
        if figure is not None
    ]


def _disagreement_context(result: AnalysisResult) -> dict[str, Any]:
    found = result.result
    parts = parts_figure(result) if found["parts"]["disagreement"]["value"] else None
    together = together_figure(result)
    types = types_figures(result)
    reasons: dict[str, list[str]] = {}
    for name, part in found["parts"]["parts"].items():
        if part["reason"]:
            reasons.setdefault(part["reason"], []).append(PARTS[name][0])
    recovery = found["recovery"]
    return {
        "figures": [figure for figure in (parts, together, *types) if figure is not None],
        "parts": parts,
        "together": together,
        "types": types,
        "types_words": types_words(found["types"]),
        "reasons": [(", ".join(names), reason) for reason, names in reasons.items()],
        "nothing": found["parts"]["disagreement"]["reason"],
        "notes": found["parts"]["notes"],
        "overlapping": overlapping_words(result),
        "groups": found["parts"]["groups"],
        "groups_left_out": found["groups_left_out"],
        "grouping": found["grouping"],
        "check": _check(found["parts"]["check"]),
        "recovery": [
            (PARTS[name][0], _percent(both["planted"]), _percent(both["found"]))
            for name in RECOVERED
            if (both := recovery["parts"].get(name))
        ]
        if recovery
        else [],
        "recovered_study": recovery,
    }


def _check(check: dict[str, Any] | None) -> dict[str, Any] | None:
    if check is None:
        return None
    names = ("one label only", "two labels", "three or more")
    rows = zip(names, check["observed"], check["expected"], strict=True)
    return {**check, "rows": [(name, _percent(seen), _percent(expected)) for name, seen, expected in rows]}


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _asking_context(result: AnalysisResult) -> dict[str, Any]:
    return {
        "figures": asking_figures(result),
        "not_told": [
            (circumstance["name"], circumstance["reason"])
            for circumstance in result.result["circumstances"]
            if circumstance["reason"]
        ],
    }
