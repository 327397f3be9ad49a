"""Care over the API: what people choose and use; the researcher's report and ratings of images."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.participants import ParticipantView
from annotation.care.options import LEAST_OTHERS
from annotation.care.others import how_others_felt
from annotation.care.ratings import rate_stimulus
from annotation.care.report import care_report
from annotation.care.themes import decline_themes, declined_themes, n_declined, themes_of
from annotation.care.uses import KINDS, note_use
from annotation.languages import in_language
from annotation.models import Response, Stimulus


class DeclinedThemes(ParticipantView):
    """The themes this person will not meet. GET: the choice as it is; PUT: the whole new choice."""

    class Input(serializers.Serializer[Any]):
        themes = serializers.ListField(child=serializers.CharField(max_length=40), max_length=500)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        return ApiResponse({"themes": themes_of(self.study), "declined": declined_themes(participation)})

    @extend_schema(request=Input, responses=dict)
    def put(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        decline_themes(study=self.study, participation=participation, themes=data.validated_data["themes"])
        return ApiResponse({"declined": declined_themes(participation), "n_images": n_declined(participation)})


class CareUses(ParticipantView):
    """The page notes that a part of the care was used; kept as a count per person, reported as counts of people."""

    class Input(serializers.Serializer[Any]):
        kind = serializers.ChoiceField(choices=list(KINDS))

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        note_use(participation, data.validated_data["kind"])
        return ApiResponse({"noted": True})


class Others(ParticipantView):
    """How others felt about the image behind one's own answer, where the study wants that and enough have answered.

    It leaves a note, so that a later change of the answer is marked; therefore POST.
    """

    @extend_schema(request=None, responses=dict)
    def post(self, request: Request, slug: str, response_id: int) -> ApiResponse:
        participation = self.participation(request)
        response = Response.objects.filter(pk=response_id, participation=participation).first()
        if response is None:
            raise Http404("You gave no such answer.")
        read = in_language(self.study, participation.language)
        felt = how_others_felt(study=read, participation=participation, response=response)
        if felt is None:
            return ApiResponse({"enough": False, "least": LEAST_OTHERS})
        return ApiResponse({"enough": True, "n": felt.n, "n_simulated": felt.n_simulated, "labels": felt.rows})


class CareReport(APIView):
    """How often each part of the care was used: counts of people, none of them smaller than five."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(care_report(get_study(request.user, slug, "see_results")).as_dict())


class StimulusCare(APIView):
    """Content note, themes and strength of one image; what is not named stays."""

    class Input(serializers.Serializer[Any]):
        content_note = serializers.CharField(allow_blank=True, required=False)
        themes = serializers.ListField(child=serializers.CharField(), required=False)
        strength = serializers.FloatField(allow_null=True, required=False)

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str, stimulus_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        stimulus = Stimulus.objects.filter(study=study, pk=stimulus_id).first()
        if stimulus is None:
            raise Http404("There is no such image in this study.")
        stimulus = rate_stimulus(study=study, stimulus=stimulus, **data.validated_data)
        return ApiResponse(
            {
                "id": stimulus.pk,
                "content_note": stimulus.content_note,
                "themes": stimulus.themes,
                "strength": stimulus.strength_rated,
                "strength_learned": stimulus.strength_learned,
                "is_strong": stimulus.is_strong,
            }
        )
