"""The annotator's loop: join, fetch work, answer, revise, skip, withdraw. The page makes exactly these requests.

An annotator is known by the signed cookie of her participation (annotation/participant.py); forms are protected
against forgery as on every page.
"""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import role_in
from annotation.api.json_body import AnswersBody
from annotation.api.throttle import Throttle
from annotation.care.lending import n_out_of_reach
from annotation.care.pages import stimulus_care
from annotation.errors import AlreadyAnswered, NotTakingPart
from annotation.images import image_url
from annotation.languages import in_language
from annotation.models import Participation, Response, Study
from annotation.participant import participation_id_of, participation_of, remember
from annotation.people.consent import agree_again, must_agree_again, refuse_old_consent
from annotation.prepared import Prepared, columns, from_row
from annotation.queries import n_available, responses_of_participation
from annotation.recruitment.join import join_from_browser
from annotation.services.assign import (
    HeldAssignment,
    assign_ahead,
    gets_work,
    held_assignments,
    nothing_left,
    options_shown,
)
from annotation.services.caps import limit_reached
from annotation.services.offers import MOST_OFFERS, Offer, next_offers
from annotation.services.revise_response import revise_response
from annotation.services.shown_texts import shown_texts, texts_of
from annotation.services.skip_assignment import skip_assignment
from annotation.services.submit_response import submit_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from annotation.training.attention import DueCheck, answer_check, due_check, is_check
from annotation.whole_number import whole_number

# On the way of every response, so without the long texts.
_STUDY_FIELDS = (
    "id", "slug", "state", "steps", "entry", "wanted_responses", "lease_seconds", "order", "counterbalance_options",
    "care", "limits",
)  # fmt: skip
_STUDY = Prepared(
    "select {columns} from annotation_study where slug = %(slug)s and state <> 'draft'",
    columns=columns(Study, _STUDY_FIELDS),
)


def study_for_annotators(request: Request, slug: str) -> Study:
    """A study that people may take part in. Drafts, and studies by invitation, do not exist for strangers."""
    row = _STUDY.row(slug=slug)
    study = from_row(Study, row, _STUDY_FIELDS) if row else None
    if study is None or (study.entry == Study.MEMBERS and role_in(request.user, study) is None):
        raise Http404("There is no such study.")
    return study


ShownTexts = dict[str, dict[str, list[str]]]

NOT_HERE = gettext_lazy("You are not taking part in this study in this browser. Open the study's link first.")


class OneFormat(DefaultContentNegotiation):
    """JSON, whatever the request would like: there is nothing to choose from."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ParticipantView(APIView):
    """Base: finds study and participation, and checks the CSRF token of every writing request."""

    permission_classes = [AllowAny]
    content_negotiation_class = OneFormat
    parser_classes = [AnswersBody]
    study: Study

    def perform_authentication(self, request: Request) -> None:
        """Only where somebody asks for `request.user`: participants have no account, and answering needs none."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check = CSRFCheck(lambda _request: HttpResponse())
        check.process_request(request._request)
        reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]  # as DRF itself does
        if reason:
            raise PermissionDenied(f"CSRF failed: {reason}")
        self.study = study_for_annotators(request, kwargs["slug"])

    def participation(self, request: Request) -> Participation:
        found = participation_of(request._request, self.study)
        if found is None:
            raise NotTakingPart(str(NOT_HERE))
        if found.withdrawn_at:
            raise NotTakingPart(_("You withdrew from this study; your answers were removed."))
        return found

    def work(self, participation: Participation, held: list[HeldAssignment] | None = None) -> dict[str, Any]:
        return work_of(self.study, participation, held)


def work_of(study: Study, participation: Participation, held: list[HeldAssignment] | None = None) -> dict[str, Any]:
    """What the person holds, as the page shows it. held: known already, and `participation`'s counts with it."""
    # nothing, on the way of a response, may only mean that others lent the last images at that very moment
    if not held:
        # whoever must agree again gets nothing new: she would work on an image whose answer is not taken yet
        waits = must_agree_again(participation)
        held = held_assignments(participation) if waits else assign_ahead(participation=participation, study=study)
    available = n_available(study)
    orders = options_shown(participation, study)
    texts = shown_texts(study, [assignment.stimulus_key for assignment in held])
    reached = limit_reached(participation, study) if study.limits and not held else None
    check = due_check(participation, study) if study.limits and held else None
    most = study.limits.get("most_per_person", available)
    return {
        "held": [
            *([_check(_in_her_words(study, participation, check), held[0].sequence, orders)] if check else []),
            *(_held(study, assignment, orders, texts) for assignment in held),
        ],
        "progress": {
            "answered": participation.n_answered,
            "skipped": participation.n_skipped,
            "available": max(
                min(available - participation.n_skipped - n_out_of_reach(participation, study), most),
                participation.n_answered + len(held),
            ),
        },
        "finished": not held
        and (
            reached is not None
            or not gets_work(participation, study)
            or nothing_left(participation=participation, study=study)
        ),
        "study_state": study.state,
        "end_url": reverse(_end_page(participation), args=[study.slug]),
    }


def _end_page(participation: Participation) -> str:
    """Where somebody goes who gets no work now."""
    if not participation.is_prepared:
        return "annotate_practice"
    return "annotate_end" if participation.may_get_work else "annotate_messages"


def _in_her_words(study: Study, participation: Participation, check: DueCheck) -> DueCheck:
    key = f"checks.{check.check_id}.instruction"
    return replace(check, instruction=in_language(study, participation.language).texts.get(key, check.instruction))


def _check(check: DueCheck, sequence: int, orders: dict[str, list[str]]) -> dict[str, Any]:
    """An attention check, in the place of an image: its words stand where the image would, openly."""
    return {
        "id": None,
        "offer": check.token,
        "sequence": sequence,
        "expires_at": None,
        "stimulus": {
            "key": check.key,
            "is_check": True,
            "name": check.instruction,
            "image_url": "",
            "full_url": "",
            "width": None,
            "height": None,
            "description": "",
            "care": None,
        },
        "options_shown": orders,
    }


def _held(study: Study, held: HeldAssignment, orders: dict[str, list[str]], texts: ShownTexts) -> dict[str, Any]:
    return {
        "id": held.id,
        "sequence": held.sequence,
        "expires_at": held.expires_at,
        "stimulus": _face(study, held, texts),
        "options_shown": orders,
    }


def _face(study: Study, shown: HeldAssignment | Offer, texts: ShownTexts) -> dict[str, Any]:
    return {
        **({"texts": texts[shown.stimulus_key]} if shown.stimulus_key in texts else {}),
        "key": shown.stimulus_key,
        "name": "" if shown.image_sha256 else shown.name,
        "image_url": image_url(study.pk, shown.image_sha256),
        "full_url": image_url(study.pk, shown.image_sha256, "full"),
        "width": shown.width,
        "height": shown.height,
        "description": shown.description,
        "care": stimulus_care(study, shown.content_note, shown.is_strong),
    }


def response_as_dict(study: Study, response: Response) -> dict[str, Any]:
    """An annotator's own response, as her page shows it."""
    return {
        "id": response.pk,
        "status": response.status,
        "answers": response.answers,
        "revision": response.revision,
        "created_at": response.created_at,
        "stimulus": {
            "key": response.stimulus.key,
            "name": "" if response.stimulus.image_sha256 else response.stimulus.name,
            "image_url": image_url(study.pk, response.stimulus.image_sha256),
            "width": response.stimulus.width,
            "height": response.stimulus.height,
            "description": response.stimulus.description,
            "texts": texts_of(study, response.stimulus),
        },
        "options_shown": response.options_shown,
    }


def latest_of(study: Study, participation: Participation) -> dict[str, Any] | None:
    """The person's last answer, as her page shows it."""
    latest = latest_response(participation)
    return response_as_dict(study, latest) if latest else None


def latest_response(participation: Participation) -> Response | None:
    return responses_of_participation(participation).first()


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
        return ApiResponse({**self.work(participation), "last_response": latest_of(self.study, participation)})


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
                "offers": [{"offer": offer.token, "stimulus": _face(self.study, offer, texts)} for offer in offers],
                "options_shown": options_shown(participation, self.study),
            }
        )


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
                    "work": self.work(self.participation(request)),
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
                "work": self.work(participation, submitted.held),
            },
            status=status.HTTP_200_OK if submitted.repeated else status.HTTP_201_CREATED,
        )

    def _check_answered(self, request: Request, given: dict[str, Any]) -> ApiResponse:
        participation = self.participation(request)
        answer_check(study=self.study, participation=participation, token=given["offer"], answers=given["answers"])
        return ApiResponse(
            {"saved": True, "repeated": False, "status": "check", "response": None, "work": self.work(participation)},
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        own = responses_of_participation(participation)
        if before := whole_number(request.query_params.get("before", "")):
            own = own.filter(pk__lt=before)
        return ApiResponse({"responses": [response_as_dict(self.study, response) for response in own[:50]]})


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
            return ApiResponse({"work": self.work(participation)})
        skip_assignment(
            participation=participation,
            assignment_id=data.validated_data.get("assignment"),
            offer=data.validated_data.get("offer", ""),
            reason=data.validated_data["reason"],
        )
        return ApiResponse({"work": self.work(participation)})


class Withdrawal(ParticipantView):
    """Take everything back."""

    @extend_schema(request=None, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse({"withdrawn": withdraw_participation(participation=self.participation(request))})
