"""Machine-written texts after an answer, for researchers: settings, how far they are, and what people made of them."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.queries import latest_analysis
from analysis.services.machine_texts import change_machine_texts, speaker_of
from analysis.services.rated_texts import NAME, start_rated_texts
from annotation.access import get_study
from annotation.api.throttle import Throttle
from annotation.machine_texts.options import MachineTextOptions
from annotation.machine_texts.queries import machine_text_counts
from annotation.models import Study


def _whole(study: Study) -> dict[str, Any]:
    row, speaker = latest_analysis(study.pk, NAME), speaker_of(study)
    return {
        "settings": MachineTextOptions.of(study.machine_texts).as_json(),
        "speaker_version": speaker.version if speaker else None,
        "counts": asdict(machine_text_counts(study)),
        "result": {"snapshot_id": row.snapshot_id, "definition": row.definition, **row.result} if row else None,
    }


class MachineTexts(APIView):
    """GET: settings, counts and the latest result. PATCH: settings; what is not named stays. POST: count anew.

    They cannot be switched on while no speaker is served, nor before `people_are_told`.
    """

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    class Input(serializers.Serializer[Any]):
        """All optional."""

        is_on = serializers.BooleanField(required=False)
        people_are_told = serializers.BooleanField(required=False)
        held_out_share = serializers.FloatField(required=False, help_text="0 to 0.9.")
        variant = serializers.CharField(max_length=40, required=False)
        only_unlearned = serializers.BooleanField(required=False)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(_whole(get_study(request.user, slug, "see_results")))

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        change_machine_texts(study=study, changes=data.validated_data, user=request.user)
        return ApiResponse(_whole(study))

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "freeze_snapshot")
        job = start_rated_texts(study=study, user=request.user)
        return ApiResponse({"job": job.as_dict()}, status=status.HTTP_202_ACCEPTED)
