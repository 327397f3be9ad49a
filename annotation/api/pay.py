"""Pay over the API: the plan with its warnings, pay an hour, planning, sending and settling payments.

Amounts are whole numbers of minor units (pence, cents).
"""

import uuid
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.paging import BEFORE, page_of
from annotation.models import Payment, Study
from annotation.services.measure_pay import measure, totals_of
from annotation.services.pay_plan import FIELDS, plan_of, promised_hourly, set_plan, warnings_of
from annotation.services.plan_payments import RULES, committed, plan_by_rule, plan_from_csv, plan_rewards
from annotation.services.reconcile_payments import settle
from annotation.services.send_payments import start_sending

PAGE_SIZE = 200


def _pay(study: Study) -> dict[str, Any]:
    plan = plan_of(study)
    people = measure(study, plan)
    totals = totals_of(people, plan)
    warnings = warnings_of(plan, measured_hourly=totals.hourly, committed=committed(study))
    return {
        "plan": {name: getattr(plan, name) for name in FIELDS},
        "promised_hourly": promised_hourly(plan),
        "measured_hourly": totals.hourly,
        "n_people": totals.n_people,
        "n_below_floor": totals.n_below,
        "paid": totals.paid,
        "waiting": totals.waiting,
        "due": totals.due,
        "warnings": [{"type": warning.type, "message": warning.message} for warning in warnings],
        "people": [
            {
                "pseudonym": work.pseudonym,
                "source": work.cohort,
                "n_done": work.n_done,
                "active_seconds": round(work.active_seconds, 1),
                "due": work.due,
                "paid": work.paid,
                "hourly": work.hourly,
            }
            for work in people
            if work.n_done
        ],
    }


class Pay(APIView):
    """Read what the study pays, and what people earn an hour; change the plan."""

    class Input(serializers.Serializer[Any]):
        currency = serializers.CharField(max_length=3, required=False)
        reward = serializers.IntegerField(min_value=0, required=False)
        images_per_reward = serializers.IntegerField(min_value=1, required=False)
        expected_minutes = serializers.FloatField(required=False)
        hourly_floor = serializers.IntegerField(min_value=0, required=False)
        overhead_seconds = serializers.IntegerField(min_value=0, required=False)
        budget = serializers.IntegerField(min_value=0, required=False)
        pays_part = serializers.BooleanField(required=False)
        pays_surplus = serializers.BooleanField(required=False)
        pays_skipped = serializers.BooleanField(required=False)
        pays_opted_out = serializers.BooleanField(required=False)
        pays_withdrawn = serializers.BooleanField(required=False)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(_pay(get_study(request.user, slug, "pay")))

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "pay")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        set_plan(study=study, **data.validated_data)
        return ApiResponse(_pay(study))


def payment_as_dict(payment: Payment) -> dict[str, Any]:
    return {
        "key": payment.key,
        "pseudonym": payment.participation.annotator.pseudonym,
        "source": payment.recruitment.name if payment.recruitment else "",
        "kind": payment.kind,
        "purpose": payment.purpose,
        "amount": payment.amount,
        "currency": payment.currency,
        "state": payment.state,
        "reference": payment.reference,
        "note": payment.note,
        "created_at": payment.created_at,
        "sent_at": payment.sent_at,
        "settled_at": payment.settled_at,
    }


class Payments(APIView):
    """The ledger, newest first; plan rewards that are due, or bonuses by a rule or a table. Nothing is sent by it."""

    class Input(serializers.Serializer[Any]):
        what = serializers.ChoiceField(choices=["rewards", "rule", "table"])
        rule = serializers.ChoiceField(choices=list(RULES), required=False)
        amount = serializers.IntegerField(min_value=0, default=0)
        n_images = serializers.IntegerField(min_value=0, default=0)
        purpose = serializers.CharField(max_length=80, default="", allow_blank=True)
        table = serializers.CharField(max_length=2_000_000, default="", allow_blank=True, trim_whitespace=False)

    @extend_schema(parameters=[BEFORE], responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "pay")
        found = Payment.objects.filter(study=study).select_related("participation__annotator", "recruitment")
        page = page_of(request, found.order_by("-pk"), PAGE_SIZE)
        rows = [payment_as_dict(row) for row in page.rows]
        return ApiResponse({"payments": rows, "next_before": page.next_before})

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "pay")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        if given["what"] == "rewards":
            planned = plan_rewards(study=study, user=request.user)
        elif given["what"] == "table":
            planned = plan_from_csv(study=study, text=given["table"], purpose=given["purpose"], user=request.user)
        else:
            planned = plan_by_rule(
                study=study,
                rule=given.get("rule", ""),
                purpose=given["purpose"],
                user=request.user,
                amount=given["amount"],
                n_images=given["n_images"],
            )
        answer = {"n_new": planned.n_new, "n_there": planned.n_there, "amount": planned.amount}
        return ApiResponse(answer, status=status.HTTP_201_CREATED)


class OnePayment(APIView):
    """Settle a payment that nobody can vouch for, or that was paid by other means."""

    class Input(serializers.Serializer[Any]):
        was_paid = serializers.BooleanField()
        reference = serializers.CharField(max_length=120, default="", allow_blank=True)

    @extend_schema(request=Input, responses=dict)
    def patch(self, request: Request, slug: str, payment_key: uuid.UUID) -> ApiResponse:
        study = get_study(request.user, slug, "pay")
        if not Payment.objects.filter(study=study, key=payment_key).exists():
            raise Http404("There is no such payment.")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        payment = settle(study=study, key=str(payment_key), user=request.user, **data.validated_data)
        return ApiResponse(payment_as_dict(payment))


class PaymentSending(APIView):
    """Start the job that sends what is planned; while it runs, the same job is found again."""

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "pay")
        return ApiResponse(start_sending(study=study, user=request.user).as_dict(), status=status.HTTP_202_ACCEPTED)
