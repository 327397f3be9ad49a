"""Explanations that the served speaker writes, and how well the served listener finds an image by a text."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.api.asked_images import asked_images, image_names
from analysis.api.networks import Words, refusals_as_answers
from analysis.services.ask_about_images import PATIENCE_SECONDS
from annotation.access import get_study
from annotation.api.json_body import JsonBody
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from modelserve.models import Network
from modelserve.services import ask_predictor
from modelserve.services.ask_predictor import MOST_CHARACTERS
from modelserve.services.ask_speaker import ask_speaker
from modelserve.variants import VARIANTS

MOST_IMAGES = 16  # each is written about word by word
MOST_SAMPLES = 20
MOST_PAIRS = 64


class Explanations(APIView):
    """What a network writes about images: machine-written, felt by nobody. Nothing is kept.

    JSON {"stimuli": [keys], "variant": "grounded", "emotion": "awe", "samples": 3}, or a form (multipart/form-data)
    with the same words and one or more files called `images`. Variants: default, grounded, pragmatic,
    grounded_pragmatic; an emotion needs a grounded one.
    """

    parser_classes = [JsonBody, MultiPartParser]
    throttle_classes = [Throttle]
    throttle_scope = "predict"

    class Input(serializers.Serializer[Any]):
        variant = serializers.ChoiceField(choices=list(VARIANTS), default="default")
        emotion = serializers.CharField(max_length=80, required=False)
        samples = serializers.IntegerField(min_value=1, max_value=MOST_SAMPLES, default=1)
        version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "ask_network")
        given = _checked(self.Input, request)
        with asked_images(study, request, most=MOST_IMAGES) as (places, names), refusals_as_answers():
            network, answers = ask_speaker(
                study.slug,
                names,
                emotion=given.get("emotion"),
                variant=given["variant"],
                samples=given["samples"],
                version=given.get("version"),
                timeout_seconds=PATIENCE_SECONDS,
            )
        rows = [{**place, "explanations": texts} for place, texts in zip(places, answers, strict=True)]
        return ApiResponse({**_facts(network), "is_machine_written": True, "images": rows})


class ListenerScores(APIView):
    """How well the served listener finds each image by the text: cosine, and the chance of picking it among others.

    JSON {"pairs": [{"stimulus": KEY, "text": "..."}]}.
    """

    parser_classes = [JsonBody]
    throttle_classes = [Throttle]
    throttle_scope = "predict"

    class Input(serializers.Serializer[Any]):
        class Pair(serializers.Serializer[Any]):
            stimulus = serializers.CharField(max_length=64)
            text = Words(max_length=MOST_CHARACTERS)

        pairs = serializers.ListField(child=Pair(), min_length=1, max_length=MOST_PAIRS)
        version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "ask_network")
        given = _checked(self.Input, request)
        pairs = given["pairs"]
        names = image_names(study, [pair["stimulus"] for pair in pairs])
        items = [{"image": name, "text": pair["text"]} for name, pair in zip(names, pairs, strict=True)]
        with refusals_as_answers():
            network, answers = ask_predictor(
                study.slug, "listener", items, PATIENCE_SECONDS, version=given.get("version")
            )
        rows = [{**pair, **score} for pair, score in zip(pairs, answers, strict=True)]
        return ApiResponse({**_facts(network), "scores": rows})


def _checked(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise InvalidInput("Send a JSON object. Nothing was predicted.")
    data = form(data=request.data)
    data.is_valid(raise_exception=True)
    return dict(data.validated_data)


def _facts(network: Network) -> dict[str, Any]:
    return {
        "task": network.task,
        "network": network.pk,
        "version": network.version,
        "snapshot_id": network.snapshot_id,
        "learned_from_withdrawn": network.learned_from_withdrawn,
    }
