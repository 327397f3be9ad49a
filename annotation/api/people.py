"""People over the API: consent versions, groups, questions about the person, being forgotten."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.participants import NOT_HERE, ParticipantView
from annotation.errors import NotTakingPart
from annotation.languages import about_you_in, in_language
from annotation.models import DemographicSettings, Erasure, Participation, Study
from annotation.models.study import consent_hash
from annotation.participant import participation_of
from annotation.people.consent import consent_versions, difference
from annotation.people.demographics import (
    decline_demographics,
    own_answers,
    record_demographics,
    set_demographics,
    settings_of,
)
from annotation.people.erase import erase_on_request, erase_person
from annotation.queries import demographic_groups


class Consents(APIView):
    """Every wording of the consent text with dates and numbers of people; `before` and `after` compare two."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        versions = consent_versions(study)
        answer: dict[str, Any] = {"versions": [version.__dict__ for version in versions]}
        by_hash = {version.hash: version for version in versions}
        names = [request.query_params.get(name, "") for name in ("before", "after")]
        if any(names):
            if not all(name in by_hash for name in names):
                raise Http404("There is no such version of the consent text.")
            before, after = (by_hash[name].markdown for name in names)
            answer["difference"] = [line.__dict__ for line in difference(before, after)]
        return ApiResponse(answer)


def _demographics(study: Study) -> dict[str, Any]:
    row = settings_of(study)
    return {
        "is_on": row.is_on,
        "moment": row.moment,
        "questions": row.questions,
        "consent": row.consent,
        "least_group": row.least_group,
        "groups": [
            {
                "question": question.key,
                "text": question.text,
                "leaves_out_smaller_groups": question.leaves_out,
                "groups": [group.__dict__ for group in question.groups],
            }
            for question in demographic_groups(study)
        ],
    }


class Demographics(APIView):
    """The questions, and groups that are large enough; change the questions."""

    class Input(serializers.Serializer[Any]):
        is_on = serializers.BooleanField(required=False)
        moment = serializers.ChoiceField(choices=DemographicSettings.MOMENTS, required=False)
        questions = serializers.JSONField(required=False)
        consent = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
        least_group = serializers.IntegerField(
            min_value=DemographicSettings.LEAST, max_value=DemographicSettings.MOST, required=False
        )

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(_demographics(get_study(request.user, slug, "see_results")))

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        set_demographics(study=study, **data.validated_data)
        return ApiResponse(_demographics(study))


class Erasures(APIView):
    """Forget a person on her request; list when and why that happened."""

    class Input(serializers.Serializer[Any]):
        who = serializers.CharField(max_length=150)
        reason = serializers.CharField(max_length=300)
        with_answers = serializers.BooleanField(default=False)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_identities")
        return ApiResponse({"erasures": [_erasure(row) for row in study.erasures.order_by("-id")[:500]]})

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_identities")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        row = erase_on_request(study=study, user=request.user, **data.validated_data)
        return ApiResponse(_erasure(row), status=status.HTTP_201_CREATED)


def _erasure(row: Erasure) -> dict[str, Any]:
    return {
        "created_at": row.created_at,
        "by": row.user_name or "the person herself",
        "reason": row.reason,
        "with_answers": row.with_answers,
    }


# those who take part


class AboutMe(ParticipantView):
    """What one says about oneself. GET: questions, their consent, own answers; PUT: the whole new choice; DELETE."""

    class Input(serializers.Serializer[Any]):
        consent_hash = serializers.CharField(max_length=64, allow_blank=True, default="")
        answers = serializers.DictField(child=serializers.CharField(max_length=60, allow_blank=True))

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        row, given = settings_of(self.study), own_answers(participation)
        consent_text, questions = about_you_in(in_language(self.study, participation.language), row)
        return ApiResponse(
            {
                "asks": row.is_on,
                "consent": consent_text,
                "consent_hash": consent_hash(consent_text),
                "least_group": row.least_group,
                "questions": [
                    {
                        "key": question.key,
                        "text": question.text,
                        "options": [{"id": name, "text": words} for name, words in question.options],
                    }
                    for question in questions
                ],
                "answers": given.answers if given else None,
            }
        )

    @extend_schema(request=Input, responses=dict)
    def put(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        kept = record_demographics(
            study=in_language(self.study, participation.language),
            participation=participation,
            agreed_hash=data.validated_data["consent_hash"],
            given=data.validated_data["answers"],
        )
        return ApiResponse({"answers": kept.answers})

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str) -> ApiResponse:
        decline_demographics(self.participation(request))
        return ApiResponse({"answers": {}})


class OwnErasure(ParticipantView):
    """Be forgotten: deletes who one is; with_answers also takes everything back. Also after a withdrawal."""

    class Input(serializers.Serializer[Any]):
        with_answers = serializers.BooleanField(default=False)

    def anybody(self, request: Request) -> Participation:
        found = participation_of(request._request, self.study)
        if found is None:
            raise NotTakingPart(str(NOT_HERE))
        return found

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        participation = self.anybody(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        erase_person(participation=participation, with_answers=data.validated_data["with_answers"])
        return ApiResponse({"erased": True})
