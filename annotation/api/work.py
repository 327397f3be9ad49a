"""The annotator's loop around her answers: join, fetch work, skip, take everything back.

The page makes exactly these requests; answers themselves are in responses.py.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse

from annotation.api.participants import ParticipantView
from annotation.api.responses import AnsweredWork
from annotation.api.shown_work import face_of, latest_of, work_of
from annotation.api.throttle import Throttle
from annotation.languages import in_language
from annotation.participant import participation_of, remember
from annotation.people.consent import agree_again, must_agree_again, refuse_old_consent
from annotation.recruitment.join import join_from_browser
from annotation.services.assign import options_shown
from annotation.services.offers import MOST_OFFERS, next_offers
from annotation.services.shown_texts import shown_texts
from annotation.services.skip_assignment import skip_assignment
from annotation.services.withdraw import withdraw_participation
from annotation.training.attention import answer_check, is_check
from annotation.whole_number import whole_number


class Join(ParticipantView):
    """Agree to the consent text and take part."""

    throttle_classes = [Throttle]
    throttle_scope = "join"

    class Input(serializers.Serializer[Any]):
        consent_hash = serializers.CharField(max_length=64)
        language = serializers.CharField(max_length=12, default="en")

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        participation = participation_of(request._request, self.study)
        read = in_language(self.study, data.validated_data["language"])
        agreed_hash = data.validated_data["consent_hash"]
        if participation is None or participation.withdrawn_at:
            participation = join_from_browser(
                request._request, read, agreed_hash=agreed_hash, language=data.validated_data["language"]
            )
        elif must_agree_again(participation):
            participation = agree_again(study=read, participation=participation, agreed_hash=agreed_hash)
        answer = ApiResponse(
            {"withdrawal_code": participation.withdrawal_code, "task_url": reverse("annotate_task", args=[slug])},
            status=status.HTTP_201_CREATED,
        )
        remember(answer, participation, secure=settings.SESSION_COOKIE_SECURE)
        return answer


class Work(ParticipantView):
    """What this person holds: the image on the screen and the one behind it."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        refuse_old_consent(participation)
        work = work_of(self.study, participation)
        return ApiResponse({**work, "last_response": latest_of(self.study, participation)})


class Offers(ParticipantView):
    """What would come after the images she holds, for a device that may lose its network. Reads only."""

    @extend_schema(
        parameters=[OpenApiParameter("n", int, description=f"How many, 1 to {MOST_OFFERS}; 24 unless told.")],
        responses=dict,
    )
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        refuse_old_consent(participation)
        asked = whole_number(request.query_params.get("n", ""), otherwise=24)
        offers = next_offers(participation=participation, study=self.study, n=min(asked, 9999))
        texts = shown_texts(self.study, [offer.stimulus_key for offer in offers])
        return ApiResponse(
            {
                "offers": [{"offer": offer.token, "stimulus": face_of(self.study, offer, texts)} for offer in offers],
                "options_shown": options_shown(participation, self.study),
            }
        )


class Skips(ParticipantView):
    """Skip an image, with a reason."""

    class Input(AnsweredWork):
        reason = serializers.CharField(max_length=500)

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        if is_check(data.validated_data.get("offer", "")):
            answer_check(
                study=self.study, participation=participation, token=data.validated_data["offer"], answers=None
            )
            return ApiResponse({"work": work_of(self.study, participation)})
        skip_assignment(
            participation=participation,
            assignment_id=data.validated_data.get("assignment"),
            offer=data.validated_data.get("offer", ""),
            reason=data.validated_data["reason"],
        )
        return ApiResponse({"work": work_of(self.study, participation)})


class Withdrawal(ParticipantView):
    """Take everything back."""

    @extend_schema(request=None, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse({"withdrawn": withdraw_participation(participation=self.participation(request))})
