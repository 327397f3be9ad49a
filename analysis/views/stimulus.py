"""One image: what people felt in front of it, and why."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis.charts import mark_class
from analysis.charts.marks import as_number
from analysis.explorer import ExplorerForm
from analysis.figures import stimulus_distribution
from analysis.keyset import cursor_of, page_after
from analysis.marked_texts import marked, marking_words_of
from analysis.models import StimulusStatistics, StudyStatistics
from analysis.network_predictions import network_distributions
from analysis.queries import sources_of_study, stimulus_statistics, study_statistics
from analysis.views.csv_file import csv_response
from annotation.access import get_study
from annotation.images import image_url
from annotation.queries import StimulusFace, responses_of_stimulus, stimulus_by_key


@gzip_page
@require_GET
@login_required
def stimulus(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    study, face = _find(request, slug, key)
    statistics, facts = study_statistics(study.pk), stimulus_statistics(face.id)
    figure = None
    if statistics and facts and facts.counts:
        figure = stimulus_distribution(facts, statistics)
        figure.csv_url = reverse("study_stimulus_csv", args=[slug, key])
    state = request.GET.urlencode()
    context = {
        "study": study,
        "stimulus": face,
        "state": state,
        **(_neighbours(request, study, statistics, facts) if state else {}),
        "image_url": image_url(study.pk, face.image_sha256),
        "full_url": image_url(study.pk, face.image_sha256, "full"),
        "facts": facts,
        "agreement": as_number(facts.agreement) if facts else "",
        "entropy": as_number(facts.entropy_nats) if facts else "",
        "figure": figure,
        "groups": _answers_by_label(study, face, statistics),
        "networks": network_distributions(study, key, statistics.labels, facts.counts if facts else None)
        if statistics
        else [],
    }
    return render(request, "analysis/stimulus.html", context)


@require_GET
@login_required
def stimulus_csv(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    study, face = _find(request, slug, key)
    statistics, facts = study_statistics(study.pk), stimulus_statistics(face.id)
    if statistics is None or not isinstance(facts, StimulusStatistics) or not facts.counts:
        raise Http404("Nobody has answered this image yet.")
    figure = stimulus_distribution(facts, statistics)
    return csv_response(f"{slug}-{key[:12]}", figure.raw_columns, figure.raw_rows)


def _find(request: HttpRequest, slug: str, key: str) -> tuple[Any, StimulusFace]:
    study = get_study(request.user, slug, "see_results")
    face = stimulus_by_key(study, key)
    if face is None:
        raise Http404("There is no such image in this study.")
    return study, face


def _neighbours(
    request: HttpRequest, study: Any, statistics: StudyStatistics | None, facts: StimulusStatistics | None
) -> dict[str, str]:
    """The keys of the images before and after this one in the selection that the reader came from."""
    form = ExplorerForm(request.GET, study, statistics.labels if statistics else [], sources_of_study(study.pk))
    if facts is None or not form.is_valid():
        return {}
    rows, order = form.stimuli(), form.order
    here = rows.filter(stimulus_id=facts.stimulus_id)
    own, _ = page_after(here, order, "", 1)
    if not own:  # not among them any more, or never was
        return {}
    cursor = cursor_of(own[0], order.all_keys)
    following, _ = page_after(rows, order, cursor, 1)
    before, _ = page_after(rows, order, cursor, 1, backward=True)
    return {
        "previous_key": before[0].stimulus_key if before else "",
        "next_key": following[0].stimulus_key if following else "",
    }


def _answers_by_label(study: Any, face: StimulusFace, statistics: StudyStatistics | None) -> list[dict[str, Any]]:
    """Every explanation, gathered under what was felt; what most people felt comes first."""
    labels = statistics.labels if statistics else []
    groups: dict[str, dict[str, Any]] = {
        label["id"]: {
            "id": label["id"],
            "name": label["name"],
            "css": mark_class(label["id"], label["polarity"], place),
            "answers": [],
        }
        for place, label in enumerate(labels)
    }
    groups[""] = {"name": "", "css": "", "answers": []}
    steps = [step for step in study.parsed_steps if step.labels is None]
    marking = marking_words_of(study.pk)
    for response in responses_of_stimulus(face.id):
        group = groups.get(response.label, groups[""])
        words = marking.get(response.label, frozenset())
        texts = [marked(text, words) for text in (step.plain_text(response.answers) for step in steps) if text]
        found = {piece.lower() for pieces in texts for piece, is_word in pieces if is_word}
        group["marking"] = sorted(found | set(group.get("marking", ())))
        group["answers"].append({"response": response, "texts": texts})
    return sorted((group for group in groups.values() if group["answers"]), key=lambda group: -len(group["answers"]))
