"""Where people and the served network agree, where it is surely wrong, where people are split and it knows."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from analysis.charts.marks import as_number, as_percent
from analysis.figures import moment
from analysis.models import StimulusStatistics
from analysis.pictures import pictures_of
from analysis.queries import latest_analysis, study_statistics
from analysis.services.people_and_networks import JOB_KIND, NAME, TASK, start_people_and_networks
from annotation.access import get_study, rights_of
from annotation.errors import StateConflict
from annotation.queries import stimulus_ids_by_key
from jobs.models import Job
from jobs.queries import newest_job
from modelserve.queries import promoted_network

GROUPS = {
    "surely_wrong": (
        _("Surely wrong"),
        _("Half of the people or more felt one thing; the network is sure of another. Look here before you trust it."),
    ),
    "split_and_known": (
        _("People are split, and the network knows"),
        _("No feeling has half of the answers, and the network spreads its own as people do."),
    ),
    "split_and_unknown": (
        _("People are split, and the network is sure"),
        _("It takes for plain what moves people differently."),
    ),
    "agree": (
        _("They agree"),
        _("What half of the people or more felt is the network's likeliest, too; the nearest shares come first."),
    ),
    "unsure": (
        _("Another feeling, and the network is not sure"),
        _("Half of the people or more felt one thing; the network leans to another, and says that it may be wrong."),
    ),
}


@login_required
@require_http_methods(["GET", "POST"])
def people_and_networks(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        try:
            start_people_and_networks(study=study, user=request.user)
        except StateConflict as error:
            messages.error(request, error.message)
        return redirect("study_people_and_networks", slug=slug)
    row = latest_analysis(study.pk, NAME)
    job = newest_job(slug, JOB_KIND)
    network = promoted_network(slug, TASK)
    context: dict[str, Any] = {
        "study": study,
        "rights": rights_of(request.user, study),
        "network": network,
        "row": row,
        "is_old": bool(row and network and row.result["network"] != network.pk),
        "job": job if job and job.state != Job.DONE else None,
        "is_running": job is not None and not job.has_ended,
    }
    statistics = study_statistics(study.pk)
    if row and statistics:
        found = row.result
        ids = stimulus_ids_by_key(study, {key for group in found["groups"].values() for key in group["keys"]})
        facts = StimulusStatistics.objects.in_bulk(list(ids.values()))
        context |= {
            "when": moment(row.created_at),
            "found": found,
            "divergence": _words(found["mean_divergence_nats"]),
            "split_known": _words(found["split_known"]),
            "groups": [  # a result that was counted before there were five groups has four
                {
                    "name": name,
                    "title": title,
                    "lead": lead,
                    "n": found["groups"][name]["n"],
                    "share": as_percent(found["groups"][name]["n"] / (found["n_compared"] or 1)),
                    "pictures": pictures_of(
                        study.pk,
                        [facts[ids[key]] for key in found["groups"][name]["keys"] if ids.get(key) in facts],
                        statistics.labels,
                    ),
                }
                for name, (title, lead) in GROUPS.items()
                if name in found["groups"]
            ],
        }
    return render(request, "analysis/people_and_networks.html", context)


def _words(estimate: dict[str, Any]) -> dict[str, str]:
    if estimate["value"] is None:
        return {"value": "–", "range": str(estimate["reason"] or "")}
    low, high = estimate["low"], estimate["high"]
    return {
        "value": as_number(estimate["value"]),
        "range": f"{as_number(low)} to {as_number(high)}" if low is not None else "",
    }
