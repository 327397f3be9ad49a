"""What stirs an emotion in a picture, and why, as the served network sees it: a mask and a sentence."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.api.asked_images import asked_images
from analysis.api.networks import refusals_as_answers
from analysis.services.ask_about_images import PATIENCE_SECONDS
from annotation.access import get_study
from annotation.api.json_body import JsonBody
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from annotation.models import Study
from modelserve.models import Network
from modelserve.services import ask_predictor

TASK = "emosem"
MOST_PAIRS = 64


class Masks(APIView):
    """For each image the mask of what stirs an emotion, and an explanation, both made by a network. Nothing is kept.

    JSON {"emotion": "awe", "stimuli": [keys]}, or a form (multipart/form-data) with `emotion` and one or more files
    called `images`. A mask is COCO's uncompressed run lengths over the square into which the picture is squeezed.
    """

    parser_classes = [JsonBody, MultiPartParser]
    throttle_classes = [Throttle]
    throttle_scope = "predict"

    class Input(serializers.Serializer[Any]):
        emotion = serializers.CharField(max_length=80)
        version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
        stimuli = serializers.ListField(
            child=serializers.CharField(max_length=64), required=False, max_length=MOST_PAIRS
        )

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "ask_network")
        if not isinstance(request.data, dict):
            raise InvalidInput('Send a JSON object, such as {"emotion": "awe", "stimuli": ["..."]}.')
        wanted = ("emotion", "version") if request.FILES else ("emotion", "version", "stimuli")
        data = self.Input(data={name: request.data[name] for name in wanted if name in request.data})
        data.is_valid(raise_exception=True)
        given = data.validated_data
        with asked_images(study, request, most=MOST_PAIRS) as (places, names):
            network, answers = _ask(study, names, given)
        return ApiResponse(_as_answer(network, places, answers))


def _ask(study: Study, names: list[str], given: dict[str, Any]) -> tuple[Network, list[Any]]:
    items = [{"image": name, "emotion": given["emotion"]} for name in names]
    with refusals_as_answers():
        return ask_predictor(study.slug, TASK, items, PATIENCE_SECONDS, version=given.get("version"))


def _as_answer(network: Network, names: list[dict[str, str]], answers: list[Any]) -> dict[str, Any]:
    return {
        "task": network.task,
        "network": network.pk,
        "version": network.version,
        "labels": network.label_ids,
        "masks": [{**name, **answer} for name, answer in zip(names, answers, strict=True)],
    }
