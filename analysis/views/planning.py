"""Planning: how many answers, images and people are enough, and what the rule that stops an image would ask for."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from analysis.figures import moment
from analysis.models import AnalysisResult
from analysis.over_snapshots.planning import PLANNING, WIDTHS
from analysis.planning_form import RULE_FIELDS, supposed
from analysis.planning_page import (
    Cost,
    group_answers,
    image_sets_answers,
    power_figure,
    rule_rows,
    study_rows,
    widths_figure,
)
from analysis.queries import latest_analysis, study_statistics
from analysis.rehearsal_figures import rehearsal_figures
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from analysis.services.rehearse import JOB_KIND as REHEARSE
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.models import PayPlan, Study
from annotation.queries import n_available
from annotation.services.top_up import top_up_of, top_up_use
from jobs.models import Job
from jobs.queries import jobs_of

N_REHEARSALS = 10


@login_required
@require_http_methods(["GET", "POST"])
def planning(request: HttpRequest, slug: str) -> HttpResponse:
    # what planning rests on is a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        start_analysis(study=study, name=PLANNING.name, user=request.user)
        return redirect(request.get_full_path())
    result = latest_analysis(study.pk, PLANNING.name)
    own = result.result if result and result.result["n_responses"] else None
    rehearsals = _rehearsals(study)
    rehearsal = _rehearsal(rehearsals, request.GET.get("rehearsal", ""))
    plan = PayPlan.objects.filter(study=study).first()
    form = supposed(request.GET, own, _defaults(study, own, rehearsal))
    cost = Cost(plan)
    newest = newest_analysis_job(study, PLANNING.name)
    statistics = study_statistics(study.pk)
    source = _source(result) if result else ""
    top_up, use = top_up_of(study), top_up_use(study)
    context: dict[str, Any] = {
        "study": study,
        "rights": rights_of(request.user, study),
        "job": newest if newest and newest.state != Job.DONE else None,
        "is_running": newest is not None and not newest.has_ended,
        "has_responses": bool(statistics and statistics.n_responses),
        "own": own,
        "since": since_frozen(study, statistics, [result.snapshot_id] if result and own else []),
        "source": source,
        "form": form,
        "labels": own["labels"] if own else [],
        "fields": form.rows([name for name in form.values if name not in (*RULE_FIELDS, "width")]),
        "rule_fields": form.rows(list(RULE_FIELDS)),
        "widths": WIDTHS,
        "rehearsals": rehearsals,
        "rehearsal": rehearsal,
        "figures": [widths_figure(own, form, source), power_figure(form)],
        "rehearsal_figure": _rehearsed_widths(rehearsal),
        "groups": group_answers(form, cost),
        "image_sets": image_sets_answers(form),
        "study_rows": study_rows(own, form, cost),
        "rule_rows": rule_rows(own["rule"], form, cost) if own else [],
        "is_paid": bool(plan and plan.reward),
        "top_up": top_up,
        "use": use,
        "use_cost": cost.of(use.expected_further) if use else "",
    }
    for figure in [*context["figures"], *([rehearsed] if (rehearsed := context["rehearsal_figure"]) else [])]:
        figure.csv_url = f"{reverse('study_planning_csv', args=[slug, figure.id])}?{request.GET.urlencode()}"
    return render(request, "analysis/planning.html", context, status=400 if form.errors else 200)


@login_required
@require_GET
def planning_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """A figure of the page, with all that its address supposes."""
    study = get_study(request.user, slug, "see_results")
    result = latest_analysis(study.pk, PLANNING.name)
    own = result.result if result and result.result["n_responses"] else None
    rehearsal = _rehearsal(_rehearsals(study), request.GET.get("rehearsal", ""))
    form = supposed(request.GET, own, _defaults(study, own, rehearsal))
    drawn = [widths_figure(own, form, ""), power_figure(form), _rehearsed_widths(rehearsal)]
    figure = next((each for each in drawn if each is not None and each.id == name), None)
    if figure is None:
        raise Http404("This page has no such figure.")
    return csv_response(f"{slug}-{name}", figure.raw_columns, figure.raw_rows)


def _source(result: AnalysisResult) -> str:
    found = result.result
    simulated = _(", %s of them simulated") % f"{found['n_simulated']:,}" if found["n_simulated"] else ""
    return _("%(n)s answers of %(people)s people to %(images)s images%(simulated)s. Snapshot %(id)s, %(when)s.") % {
        "n": f"{found['n_responses']:,}",
        "people": f"{found['n_people']:,}",
        "images": f"{found['n_stimuli_answered']:,}",
        "simulated": simulated,
        "id": result.snapshot_id[:12],
        "when": moment(result.created_at),
    }


def _rehearsals(study: Study) -> list[Job]:
    return list(jobs_of(study.slug, REHEARSE, state=Job.DONE)[:N_REHEARSALS])


def _rehearsal(rehearsals: list[Job], chosen: str) -> Job | None:
    if not chosen:
        return None
    found = next((job for job in rehearsals if str(job.pk) == chosen), None)
    if found is None:
        raise Http404("This study has no such rehearsal.")
    return found


def _rehearsed_widths(rehearsal: Job | None) -> Any:
    figures = rehearsal_figures(rehearsal.result) if rehearsal and rehearsal.result else []
    found = next((figure for figure in figures if figure.id == "widths"), None)
    if found:
        found.id = "rehearsal-widths"
    return found


def _defaults(study: Study, own: dict[str, Any] | None, rehearsal: Job | None) -> dict[str, float]:
    """How large the study is, or was in the rehearsal; the rule that is on, or one to look at."""
    top_up = top_up_of(study)
    wanted = min(study.wanted_responses, 1_000)
    found: dict[str, float] = {
        "n_images": max(n_available(study), 2),
        "n_responses": wanted,
        "n_people": max(own["n_people"] if own else wanted * 2, 2),
        "difference": 5.0,
        "least": top_up.least if top_up else wanted,
        "most": top_up.most if top_up else min(wanted + 10, 1_000),
        "width": top_up.width if top_up else 0.4,
    }
    if rehearsal and rehearsal.result:
        found["n_responses"] = rehearsal.result["options"]["wanted"]
        found["n_people"] = max(rehearsal.result["people"]["worked"], 2)
    return found
