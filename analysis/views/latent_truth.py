"""What methods that assume one true label make of the votes, beside the votes: the table, and where they depart."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from analysis.charts.marks import as_number, as_percent
from analysis.models import LatentTruthResult
from analysis.queries import latent_truth_of, study_statistics
from analysis.services.latent_truth import JOB_KIND, start_latent_truth
from analysis.since_frozen import since_frozen
from annotation.access import get_study, rights_of
from annotation.images import image_url
from annotation.models import Study
from annotation.queries import images_by_key
from jobs.models import Job
from jobs.queries import newest_job

N_SHOWN = 12


@login_required
@require_http_methods(["GET", "POST"])
def latent_truth(request: HttpRequest, slug: str) -> HttpResponse:
    # the comparison is of a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        start_latent_truth(study=study, user=request.user)
        return redirect(request.get_full_path())
    results = latent_truth_of(study.pk)
    chosen = next((result for result in results if result.method == request.GET.get("method")), None)
    if chosen is None:
        chosen = next((result for result in results if result.method == "dawid_skene"), None)
    statistics = study_statistics(study.pk)
    newest = newest_job(slug, JOB_KIND)
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "job": newest if newest and newest.state != Job.DONE else None,
        "is_running": newest is not None and not newest.has_ended,
        "has_responses": bool(statistics and statistics.n_responses),
        "rows": [_row(result) for result in results],
        "since": since_frozen(study, statistics, [result.snapshot_id for result in results]),
        "chosen": chosen,
        "stimuli": _stimuli(study, chosen, {label["id"]: label["name"] for label in statistics.labels})
        if chosen and statistics
        else [],
    }
    return render(request, "analysis/latent_truth.html", context)


def _row(result: LatentTruthResult) -> dict[str, Any]:
    figures = result.figures
    n = figures["n_stimuli"] or 1
    skill = figures["skill_quartiles"]
    return {
        "result": result,
        "n_overruled": figures["n_overruled"],
        "share_overruled": as_percent(figures["n_overruled"] / n),
        "n_tie_broken": figures["n_tie_broken"],
        "divergence": as_number(figures["mean_divergence_nats"]),
        "skill": None if skill is None else [as_percent(each) for each in skill],
        "converged": figures["converged"],
    }


def _stimuli(study: Study, result: LatentTruthResult, names: dict[str, str]) -> list[dict[str, Any]]:
    """The stimuli that depart most, with the weight of each vote; those that are gone by now are left out."""
    shown = result.unlike_votes[:N_SHOWN]
    images = images_by_key(study, [one["stimulus_key"] for one in shown])
    labels = result.definition["labels"]
    return [
        {
            "key": one["stimulus_key"],
            "thumbnail_url": image_url(study.pk, images[one["stimulus_key"]], "320"),
            "votes_say": ", ".join(names.get(label, label) for label in one["top_labels"]),
            "method_says": names.get(one["label"], one["label"]),
            "share": as_percent(one["shares"][labels.index(one["label"])]),
            "probability": as_percent(one["probabilities"][labels.index(one["label"])]),
            "is_overruled": one["is_overruled"],
            "divergence": as_number(one["divergence_nats"]),
            "votes": [
                {
                    "label": names.get(vote["label"], vote["label"]),
                    "weight": as_number(vote["weight"]),
                    "skill": as_percent(vote["skill"]),
                    "low": as_percent(vote["low"]),
                    "high": as_percent(vote["high"]),
                    "n_responses": vote["n_responses"],
                }
                for vote in one["votes"]
            ],
        }
        for one in shown
        if one["stimulus_key"] in images
    ]
