"""Groups of people: what they share within and between, for cohorts, languages and what people said of themselves."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from analysis.charts.marks import as_number, as_p, as_percent
from analysis.comparison_figures import differences_figure, shares_figure
from analysis.explorer_links import TwoSides, images
from analysis.group_pages import CSV_COLUMNS, Grouping, csv_rows, ground_figure, groupings_of, pair_rows
from analysis.over_snapshots.groups import DEFAULTS, GROUPS
from analysis.queries import latest_analysis, study_statistics
from analysis.services.compare_groups import JOB_KIND, start_comparing_groups
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.errors import InvalidInput
from annotation.images import image_url
from annotation.models import Study
from annotation.queries import images_by_key
from jobs.models import Job
from jobs.queries import newest_job


@login_required
@require_http_methods(["GET", "POST"])
def groups(request: HttpRequest, slug: str) -> HttpResponse:
    # a comparison is of a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    error = ""
    if request.method == "POST":
        try:
            start_comparing_groups(study=study, options=_options(request.POST), user=request.user)
            return redirect(f"{reverse('study_groups', args=[slug])}?{request.GET.urlencode()}".rstrip("?"))
        except InvalidInput as refused:
            error = str(refused)
    groupings = groupings_of(study)
    grouping = _chosen(groupings, request.GET.get("by", ""))
    pair = grouping.pair(request.GET.get("pair", "")) if grouping else None
    newest = newest_job(slug, JOB_KIND)
    statistics = study_statistics(study.pk)
    ran = latest_analysis(study.pk, GROUPS.name)
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "error": error,
        "job": newest if newest and newest.state != Job.DONE else None,
        "is_running": newest is not None and not newest.has_ended,
        "has_responses": bool(statistics and statistics.n_responses),
        "has_run": ran is not None,
        "since": since_frozen(study, statistics, {each.result.snapshot_id for each in groupings}),
        "groupings": groupings,
        "grouping": grouping,
        "group_sizes": [
            {
                **group,
                "name": grouping.names[group["name"]],
                "images": images(**own) if (own := grouping.images_of(group["name"])) else "",
            }
            for group in grouping.found["groups"]
        ]
        if grouping
        else [],
        "margin": as_number(100 * float((ran.options if ran else DEFAULTS)["margin"]), 1),
        "least_people": (ran.options if ran else DEFAULTS)["least_people"],
        "too_small": [name or _("(none)") for name in grouping.found["too_small"]] if grouping else [],
        "too_many": [name or _("(none)") for name in grouping.found["too_many"]] if grouping else [],
        "ground": ground_figure(grouping) if grouping else None,
        "pairs": pair_rows(grouping, pair) if grouping else [],
        "pair": _pair(study, grouping, pair) if grouping and pair else None,
        "csv_url": f"{reverse('study_groups_csv', args=[slug])}?{urlencode({'by': grouping.by})}" if grouping else "",
    }
    # one table holds the numbers of all figures
    for figure in [context["ground"], *(context["pair"]["figures"] if context["pair"] else [])]:
        if figure is not None:
            figure.csv_url = context["csv_url"]
    return render(request, "analysis/groups.html", context, status=400 if error else 200)


@login_required
@require_GET
def groups_csv(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    grouping = _chosen(groupings_of(study), request.GET.get("by", ""))
    if grouping is None:  # nothing compared yet is a table without rows
        return csv_response(f"{slug}-groups", CSV_COLUMNS, [])
    return csv_response(f"{slug}-groups-{grouping.by}", CSV_COLUMNS, csv_rows(grouping))


def _options(given: Any) -> dict[str, Any]:
    """Raises InvalidInput where a number is none."""
    try:
        return {
            "margin": float(given.get("margin", "").replace(",", ".")) / 100,
            "least_people": int(given.get("least_people", "")),
        }
    except ValueError:
        raise InvalidInput(_("Give the margin and the fewest people as numbers. Nothing was compared.")) from None


def _chosen(groupings: list[Grouping], by: str) -> Grouping | None:
    named = [grouping for grouping in groupings if grouping.by == by]
    return (named or groupings or [None])[0]  # type: ignore[list-item]


def _pair(study: Study, grouping: Grouping, pair: dict[str, Any]) -> dict[str, Any]:
    sides = [grouping.names[pair["first"]], grouping.names[pair["second"]]]
    leads_to = TwoSides(grouping.images_of(pair["first"]), grouping.images_of(pair["second"]))
    return {
        "first": sides[0],
        "second": sides[1],
        "n_shared": pair["n_shared"],
        "figures": [
            shares_figure("pair-shares", grouping.labels, pair["labels"], sides, grouping.source, leads_to=leads_to),
            differences_figure(
                "pair-differences",
                grouping.labels,
                pair["labels"],
                sides,
                margin=grouping.margin,
                source=grouping.source,
                leads_to=leads_to,
            ),
        ],
        "n_searched": pair["n_searched"],
        "n_apart": pair["n_apart"],
        "stimuli": stimuli_of(study, pair["stimuli"], grouping.labels, sides),
    }


def stimuli_of(
    study: Study, stimuli: list[dict[str, Any]], labels: list[dict[str, Any]], sides: list[str]
) -> list[dict[str, Any]]:
    """The images on which a pair parts ways, each side's most frequent labels in words; those gone by now left out."""
    pictures = images_by_key(study, [one["stimulus_key"] for one in stimuli])
    names = [label["name"] for label in labels]

    def words(shares: list[float]) -> str:
        top = sorted(range(len(shares)), key=lambda at: -shares[at])[:2]
        return ", ".join(f"{names[at]} {as_percent(shares[at], 0)}" for at in top if shares[at] > 0)

    return [
        {
            "key": one["stimulus_key"],
            "thumbnail_url": image_url(study.pk, pictures[one["stimulus_key"]], "320"),
            "sides": list(zip(sides, (words(shares) for shares in one["shares"]), strict=True)),
            "distance": as_percent(one["distance"], 0),
            "p": as_p(one["p_corrected"]),
            "is_apart": one["p_corrected"] <= 0.05,
        }
        for one in stimuli
        if one["stimulus_key"] in pictures
    ]
