"""An annotator's answers: submit, list, revise, take back. The page makes exactly these requests."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse

from annotation.api.paging import BEFORE, page_of
from annotation.api.participants import NOT_HERE, ParticipantView
from annotation.api.shown_work import response_as_dict, work_of
from annotation.errors import AlreadyAnswered, NotTakingPart
from annotation.models import Participation, Response, Study
from annotation.participant import participation_id_of
from annotation.prepared import from_row
from annotation.queries import responses_of_participation
from annotation.services.revise_response import revise_response
from annotation.services.submit_response import submit_response
from annotation.services.withdraw import withdraw_response
from annotation.training.attention import answer_check, is_check

PER_PAGE = 50


class AnsweredWork(serializers.Serializer[Any]):
    """Names what was answered or skipped: an assignment, or an offer that was shown without one."""

    assignment = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    offer = serializers.CharField(max_length=200, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("assignment" in attrs) == ("offer" in attrs):
            raise serializers.ValidationError({"assignment": "Give either an assignment or an offer."})
        return attrs


class Responses(ParticipantView):
    """Submit an answer; list one's own."""

    class Input(AnsweredWork):
        client_key = serializers.UUIDField()
        answers = serializers.JSONField()
        duration_ms = serializers.IntegerField(min_value=0, max_value=10**12, required=False, allow_null=True)
        signals = serializers.DictField(required=False)
        device = serializers.CharField(max_length=12, required=False, allow_blank=True)
        theme = serializers.CharField(max_length=12, required=False, allow_blank=True)

    _input = Input()  # one for all requests: each new one copies every field

    @extend_schema(request=Input, responses={201: dict, 200: dict, 409: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        pk = participation_id_of(request._request, self.study)
        if pk is None:
            raise NotTakingPart(str(NOT_HERE))
        given = self._input.run_validation(request.data)
        if is_check(given.get("offer", "")):
            return self._check_answered(request, given)
        try:
            submitted = submit_response(
                study=self.study,
                # only its key: the service reads the row once, when it locks it
                participation=from_row(Participation, (pk, self.study.pk), ("id", "study")),
                assignment_id=given.get("assignment"),
                offer=given.get("offer", ""),
                client_key=given["client_key"],
                answers=given["answers"],
                duration_ms=given.get("duration_ms"),
                signals=given.get("signals"),
                device=given.get("device", ""),
                theme=given.get("theme", ""),
                lend=True,
            )
        except AlreadyAnswered as error:
            return ApiResponse(
                {
                    "type": error.type,
                    "message": error.message,
                    "response": _response(self.study, error.details.get("response")),
                    "work": work_of(self.study, self.participation(request)),
                },
                status=error.status,
            )
        participation = self.participation(request) if submitted.repeated else submitted.response.participation
        return ApiResponse(
            {
                "saved": True,
                "repeated": submitted.repeated,
                "status": submitted.response.status,
                "response": _response(self.study, submitted.response),
                "work": work_of(self.study, participation, submitted.held),
            },
            status=status.HTTP_200_OK if submitted.repeated else status.HTTP_201_CREATED,
        )

    def _check_answered(self, request: Request, given: dict[str, Any]) -> ApiResponse:
        participation = self.participation(request)
        answer_check(study=self.study, participation=participation, token=given["offer"], answers=given["answers"])
        work = work_of(self.study, participation)
        return ApiResponse(
            {"saved": True, "repeated": False, "status": "check", "response": None, "work": work},
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(parameters=[BEFORE], responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        page = page_of(request, responses_of_participation(participation), PER_PAGE)
        own = [response_as_dict(self.study, response) for response in page.rows]
        return ApiResponse({"responses": own, "next_before": page.next_before})


def _response(study: Study, response: Response | None) -> dict[str, Any] | None:
    return response_as_dict(study, response) if response else None


class OneResponse(ParticipantView):
    """Revise or withdraw one of one's own answers."""

    class Input(serializers.Serializer[Any]):
        client_key = serializers.UUIDField()
        answers = serializers.JSONField()

    def own(self, participation: Participation, response_id: int) -> Response:
        found = Response.objects.filter(pk=response_id, participation=participation).select_related("stimulus").first()
        if found is None:
            raise Http404("You gave no such answer.")
        return found

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str, response_id: int) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        response, repeated = revise_response(
            study=self.study,
            response=self.own(participation, response_id),
            client_key=data.validated_data["client_key"],
            answers=data.validated_data["answers"],
        )
        return ApiResponse({"saved": True, "repeated": repeated, "response": response_as_dict(self.study, response)})

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str, response_id: int) -> ApiResponse:
        participation = self.participation(request)
        withdraw_response(response=self.own(participation, response_id))
        return ApiResponse({"withdrawn": 1})
