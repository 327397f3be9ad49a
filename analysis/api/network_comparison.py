"""Versions of a network side by side, over the API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.api.networks import refusals_as_answers
from analysis.network_comparison import ComparePage, chosen_runs, compare_page
from annotation.access import get_study
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from modelserve.services.compare_versions import start_comparison


class NetworkComparisons(APIView):
    """GET: what differs between runs, and how good they are. POST: measure their versions on the same stimuli."""

    class Input(serializers.Serializer[Any]):
        networks = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=2, max_length=6)

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    @extend_schema(
        parameters=[OpenApiParameter("run", OpenApiTypes.INT, many=True, description="2 to 6 training runs")],
        responses=dict,
    )
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        runs = chosen_runs(study, request.query_params.getlist("run"))
        if not runs:
            return ApiResponse({"runs": [], "settings": [], "data": [], "same_stimuli": None})
        if len(runs) < 2:
            raise InvalidInput("Name at least two runs: ?run=1&run=2.")
        return ApiResponse(_as_dict(compare_page(study, runs)))

    @extend_schema(request=Input, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "ask_network")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        person = request.user if request.user.is_authenticated else None
        with refusals_as_answers():
            job = start_comparison(study_key=slug, network_ids=data.validated_data["networks"], user=person)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)


def _as_dict(page: ComparePage) -> dict[str, Any]:
    runs = [
        {
            "training_run": one.run.pk,
            "network": one.network.pk if one.network else None,
            "version": one.network.version if one.network else None,
            "snapshot_id": one.run.snapshot_id,
            "curve": one.run.curve,
            "metrics": one.network.metrics if one.network else None,
        }
        for one in page.runs
    ]
    counts = ("responses", "simulated", "images", "people")
    return {
        "runs": runs,
        "settings": {row.name: row.values for row in page.settings},
        "data": [
            {"snapshot_id": row.snapshot_id, **dict(zip(counts, row.counts, strict=True)), "changed": row.changed}
            for row in page.data
        ],
        "same_stimuli": page.comparison.result if page.comparison else None,
    }
