"""After an answer: the text that a network wrote ahead is asked for, and rated. The task page makes these requests."""

from typing import Any

from django.http import Http404
from django.templatetags.static import static
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse

from annotation.api.participants import ParticipantView
from annotation.languages import in_language
from annotation.machine_texts.options import MachineTextOptions
from annotation.models import Participation, Response, Study
from annotation.services.rate_machine_text import rate_machine_text
from annotation.services.show_machine_text import show_machine_text


def task_settings(study: Study, participation: Participation | None) -> dict[str, Any] | None:
    """For static/js/machine_text.js; None where the study shows none. The same for everybody: on which side a person
    is does not show. participation None = a preview, where nothing is saved and so nothing is shown after it."""
    if participation is None or not MachineTextOptions.of(study.machine_texts).is_on:
        return None
    return {"script": static("js/machine_text.js"), "responses_url": reverse("api_responses", args=[study.slug])}


class MachineText(ParticipantView):
    """What a network wrote about the image behind one's own answer, for the same feeling; null where there is none.

    It leaves a note, so that a later change of the answer is marked, and answers the same however often it is asked.
    """

    @extend_schema(request=None, responses=dict)
    def post(self, request: Request, slug: str, response_id: int) -> ApiResponse:
        participation = self.participation(request)
        response = Response.objects.filter(pk=response_id, participation=participation).first()
        if response is None:
            raise Http404("You gave no such answer.")
        turn = show_machine_text(study=self.study, participation=participation, response=response)
        if turn is None or not turn.is_shown:
            return ApiResponse({"text": None})
        read = in_language(self.study, participation.language)
        names = {label["id"]: label["name"] for label in read.labels}
        return ApiResponse(
            {
                "text": turn.text.text,
                "language": self.study.languages[0] if self.study.languages else "",
                "emotion": {"id": turn.label, "name": names.get(turn.label, turn.label)},
                "is_machine_written": True,
                "network_version": turn.network_version,
                "learned_from_simulated": turn.text.learned_from_simulated,
                "is_answered": turn.answered_at is not None,
            }
        )


class MachineTextRating(ParticipantView):
    """How plausible it is, 1 to 5; null where one prefers not to say. Kept once; the same key again changes nothing."""

    class Input(serializers.Serializer[Any]):
        client_key = serializers.UUIDField()
        rating = serializers.IntegerField(allow_null=True, min_value=1, max_value=5)

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str, response_id: int) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        turn, repeated = rate_machine_text(participation=participation, response_id=response_id, **data.validated_data)
        return ApiResponse({"saved": True, "repeated": repeated, "rating": turn.rating})
