"""A speaker's texts as measured after its training, over the API."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.api.networks import refusals_as_answers
from annotation.access import get_study
from annotation.api.throttle import Throttle
from modelserve.queries import networks_of
from modelserve.services.start_measuring_captions import start_measuring_captions


class NetworkCaptions(APIView):
    """GET: the table of a speaker's texts. POST: measure it anew, with the networks that judge now."""

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str, network_id: int) -> ApiResponse:
        get_study(request.user, slug, "see_results")
        network = networks_of(slug, "speaker").filter(pk=network_id).first()
        if network is None:
            raise Http404("This study has no such speaker.")
        return ApiResponse({"version": network.version, "captions": network.metrics.get("captions")})

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, slug: str, network_id: int) -> ApiResponse:
        get_study(request.user, slug, "train")
        person = request.user if request.user.is_authenticated else None
        with refusals_as_answers():
            job = start_measuring_captions(study_key=slug, network_id=network_id, user=person)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)
