"""What a study pays: the plan, what people earn an hour, the payments to send, the ledger."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.views.decorators.http import require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError, InvalidInput, InvalidRows
from annotation.models import Payment, PayPlan, Recruitment, Study
from annotation.recruitment import SOURCES
from annotation.services.measure_pay import measure, totals_of
from annotation.services.pay_plan import (
    CURRENCIES,
    decimal,
    minor_units,
    money,
    plan_of,
    promised_hourly,
    set_plan,
    warnings_of,
)
from annotation.services.plan_payments import (
    cancel_planned,
    committed,
    ledger_rows,
    plan_by_rule,
    plan_from_csv,
    plan_rewards,
)
from annotation.services.read_identities import panel_ids
from annotation.services.reconcile_payments import settle
from annotation.services.send_payments import start_sending
from annotation.services.start_checks import start_check
from annotation.whole_number import whole_number
from jobs.queries import newest_job
from snapshots.csv_cells import safe_cell

MOST_UPLOAD = 2_000_000
PAGE_SIZE = 50
JOBS = ("send_payments", "check_recruitment")


class AmountField(forms.CharField):
    """An amount as people write it; the service turns it into minor units."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)


class PlanForm(forms.Form):
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES], label=_later("Currency"))
    reward = AmountField(label=_later("Reward"), help_text=_later("For one person, for the number of images below."))
    images_per_reward = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        label=_later("Images for the reward"),
        help_text=_later("Answered or skipped."),
    )
    expected_minutes = forms.FloatField(min_value=0.1, max_value=1440, label=_later("Minutes this should take"))
    hourly_floor = AmountField(label=_later("Least pay an hour"), help_text=_later("Below it this page warns."))
    overhead_seconds = forms.IntegerField(
        min_value=0,
        max_value=7200,
        label=_later("Seconds for reading"),
        help_text=_later("Consent and instructions; added once to each person's measured time."),
    )
    budget = AmountField(
        label=_later("Budget"), help_text=_later("Nothing above it is planned; 0 is no limit. Fees are not in it.")
    )
    pays_part = forms.BooleanField(required=False, label=_later("Who stops early gets her share of the reward"))
    pays_surplus = forms.BooleanField(required=False, label=_later("Surplus answers count"))
    pays_skipped = forms.BooleanField(required=False, label=_later("Skipped images count"))
    pays_opted_out = forms.BooleanField(
        required=False, label=_later("Images somebody chose not to meet count, where nothing else is left")
    )
    pays_withdrawn = forms.BooleanField(required=False, label=_later("Withdrawn answers count"))

    AMOUNTS = ("reward", "hourly_floor", "budget")

    def changes(self) -> dict[str, Any]:
        """What set_plan takes. Raises InvalidInput for an amount that is none."""
        cleaned = dict(self.cleaned_data)
        for name in self.AMOUNTS:
            try:
                cleaned[name] = minor_units(cleaned[name], cleaned["currency"])
            except InvalidInput as error:
                raise InvalidInput(error.message, {name: [error.message]}) from error
        return cleaned


@login_required
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "pay")
    form: PlanForm | None = None
    failed: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "plan":
                form = PlanForm(request.POST)
                said = _save_plan(form, study)
            else:
                said = _DOES.get(request.POST.get("do", ""), _nothing)(request, study)
        except InvalidRows as error:
            failed = {"problem": error.message, "rows": error.rows}
        except InvalidInput as error:
            failed = {"problem": error.message}
            for name, texts in error.errors.items():
                if form is not None and name in form.fields and name not in form.errors:
                    form.add_error(name, texts[0])
        except AnnotationError as error:
            failed = {"problem": error.message}
        else:
            if said:
                messages.success(request, said)
            return redirect("study_pay", slug=slug)
    context = _context(request, study, form) | failed
    return render(request, "studies/pay.html", context, status=422 if failed else 200)


def _nothing(request: HttpRequest, study: Study) -> str:
    raise InvalidInput(_("The form did not say what to do. Reload the page, then try again."))


def _save_plan(form: PlanForm, study: Study) -> str:
    if not form.is_valid():
        raise InvalidInput(_("Pay was not changed. Correct what is marked, then save again."))
    set_plan(study=study, **form.changes())
    return _("Saved.")


def _rewards(request: HttpRequest, study: Study) -> str:
    planned = plan_rewards(study=study, user=request.user)
    return _planned(study, planned.n_new, planned.n_there, planned.amount)


def _rule(request: HttpRequest, study: Study) -> str:
    plan = plan_of(study)
    amount, n_images = request.POST.get("amount", "").strip(), request.POST.get("n_images", "").strip()
    if n_images and whole_number(n_images, otherwise=-1) < 0:
        raise InvalidInput(_("%r is no number of images; nothing was planned.") % n_images[:20])
    planned = plan_by_rule(
        study=study,
        rule=request.POST.get("rule", ""),
        purpose=request.POST.get("purpose", ""),
        user=request.user,
        amount=minor_units(amount, plan.currency) if amount else 0,
        n_images=whole_number(n_images, otherwise=plan.images_per_reward),
    )
    return _planned(study, planned.n_new, planned.n_there, planned.amount)


def _table(request: HttpRequest, study: Study) -> str:
    text = request.POST.get("table", "")
    file = request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > MOST_UPLOAD:
            raise InvalidInput(_("The file is larger than 2 MB; nothing was planned. Split it."))
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                _("The file is not text in UTF-8; nothing was planned. Save it as CSV, UTF-8.")
            ) from error
    planned = plan_from_csv(study=study, text=text, purpose=request.POST.get("purpose", ""), user=request.user)
    return _planned(study, planned.n_new, planned.n_there, planned.amount)


def _planned(study: Study, n_new: int, n_there: int, amount: int) -> str:
    words = _("%(new)s payments are planned, %(amount)s in all; %(there)s were there already. Nothing is sent yet.")
    return words % {"new": n_new, "there": n_there, "amount": money(amount, plan_of(study).currency)}


def _cancel(request: HttpRequest, study: Study) -> str:
    return _("%s planned payments are taken back.") % cancel_planned(study=study, user=request.user)


def _send(request: HttpRequest, study: Study) -> str:
    start_sending(study=study, user=request.user)
    return ""


def _check(request: HttpRequest, study: Study) -> str:
    start_check(study=study, user=request.user)
    return ""


def _settle(request: HttpRequest, study: Study) -> str:
    payment = settle(
        study=study,
        key=request.POST.get("key", ""),
        was_paid=request.POST.get("was_paid") == "yes",
        user=request.user,
        reference=request.POST.get("reference", ""),
    )
    return _("The payment is %s now.") % payment.get_state_display()


_DOES: dict[str, Callable[[HttpRequest, Study], str]] = {
    "rewards": _rewards,
    "rule": _rule,
    "table": _table,
    "cancel": _cancel,
    "send": _send,
    "check": _check,
    "settle": _settle,
}


def _context(request: HttpRequest, study: Study, form: PlanForm | None) -> dict[str, Any]:
    plan = plan_of(study)
    people = measure(study, plan)
    totals = totals_of(people, plan)
    by_state: dict[str, Any] = {
        row["state"]: row
        for row in Payment.objects.filter(study=study).values("state").annotate(n=Count("pk"), amount=Sum("amount"))
    }
    working = sorted(
        (work for work in people if work.n_done), key=lambda work: (work.hourly or 0, work.participation_id)
    )
    ledger = (
        Payment.objects.filter(study=study).select_related("participation__annotator", "recruitment").order_by("-pk")
    )
    job = newest_job(study.slug, *JOBS)
    payable = {row.pk for row in Recruitment.objects.filter(study=study) if SOURCES[row.kind].payer(row) is not None}
    planned = Payment.objects.filter(study=study, state=Payment.PLANNED)
    return {
        "study": study,
        "rights": rights_of(request.user, study),
        "tab": "setup",
        "plan": plan,
        "form": form if form is not None else PlanForm(initial=_initial(plan)),
        "totals": totals,
        "promised": money(promised_hourly(plan), plan.currency),
        "floor": money(plan.hourly_floor, plan.currency),
        "hourly": money(round(totals.hourly), plan.currency) if totals.hourly is not None else "",
        "is_below": bool(plan.reward and totals.hourly is not None and totals.hourly < plan.hourly_floor),
        "minutes_active": round(totals.active_seconds / 60),
        "paid": money(totals.paid, plan.currency),
        "waiting": money(totals.waiting, plan.currency),
        "due": money(totals.due, plan.currency),
        "warnings": warnings_of(plan, measured_hourly=totals.hourly, committed=committed(study)),
        "by_state": [
            {"state": state, "n": by_state[state]["n"], "amount": money(by_state[state]["amount"], plan.currency)}
            for state, _name in Payment.STATES
            if state in by_state
        ],
        "n_sendable": planned.filter(recruitment__in=payable).count(),
        "sendable": money(planned.filter(recruitment__in=payable).aggregate(n=Sum("amount"))["n"] or 0, plan.currency),
        "n_planned": planned.count(),
        "n_unknown": by_state[Payment.UNKNOWN]["n"] if Payment.UNKNOWN in by_state else 0,
        "people": [_person(work, plan) for work in Paginator(working, PAGE_SIZE).get_page(request.GET.get("people"))],
        "people_page": Paginator(working, PAGE_SIZE).get_page(request.GET.get("people")),
        "ledger": Paginator(ledger, PAGE_SIZE).get_page(request.GET.get("page")),
        "payments": [
            {"row": row, "amount": money(row.amount, row.currency), "by_hand": row.recruitment_id not in payable}
            for row in Paginator(ledger, PAGE_SIZE).get_page(request.GET.get("page"))
        ],
        "job": job,
        "is_saved": plan.pk is not None,
    }


def _person(work: Any, plan: PayPlan) -> dict[str, Any]:
    hourly = work.hourly
    return {
        "work": work,
        "minutes": round(work.active_seconds / 60, 1),
        "due": money(work.due, plan.currency),
        "paid": money(work.paid, plan.currency),
        "hourly": money(round(hourly), plan.currency) if hourly is not None else "",
        "is_below": bool(
            plan.reward and hourly is not None and hourly < plan.hourly_floor and (work.has_ended or work.is_full)
        ),
    }


def _initial(plan: PayPlan) -> dict[str, Any]:
    values = {name: getattr(plan, name) for name in PlanForm.base_fields}
    return values | {name: decimal(values[name], plan.currency) for name in PlanForm.AMOUNTS}


class _Line:
    """What csv writes to: gives each line back at once."""

    def write(self, line: str) -> str:
        return line


@login_required
@require_http_methods(["GET", "POST"])
def ledger(request: HttpRequest, slug: str) -> Any:
    """GET: the ledger by pseudonym. POST with a reason: with the panels' ids, and a row says who looked and why."""
    study = get_study(request.user, slug, "pay")
    ids = None
    if request.method == "POST":
        get_study(request.user, slug, "see_identities")
        try:
            ids = panel_ids(
                study=study, user=request.user, reason=request.POST.get("reason", ""), what="ledger with panel ids"
            )
        except AnnotationError as error:
            messages.error(request, error.message)
            return redirect("study_pay", slug=slug)
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        for row in ledger_rows(study, ids):
            yield writer.writerow([safe_cell(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-ledger.csv"'
    response["Cache-Control"] = "no-store"
    return response
