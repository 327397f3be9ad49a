"""A study's device-minutes per day, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from modelserve.services.device_budget import MOST_MINUTES, limit_of, seconds_used, set_limit


class TrainingLimit(APIView):
    """GET: the limit and what of it is used today. PUT: set it; null takes it away."""

    class Input(serializers.Serializer[Any]):
        minutes_per_day = serializers.FloatField(min_value=0, max_value=MOST_MINUTES, allow_null=True)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "see_results")
        return ApiResponse(_as_dict(slug))

    @extend_schema(request=Input, responses=dict)
    def put(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "train")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        person = request.user if request.user.is_authenticated else None
        set_limit(study_key=slug, minutes_per_day=data.validated_data["minutes_per_day"], user=person)
        return ApiResponse(_as_dict(slug))


def _as_dict(slug: str) -> dict[str, Any]:
    limit = limit_of(slug)
    return {
        "minutes_per_day": limit.minutes_per_day if limit else None,
        "minutes_used_today": seconds_used(slug) / 60,
    }
