"""Quality over the API: signals, rules and their trials, the review queue, decisions; and a person's own messages."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.paging import BEFORE, page_of
from annotation.api.participants import ParticipantView
from annotation.models import (
    Participation,
    PersonMessage,
    QualityDecision,
    QualityFlag,
    QualityRule,
    Response,
    ResponseSignals,
    RuleTrial,
    Study,
)
from annotation.quality.catalogue import SIGNALS
from annotation.quality.of_people import signals_of_people
from annotation.services.ask_about_decision import ask_about_decision
from annotation.services.change_rules import is_tried, remove_rule, save_rule, start_trial, switch_rule
from annotation.services.decide_quality import decide

AT_ONCE = 100


class Signals(APIView):
    """The signals of the study's responses, the newest first, and the catalogue that says what they mean."""

    @extend_schema(parameters=[BEFORE], responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "review_quality")
        rows = ResponseSignals.objects.filter(study_id=study.pk).order_by("-response_id")
        asked = page_of(request, rows, AT_ONCE, key="response_id")
        page = asked.rows
        people = {row.participation_id for row in page}
        pseudonyms = dict(Participation.objects.filter(pk__in=people).values_list("pk", "annotator__pseudonym"))
        of_people = signals_of_people(people)
        return ApiResponse(
            {
                "catalogue": [
                    {
                        "name": signal.name,
                        "title": str(signal.title),
                        "unit": str(signal.unit),
                        "low": signal.low,
                        "high": signal.high,
                        "help": str(signal.help),
                        "of_person": signal.of_person,
                        "stands_alone": signal.stands_alone,
                    }
                    for signal in SIGNALS.values()
                ],
                "responses": [
                    {
                        "response": row.response_id,
                        "annotator": pseudonyms.get(row.participation_id),
                        "revision": row.revision,
                        "signals": {**row.signals, **of_people.get(row.participation_id, {})},
                        "copied_from": row.copied_from_other_id or row.copied_from_self_id,
                        "computed_at": row.computed_at,
                    }
                    for row in page
                ],
                "next_before": asked.next_before,
            }
        )


def rule_as_dict(rule: QualityRule) -> dict[str, Any]:
    trial = rule.trials.filter(version=rule.version).select_related("job").first()
    return {
        "id": rule.pk,
        "name": rule.name,
        "version": rule.version,
        **rule.definition,
        "action": rule.action,
        "message": rule.message,
        "is_on": rule.is_on,
        "is_tried": is_tried(rule),
        "trial": trial_as_dict(trial) if trial else None,
    }


def trial_as_dict(trial: RuleTrial) -> dict[str, Any]:
    return {"id": trial.pk, "version": trial.version, "job": trial.job_id, "result": trial.result}


class RuleInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    scope = serializers.ChoiceField(choices=["response", "person"])
    match = serializers.ChoiceField(choices=["all", "any"])
    conditions = serializers.ListField(child=serializers.DictField())
    window = serializers.IntegerField(required=False)
    least = serializers.IntegerField(required=False)
    action = serializers.ChoiceField(choices=QualityRule.ACTIONS)
    message = serializers.CharField()


class Rules(APIView):
    """List the rules; write one. A new rule is off until it was tried on past responses."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "review_quality")
        rules = QualityRule.objects.filter(study=study, removed_at__isnull=True)
        return ApiResponse({"rules": [rule_as_dict(rule) for rule in rules]})

    @extend_schema(request=RuleInput, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = RuleInput(data=request.data)
        data.is_valid(raise_exception=True)
        rule = save_rule(study=study, given=data.validated_data, user=request.user)
        return ApiResponse(rule_as_dict(rule), status=status.HTTP_201_CREATED)


def _rule(study: Study, rule_id: int) -> QualityRule:
    rule = QualityRule.objects.filter(pk=rule_id, study=study, removed_at__isnull=True).first()
    if rule is None:
        raise Http404("There is no such rule in this study.")
    return rule


class OneRule(APIView):
    """Read, change, remove a rule. A change makes a new version: off, and to be tried again."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        return ApiResponse(rule_as_dict(_rule(get_study(request.user, slug, "review_quality"), rule_id)))

    @extend_schema(request=RuleInput, responses=dict)
    def put(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = RuleInput(data=request.data)
        data.is_valid(raise_exception=True)
        rule = save_rule(study=study, given=data.validated_data, rule=_rule(study, rule_id), user=request.user)
        return ApiResponse(rule_as_dict(rule))

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        remove_rule(rule=_rule(get_study(request.user, slug, "change_study"), rule_id))
        return ApiResponse({"removed": rule_id})


class Trials(APIView):
    """Try a rule on past responses, as a job; GET gives the latest trial of the rule as it is now."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        rule = _rule(get_study(request.user, slug, "review_quality"), rule_id)
        return ApiResponse({"trial": rule_as_dict(rule)["trial"]})

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        rule = _rule(get_study(request.user, slug, "change_study"), rule_id)
        trial = start_trial(rule=rule, user=request.user)
        return ApiResponse(trial_as_dict(trial), status=status.HTTP_202_ACCEPTED)


class Switch(APIView):
    """Switch a rule on or off. 409 where it was not tried as it is now."""

    class Input(serializers.Serializer[Any]):
        on = serializers.BooleanField()

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str, rule_id: int) -> ApiResponse:
        rule = _rule(get_study(request.user, slug, "change_study"), rule_id)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        return ApiResponse(rule_as_dict(switch_rule(rule=rule, on=data.validated_data["on"])))


class Flags(APIView):
    """The review queue: what waits for a decision, or with ?state=decided what was decided; the newest first."""

    @extend_schema(
        parameters=[BEFORE, OpenApiParameter("state", enum=["open", "decided"], description="open unless told")],
        responses=dict,
    )
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "review_quality")
        state = QualityFlag.DECIDED if request.query_params.get("state") == "decided" else QualityFlag.OPEN
        flags = (
            QualityFlag.objects.filter(study=study, state=state)
            .select_related("participation__annotator")
            .prefetch_related("decisions")
            .order_by("-pk")
        )
        page = page_of(request, flags, AT_ONCE)
        return ApiResponse(
            {
                "flags": [
                    {
                        "id": flag.pk,
                        "rule": flag.rule_id,
                        "rule_version": flag.rule_version,
                        "annotator": flag.participation.annotator.pseudonym,
                        "response": flag.response_id,
                        "found": flag.found,
                        "appeal": flag.appeal,
                        "state": flag.state,
                        "decisions": [
                            {"action": one.action, "reason": one.reason, "by_rule": one.by_id is None}
                            for one in sorted(flag.decisions.all(), key=lambda one: one.pk)
                        ],
                        "created_at": flag.created_at,
                    }
                    for flag in page.rows
                ],
                "next_before": page.next_before,
            }
        )


class Decisions(APIView):
    """Decide about a flag, an answer or a person. The reason is what the person reads."""

    class Input(serializers.Serializer[Any]):
        action = serializers.ChoiceField(choices=QualityDecision.ACTIONS)
        reason = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
        flag = serializers.IntegerField(required=False, min_value=1)
        response = serializers.IntegerField(required=False, min_value=1)
        annotator = serializers.CharField(required=False, max_length=80)

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "review_quality")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        flag = response = None
        if "flag" in given:
            flag = QualityFlag.objects.filter(pk=given["flag"], study=study).select_related("participation").first()
        pk = given.get("response") or (flag.response_id if flag else None)
        if pk:
            response = Response.objects.filter(pk=pk, study=study).select_related("participation").first()
        participation = flag.participation if flag else response.participation if response else None
        if participation is None and given.get("annotator"):
            participation = Participation.objects.filter(study=study, annotator__pseudonym=given["annotator"]).first()
        if participation is None or (response and response.participation_id != participation.pk):
            raise Http404("There is no such flag, answer or person in this study.")
        decision = decide(
            participation=participation, action=given["action"], reason=given.get("reason", ""),
            response=response, flag=flag, user=request.user,
        )  # fmt: skip
        answer = {"id": decision.pk, "action": decision.action, "standing": participation.standing}
        return ApiResponse(answer, status=status.HTTP_201_CREATED)


class Messages(ParticipantView):
    """What this person is told about her answers, and her own words to the researchers."""

    class Input(serializers.Serializer[Any]):
        text = serializers.CharField(max_length=2_000)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        told = PersonMessage.objects.filter(participation=participation)[:50]
        return ApiResponse({"standing": participation.standing, "messages": [one.as_dict() for one in told]})

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        participation = self.participation(request)
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        flag = ask_about_decision(participation=participation, text=data.validated_data["text"])
        return ApiResponse({"id": flag.pk}, status=status.HTTP_201_CREATED)
