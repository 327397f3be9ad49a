"""Computed results: a study's figures, those of its stimuli, and what the recounts found."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.models import Recount, StimulusStatistics, StudyStatistics
from analysis.queries import as_dict, study_statistics
from analysis.statistics import STATISTICS
from annotation.access import get_study

MOST_PER_PAGE = 1000
RECOUNTS_SHOWN = 100


class Statistics(APIView):
    """Every figure of the study with its 95 % interval, as of the last count (seconds ago while answers come in)."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        statistics = study_statistics(study.pk)
        if statistics is None:
            raise Http404("This study has no responses yet, so there are no figures.")
        sources = {statistic.name: statistic.source for statistic in STATISTICS}
        return ApiResponse({"study": slug, **as_dict(statistics), "sources": sources})


class OneStimulus(serializers.Serializer[StimulusStatistics]):
    """What is known of one stimulus."""

    key = serializers.CharField()
    n_responses = serializers.IntegerField()
    n_simulated = serializers.IntegerField()
    n_surplus = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    pairwise_agreement = serializers.FloatField(allow_null=True)
    entropy_nats = serializers.FloatField(allow_null=True)
    top_labels = serializers.ListField(child=serializers.CharField())
    top_share = serializers.FloatField(allow_null=True)
    last_response_at = serializers.DateTimeField(allow_null=True)


class StimuliPage(serializers.Serializer[Any]):
    """next: the `after` of the next page; null on the last one."""

    stimuli = OneStimulus(many=True)
    next = serializers.IntegerField(allow_null=True)


class StimuliStatistics(APIView):
    """The figures of every answered stimulus, page by page in a stable order."""

    class Input(serializers.Serializer[Any]):
        after = serializers.IntegerField(min_value=0, default=0)
        limit = serializers.IntegerField(min_value=1, max_value=MOST_PER_PAGE, default=100)

    @extend_schema(
        parameters=[
            OpenApiParameter("after", OpenApiTypes.INT64, description="`next` of the page before"),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MOST_PER_PAGE}, by default 100"),
        ],
        responses=StimuliPage,
    )
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        asked = self.Input(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        statistics = study_statistics(study.pk)
        limit = asked.validated_data["limit"]
        rows = list(
            StimulusStatistics.objects.filter(study_id=study.pk, stimulus_id__gt=asked.validated_data["after"])
            .defer("participations", "chosen", "slots")
            .order_by("stimulus_id")[: limit + 1]
        )
        page = StimuliPage(
            {
                "stimuli": [_stimulus(row, statistics) for row in rows[:limit]],
                "next": rows[limit - 1].stimulus_id if len(rows) > limit else None,
            }
        )
        return ApiResponse(page.data)


class Recounts(APIView):
    """What the recounts found, the newest first."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        rows = Recount.objects.filter(study_id=study.pk).order_by("-id")[:RECOUNTS_SHOWN]
        return ApiResponse({"recounts": [row.as_dict() for row in rows]})


def _stimulus(row: StimulusStatistics, statistics: StudyStatistics | None) -> dict[str, Any]:
    ids = [label["id"] for label in statistics.labels] if statistics else []
    return {
        "key": row.stimulus_key,
        "n_responses": row.n_responses,
        "n_simulated": row.n_simulated,
        "n_surplus": row.n_surplus,
        "counts": dict(zip(ids, row.counts, strict=True)),
        "pairwise_agreement": row.agreement,
        "entropy_nats": row.entropy_nats,
        "top_labels": [ids[place] for place in row.top_labels],
        "top_share": row.top_share,
        "last_response_at": row.last_response_at,
    }
