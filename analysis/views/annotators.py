"""The people of a study, by pseudonym only: how much they gave, how fast, and how far the others felt the same."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from analysis.charts import mark_class
from analysis.charts.marks import as_number, as_percent
from analysis.disagreement_figures import types_words
from analysis.figures import person_distribution
from analysis.models import AnnotatorStatistics, StudyStatistics
from analysis.queries import annotator_statistics, latest_analysis, study_statistics
from analysis.statistics import POLARITIES
from analysis.views.csv_file import csv_response
from annotation.access import get_study
from annotation.images import image_url
from annotation.queries import (
    ParticipationFacts,
    participation_facts,
    participation_of_pseudonym,
    people_of,
    responses_of_participation,
)

PER_PAGE = 50
ANSWERS_PER_PAGE = 40
SORTS = {
    "responses": F("n_responses").desc(),
    "agreement_low": F("agreement").asc(nulls_last=True),
    "agreement_high": F("agreement").desc(nulls_last=True),
    "newest": F("participation_id").desc(),
}


@require_GET
@login_required
def annotators(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    statistics = study_statistics(study.pk)
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "responses"
    rows = AnnotatorStatistics.objects.filter(study_id=study.pk).order_by(SORTS[sort], "participation_id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    people = list(page.object_list)
    facts = participation_facts([person.participation_id for person in people])
    apart = latest_analysis(study.pk, "disagreement")
    context = {
        "study": study,
        "statistics": statistics,
        "page": page,
        "joined": people_of(study),
        "has_polarity": bool(statistics and statistics.polarity_totals),
        "polarities": POLARITIES,
        "sort": sort,
        "types_words": types_words(apart.result["types"]) if apart and apart.result["types"]["n_types"] else "",
        "people": [
            _row(person, facts[person.participation_id], statistics)
            for person in people
            if person.participation_id in facts
        ],
    }
    return render(request, "analysis/annotators.html", context)


@require_GET
@login_required
def annotator(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    study, participation, person, statistics = _find(request, slug, pseudonym)
    page = Paginator(responses_of_participation(participation), ANSWERS_PER_PAGE).get_page(request.GET.get("page"))
    facts = participation_facts([participation.pk])[participation.pk]
    figure = None
    if person and statistics and person.label_counts and sum(person.label_counts):
        figure = person_distribution(person, statistics)
        figure.csv_url = reverse("study_annotator_csv", args=[slug, pseudonym])
    context = {
        "study": study,
        "person": _row(person, facts, statistics) if person else None,
        "facts": facts,
        "figure": figure,
        "page": page,
        "answers": _answers(study, page.object_list, statistics),
    }
    return render(request, "analysis/annotator.html", context)


@require_GET
@login_required
def annotator_csv(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    _, _, person, statistics = _find(request, slug, pseudonym)
    if person is None or statistics is None:
        raise Http404("This person has no accepted response.")
    figure = person_distribution(person, statistics)
    return csv_response(f"{slug}-{pseudonym}", figure.raw_columns, figure.raw_rows)


def _find(
    request: HttpRequest, slug: str, pseudonym: str
) -> tuple[Any, Any, AnnotatorStatistics | None, StudyStatistics | None]:
    study = get_study(request.user, slug, "see_results")
    participation = participation_of_pseudonym(study, pseudonym)
    if participation is None:
        raise Http404("There is no such person in this study.")
    return study, participation, annotator_statistics(participation.pk), study_statistics(study.pk)


def _row(person: AnnotatorStatistics, facts: ParticipationFacts, statistics: StudyStatistics | None) -> dict[str, Any]:
    """One person as a table shows her."""
    labels = statistics.labels if statistics else []
    n = sum(person.label_counts)
    shares = []
    if statistics and statistics.polarity_totals is not None and n:
        for polarity in POLARITIES:
            chosen = sum(
                count for label, count in zip(labels, person.label_counts, strict=True) if label["polarity"] == polarity
            )
            shares.append(as_percent(chosen / n, 0))
    return {
        "facts": facts,
        "n_responses": person.n_responses,
        "n_compared": person.n_compared,
        "shares": shares,
        "agreement": as_number(person.agreement),
        "seconds": "–" if facts.median_seconds is None else f"{facts.median_seconds:.1f}",
    }


def _answers(study: Any, responses: Any, statistics: StudyStatistics | None) -> list[dict[str, Any]]:
    labels = {label["id"]: (place, label) for place, label in enumerate(statistics.labels if statistics else [])}
    steps = [step for step in study.parsed_steps if step.labels is None]
    rows = []
    for response in responses:
        place, label = labels.get(response.label, (0, None))
        rows.append(
            {
                "response": response,
                "label": label["name"] if label else response.label,
                "css": mark_class(label["id"], label["polarity"], place) if label else "",
                "texts": [text for text in (step.plain_text(response.answers) for step in steps) if text],
                "seconds": None if response.duration_ms is None else f"{response.duration_ms / 1000:.1f}",
                "thumbnail_url": image_url(study.pk, response.stimulus.image_sha256, "320"),
            }
        )
    return rows
