"""Rehearsals of a study: ask for one, see what they said."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.services.rehearse import JOB_KIND, default_options
from annotation.access import get_study
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from annotation.simulator.rehearsal import PER_ANSWER, PER_PERSON, RehearsalOptions
from jobs.queries import jobs_of
from jobs.services import start_job

N_SHOWN = 50


class Rehearsals(APIView):
    """GET: the study's rehearsals, the newest first, each with its report once it is done. POST: start one."""

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    class Input(serializers.Serializer[Any]):
        """All optional; shares are 0 to 1. Ranges stand in docs/researcher/rehearsal.md."""

        n_people = serializers.IntegerField(required=False)
        wanted = serializers.IntegerField(required=False)
        recruiting_hours = serializers.FloatField(required=False)
        sitting_minutes = serializers.FloatField(required=False)
        hours_between_sittings = serializers.FloatField(required=False)
        most_answers = serializers.IntegerField(required=False)
        paid_per = serializers.ChoiceField(choices=[PER_ANSWER, PER_PERSON], required=False)
        reward = serializers.FloatField(required=False)
        fee_percent = serializers.FloatField(required=False)
        hourly_floor = serializers.FloatField(required=False)
        currency = serializers.CharField(max_length=8, required=False)
        median_seconds = serializers.FloatField(required=False)
        pace_spread = serializers.FloatField(required=False)
        dropout_share = serializers.FloatField(required=False)
        mean_answers_before_dropout = serializers.FloatField(required=False)
        skip_share = serializers.FloatField(required=False)
        revision_share = serializers.FloatField(required=False)
        noise_share = serializers.FloatField(required=False)
        favourites = serializers.FloatField(required=False)
        sharpness = serializers.FloatField(required=False)
        lazy_share = serializers.FloatField(required=False)
        seed = serializers.IntegerField(required=False)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        jobs = jobs_of(study.slug, JOB_KIND)[:N_SHOWN]
        return ApiResponse({"rehearsals": [job.as_dict() for job in jobs]})

    @extend_schema(request=Input, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        try:
            options = RehearsalOptions.from_json(default_options(study).as_json() | data.validated_data)
        except ValueError as error:
            wrong = {name or "options": [sentence] for name, sentence in error.args[0].items()}
            raise InvalidInput(f"{' '.join(error.args[0].values())} Nothing was rehearsed.", wrong) from error
        job = start_job(JOB_KIND, study_key=slug, arguments=options.as_json(), user=request.user)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)
