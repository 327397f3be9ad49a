"""What people share: how much, how surely, where they part ways, and which feelings meet."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods

from analysis.common_ground_figures import BY_RULE, DEFAULT_RULE, LIVE, RULES
from analysis.common_ground_of_snapshot import BY_SOURCE, CURVES, by_source, emotion_map
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult, StimulusStatistics, StudyStatistics
from analysis.over_snapshots.agreement import AGREEMENT
from analysis.over_snapshots.emotion_map import EMOTION_MAP
from analysis.pictures import Picture, pictures_of
from analysis.queries import extremes_of_agreement, latest_analysis, study_statistics
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.models import Study
from annotation.queries import stimulus_ids_by_key
from jobs.models import Job

N_EXTREMES = 6
N_PAIRS = 4  # of feelings at once, with pictures; all of them stand in the table


@gzip_page
@login_required
@require_http_methods(["GET", "POST"])
def common_ground(request: HttpRequest, slug: str) -> HttpResponse:
    # curves, sources and the map are of a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        for analysis in (AGREEMENT, EMOTION_MAP):
            start_analysis(study=study, name=analysis.name, user=request.user)
        return redirect(request.get_full_path())
    statistics = study_statistics(study.pk)
    state = _state(request)
    jobs = [newest_analysis_job(study, analysis.name) for analysis in (AGREEMENT, EMOTION_MAP)]
    agreement, meeting = latest_analysis(study.pk, AGREEMENT.name), latest_analysis(study.pk, EMOTION_MAP.name)
    context: dict[str, Any] = {
        "study": study,
        "statistics": statistics,
        "rights": rights_of(request.user, study),
        "has_responses": bool(statistics and statistics.n_responses and statistics.labels),
        "state": state,
        "rules": list(RULES.values()),
        "comparisons": [(name, title) for name, (title, _) in BY_SOURCE.items()],
        "jobs": [job for job in jobs if job is not None and job.state != Job.DONE],
        "is_running": any(job is not None and not job.has_ended for job in jobs),
        "is_computed": agreement is not None and meeting is not None,
        "since": since_frozen(study, statistics, [row.snapshot_id for row in (agreement, meeting) if row]),
    }
    if statistics and context["has_responses"]:
        figures = dict(_figures(study, statistics, agreement, meeting, state))
        agreed, disputed = extremes_of_agreement(study.pk, N_EXTREMES)
        context |= {
            "as_of": moment(statistics.as_of),
            "figures": figures,
            "curves": [figures[name] for name in CURVES if name in figures],
            "by_source": figures.get("by-source"),
            "emotion_map": figures.get("emotion-map"),
            "agreed": pictures_of(study.pk, agreed, statistics.labels),
            "disputed": pictures_of(study.pk, disputed, statistics.labels),
            **(_examples(study, statistics, meeting) if meeting else {}),
        }
    return render(request, "analysis/common_ground.html", context)


@require_GET
@login_required
def common_ground_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    statistics = study_statistics(study.pk)
    results = latest_analysis(study.pk, AGREEMENT.name), latest_analysis(study.pk, EMOTION_MAP.name)
    found = dict(_figures(study, statistics, *results, _state(request))) if statistics else {}
    if name not in found:
        raise Http404("This study has no such figure.")
    return csv_response(f"{slug}-{name}", found[name].raw_columns, found[name].raw_rows)


def _state(request: HttpRequest) -> dict[str, str]:
    """What the page's address chooses: the rule of majority, and by what sources are compared."""
    rule, by = request.GET.get("rule", ""), request.GET.get("by", "")
    return {
        "rule": rule if rule in RULES else DEFAULT_RULE.name,
        "by": by if by in BY_SOURCE else f"majority.{DEFAULT_RULE.name}",
    }


def _figures(
    study: Study,
    statistics: StudyStatistics,
    agreement: AnalysisResult | None,
    meeting: AnalysisResult | None,
    state: dict[str, str],
) -> Iterator[tuple[str, Figure]]:
    """Every figure that can be drawn by now, by its name."""
    drawn: list[Figure | None] = [make(statistics) for make in LIVE.values()]
    drawn += [make(statistics, state["rule"]) for make in BY_RULE.values()]
    if agreement:
        drawn += [make(agreement) for make in CURVES.values()]
        drawn.append(by_source(agreement, state["by"]))
    if meeting:
        drawn.append(emotion_map(meeting))
    for figure in drawn:
        if figure is not None:
            address = reverse("study_common_ground_csv", args=[study.slug, figure.id])
            figure.csv_url = f"{address}?{urlencode(state)}"
            yield figure.id, figure


def _examples(study: Study, statistics: StudyStatistics, meeting: AnalysisResult) -> dict[str, Any]:
    """The pictures that the analysis named: for pairs of feelings felt at once, and for each feeling alone."""
    found = meeting.result
    names = {label["id"]: label["name"] for label in statistics.labels}
    pairs = [pair for pair in found["mixed"] if pair["examples"]][:N_PAIRS]
    wanted = {key for pair in pairs for key in pair["examples"]}
    wanted |= {key for keys in found["purest"].values() for key in keys}
    ids = stimulus_ids_by_key(study, wanted)
    facts = StimulusStatistics.objects.in_bulk(list(ids.values()))
    shown: dict[str, Picture] = {
        picture.key: picture for picture in pictures_of(study.pk, facts.values(), statistics.labels)
    }
    n = found["n_stimuli"] or 1
    return {
        "mixed": [
            {
                "words": f"{names.get(pair['positive'], pair['positive'])} and "
                f"{names.get(pair['negative'], pair['negative']).lower()}",
                "n": pair["n_stimuli"],
                "percent": f"{100 * pair['n_stimuli'] / n:.1f}",
                "query": urlencode({"felt": [pair["positive"], pair["negative"]], "sort": "mixed"}, doseq=True),
                "pictures": [shown[key] for key in pair["examples"] if key in shown],
            }
            for pair in pairs
        ],
        "purest": [
            {
                "words": name,
                "query": urlencode({"sort": f"share:{label}"}),
                "pictures": [shown[key] for key in found["purest"][label] if key in shown],
            }
            for label, name in names.items()
            if found["purest"].get(label)
        ],
    }
