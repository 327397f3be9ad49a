"""Practice, attention checks, limits and top-up over the API: read by researchers, changed by managers."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.json_body import JsonBody
from annotation.models import AttentionCheck, PracticeItem, Study
from annotation.services.caps import set_limits
from annotation.services.top_up import set_top_up, top_up_of
from annotation.training.attention import checks_use
from annotation.training.change_practice import add_check, add_item, change_item, remove_item, save_training
from annotation.training.options import TrainingOptions


def _training(study: Study) -> dict[str, Any]:
    top_up = top_up_of(study)
    return {
        "settings": TrainingOptions.of(study.training).as_json(),
        "limits": study.limits,
        "top_up": asdict(top_up) if top_up else None,
        "practice": [_item(item) for item in PracticeItem.objects.filter(study=study)],
        "checks": [_check(check) for check in AttentionCheck.objects.filter(study=study).order_by("pk")],
        "checks_use": asdict(checks_use(study)),
    }


def _item(item: PracticeItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "name": item.name,
        "description": item.description,
        "feedback": item.feedback,
        "visible_words": item.visible_words,
        "stimulus_id": item.stimulus_id,
    }


def _check(check: AttentionCheck) -> dict[str, Any]:
    return {"id": check.pk, "instruction": check.instruction, "wanted": check.wanted}


class Training(APIView):
    """Questions and rules of the practice, limits, top-up (null = off); practice images and checks.

    PATCH: what is not named stays.
    """

    class Input(serializers.Serializer[Any]):
        settings = serializers.DictField(required=False)
        limits = serializers.DictField(required=False)
        top_up = serializers.DictField(required=False, allow_null=True)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(_training(get_study(request.user, slug, "see_results")))

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        with transaction.atomic():  # one part that cannot be used changes none
            if "settings" in data.validated_data:
                study = save_training(study=study, training=data.validated_data["settings"])
            if "limits" in data.validated_data:
                study = set_limits(study=study, limits=data.validated_data["limits"])
            if "top_up" in data.validated_data:
                study = set_top_up(study=study, top_up=data.validated_data["top_up"], user=request.user)
        return ApiResponse(_training(study))


class PracticeItems(APIView):
    """Add a practice image: one of the study's own, by its name or key (JSON), or a file (multipart, field `file`)."""

    parser_classes = [JsonBody, MultiPartParser, FormParser]

    class Input(serializers.Serializer[Any]):
        feedback = serializers.CharField(trim_whitespace=False)
        visible_words = serializers.CharField(required=False, allow_blank=True)
        description = serializers.CharField(required=False, allow_blank=True)
        stimulus_name = serializers.CharField(required=False, allow_blank=True)
        file = serializers.FileField(required=False)

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = dict(data.validated_data)
        file = given.pop("file", None)
        item = add_item(study=study, file=file, file_name=file.name if file else "", **given)
        return ApiResponse(_item(item), status=status.HTTP_201_CREATED)


class OnePracticeItem(APIView):
    """Change what is said about a practice image, or remove it with the practice answers to it."""

    class Input(serializers.Serializer[Any]):
        feedback = serializers.CharField(required=False, trim_whitespace=False)
        visible_words = serializers.CharField(required=False, allow_blank=True)

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str, item_id: int) -> ApiResponse:
        item = self._find(request, slug, item_id)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        present = {"feedback": item.feedback, "visible_words": item.visible_words}
        return ApiResponse(_item(change_item(item=item, **{**present, **data.validated_data})))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, item_id: int) -> ApiResponse:
        remove_item(item=self._find(request, slug, item_id))
        return ApiResponse(status=status.HTTP_204_NO_CONTENT)

    def _find(self, request: Request, slug: str, item_id: int) -> PracticeItem:
        study = get_study(request.user, slug, "change_study")
        item = PracticeItem.objects.filter(study=study, pk=item_id).first()
        if item is None:
            raise Http404("This study has no such practice image.")
        return item


class AttentionChecks(APIView):
    """Add an attention check. wanted: {step: the option's id, or a word of the text}."""

    class Input(serializers.Serializer[Any]):
        instruction = serializers.CharField(max_length=300)
        wanted = serializers.DictField(child=serializers.CharField())

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        return ApiResponse(_check(add_check(study=study, **data.validated_data)), status=status.HTTP_201_CREATED)


class OneAttentionCheck(APIView):
    """Remove an attention check; answers that were given to it stay counted."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, check_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        removed, _by_kind = AttentionCheck.objects.filter(study=study, pk=check_id).delete()
        if not removed:
            raise Http404("This study has no such check.")
        return ApiResponse(status=status.HTTP_204_NO_CONTENT)
