"""Makes the rows of payments: rewards that are due, bonuses from a list or by a rule. Nothing is sent from here.

The database refuses a second payment of the same kind and purpose to a person, so pressing twice plans once.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput, InvalidRows
from annotation.models import Participation, Payment, PayPlan, Study, Visit
from annotation.pasted_table import pasted_rows
from annotation.services.measure_pay import Work, measure
from annotation.services.pay_plan import decimal, minor_units, money, plan_of
from annotation.services.rewards_due import Wish, rewards_due

MOST_ROWS = 50_000


@dataclass(frozen=True)
class Planned:
    """n_there: had a payment of this purpose already, so none was added."""

    n_new: int
    n_there: int
    amount: int


def committed(study: Study) -> int:
    """Minor units of everything paid or on its way."""
    total = Payment.objects.filter(study=study).exclude(state=Payment.FAILED).aggregate(n=Sum("amount"))["n"]
    return int(total or 0)


def plan_rewards(*, study: Study, user: Any) -> Planned:
    """A payment for everybody who is owed the reward, or whose part has ended and who is owed a share of it."""
    plan = _saved_plan(study)
    if not plan.reward:
        raise InvalidInput(_("The study promises no reward yet. Enter one first."))
    with transaction.atomic():
        _one_at_a_time(study)
        return _write(study, plan, rewards_due(study, plan), user)


# What a rule pays: counts and time, nothing else. Each takes the person's work, the plan and the rule's numbers.
Rule = Callable[[Work, PayPlan, int, int], int]


def _each_extra_image(work: Work, plan: PayPlan, amount: int, n_images: int) -> int:
    return amount * max(0, work.n_done - n_images)


def _at_least(work: Work, plan: PayPlan, amount: int, n_images: int) -> int:
    return amount if work.n_done >= n_images else 0


def _to_the_floor(work: Work, plan: PayPlan, amount: int, n_images: int) -> int:
    """What is missing so that her measured time is paid at the floor."""
    if not work.n_done or not (work.is_full or work.has_ended):
        return 0
    return max(0, math.ceil(plan.hourly_floor * work.active_seconds / 3600) - work.earned)


RULES: dict[str, Rule] = {
    "each_extra_image": _each_extra_image,
    "at_least": _at_least,
    "to_the_floor": _to_the_floor,
}


def plan_by_rule(*, study: Study, rule: str, purpose: str, user: Any, amount: int = 0, n_images: int = 0) -> Planned:
    """Bonuses by a rule of counts or time. Raises InvalidInput."""
    if rule not in RULES:
        raise InvalidInput(
            _("There is no rule %(got)r; known are %(known)s.") % {"got": rule, "known": ", ".join(RULES)}
        )
    if rule != "to_the_floor" and amount < 1:
        raise InvalidInput(_("Give an amount above 0."), {"amount": [_("Give an amount above 0.")]})
    if rule == "at_least" and n_images < 1:
        # 0 would pay whoever agreed to take part and did nothing
        sentence = _("Say from how many images on the bonus is paid, 1 at least.")
        raise InvalidInput(sentence, {"n_images": [sentence]})
    plan = _saved_plan(study)
    with transaction.atomic():
        _one_at_a_time(study)
        wishes = [
            Wish(work.participation_id, owed, Payment.BONUS, _clean(purpose), work.visit_id, work.recruitment_id)
            for work in measure(study, plan)
            if (owed := RULES[rule](work, plan, amount, n_images)) > 0
        ]
        return _write(study, plan, wishes, user)


def plan_from_csv(*, study: Study, text: str, purpose: str, user: Any) -> Planned:
    """Bonuses from a table with the columns pseudonym and amount. Raises InvalidRows; then nothing is planned."""
    plan = _saved_plan(study)
    people = {
        pseudonym: (pk, visits)
        for pk, pseudonym, visits in Participation.objects.filter(
            study=study, annotator__is_simulated=False
        ).values_list("pk", "annotator__pseudonym", "cohort")
    }
    visits = {
        row["participation_id"]: (row["pk"], row["recruitment_id"])
        for row in Visit.objects.filter(recruitment__study=study)
        .order_by("pk")
        .values("pk", "participation_id", "recruitment_id")
    }
    wrong: list[dict[str, Any]] = []
    wishes: dict[int, Wish] = {}
    for number, pseudonym, amount in _rows(text):
        if pseudonym not in people:
            wrong.append(_fault(number, "pseudonym", _("%r takes no part in this study.") % pseudonym[:40]))
            continue
        pk = people[pseudonym][0]
        if pk in wishes:
            wrong.append(_fault(number, "pseudonym", _("%s stands in the table twice.") % pseudonym))
            continue
        try:
            units = minor_units(amount, plan.currency)
        except InvalidInput as error:
            wrong.append(_fault(number, "amount", error.message))
            continue
        if units < 1:
            wrong.append(_fault(number, "amount", _("A bonus is above 0.")))
            continue
        visit_id, recruitment_id = visits.get(pk, (None, None))
        wishes[pk] = Wish(pk, units, Payment.BONUS, _clean(purpose), visit_id, recruitment_id)
    if wrong:
        message = _("%s rows cannot be used; no bonus was planned. Correct them and send the table again.")
        raise InvalidRows(message % len(wrong), wrong)
    return _write(study, plan, wishes.values(), user)


def cancel_planned(*, study: Study, user: Any) -> int:
    """Takes back what has not been sent. Returns how many."""
    note = _("Cancelled by %s before it was sent.") % user.get_username()
    return Payment.objects.filter(study=study, state=Payment.PLANNED).update(state=Payment.FAILED, note=note[:300])


def _write(study: Study, plan: PayPlan, wishes: Iterable[Wish], user: Any) -> Planned:
    wishes = list(wishes)
    with transaction.atomic():
        _one_at_a_time(study)
        there = set(
            Payment.objects.filter(study=study)
            .exclude(state=Payment.FAILED)
            .values_list("participation_id", "kind", "purpose")
        )
        new = [wish for wish in wishes if (wish.participation_id, wish.kind, wish.purpose) not in there]
        amount = sum(wish.amount for wish in new)
        before = committed(study)
        if plan.budget and before + amount > plan.budget:
            raise InvalidInput(
                _(
                    "These payments come to %(amount)s; with %(before)s spent or planned that is above the budget of "
                    "%(budget)s. Nothing was planned. Raise the budget, or plan less."
                )
                % {
                    "amount": money(amount, plan.currency),
                    "before": money(before, plan.currency),
                    "budget": money(plan.budget, plan.currency),
                }
            )
        Payment.objects.bulk_create(
            Payment(
                study=study,
                participation_id=wish.participation_id,
                recruitment_id=wish.recruitment_id,
                visit_id=wish.visit_id,
                kind=wish.kind,
                purpose=wish.purpose,
                amount=wish.amount,
                currency=plan.currency,
                started_by=user,
            )
            for wish in new
        )
    return Planned(len(new), len(wishes) - len(new), amount)


def _one_at_a_time(study: Study) -> None:
    """Two presses come one after the other, and the second one counts what the first one planned."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def _saved_plan(study: Study) -> PayPlan:
    plan = plan_of(study)
    if plan.pk is None:
        raise InvalidInput(_("Say first what the study pays, and in which currency."))
    return plan


def _clean(purpose: str) -> str:
    purpose = " ".join(purpose.replace("\x00", "").split())
    if not purpose or len(purpose) > 80:
        sentence = _("Say in at most 80 characters what the bonus is for; people read it, and it is paid once to each.")
        raise InvalidInput(sentence, {"purpose": [sentence]})
    return purpose


def _rows(text: str) -> Iterable[tuple[int, str, str]]:
    rows = pasted_rows(text)
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not {"pseudonym", "amount"} <= set(heading):
        sentence = (
            _("The first row must name the columns pseudonym and amount; it reads: %s") % ", ".join(heading)[:100]
        )
        raise InvalidInput(sentence, {"table": [sentence]})
    if len(rows) > MOST_ROWS:
        sentence = _("%(n)s rows; at most %(most)s are taken at once.") % {"n": len(rows), "most": MOST_ROWS}
        raise InvalidInput(sentence, {"table": [sentence]})
    who, much = heading.index("pseudonym"), heading.index("amount")
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            cells = [*row, *[""] * len(heading)]
            yield number, cells[who].strip(), cells[much].strip()


def _fault(row: int, field: str, message: str) -> dict[str, Any]:
    return {"row": row, "field": field, "message": message}


def ledger_rows(study: Study, panel_ids: dict[int, str] | None = None) -> Iterable[list[str]]:
    """The ledger as a table: heading first, newest last. panel_ids: annotator id -> id, for those who may see it."""
    heading = ["key", "pseudonym", "source", "kind", "purpose", "amount", "currency", "state", "reference"]
    yield [
        *heading,
        "note",
        "started_by",
        "created_at",
        "sent_at",
        "settled_at",
        *(["panel_id"] if panel_ids is not None else []),
    ]
    payments = Payment.objects.filter(study=study).select_related(
        "participation__annotator", "started_by", "recruitment"
    )
    for payment in payments.order_by("pk").iterator(chunk_size=2000):
        annotator = payment.participation.annotator
        row = [
            str(payment.key),
            annotator.pseudonym,
            payment.recruitment.name if payment.recruitment else "",
            payment.kind,
            payment.purpose,
            decimal(payment.amount, payment.currency),
            payment.currency,
            payment.state,
            payment.reference,
            payment.note,
            payment.started_by.get_username() if payment.started_by else "",
            *(
                moment.isoformat() if moment else ""
                for moment in (payment.created_at, payment.sent_at, payment.settled_at)
            ),
        ]
        yield [*row, panel_ids.get(annotator.pk, "")] if panel_ids is not None else row
