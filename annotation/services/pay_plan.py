"""What a study promises to pay: read, check, change; and what is said when it is too little."""

import math
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput
from annotation.models import PayPlan, Study

# how many minor units make one: of the currencies that have none, the amount is the number itself
NO_MINOR_UNIT = {"JPY", "KRW", "CLP", "VND", "ISK", "HUF"}
CURRENCIES = ("GBP", "USD", "EUR", "DKK", "SEK", "NOK", "CHF", "CAD", "AUD", "JPY", "CNY", "INR")
FIELDS = (
    "currency",
    "reward",
    "images_per_reward",
    "expected_minutes",
    "hourly_floor",
    "overhead_seconds",
    "budget",
    "pays_part",
    "pays_surplus",
    "pays_skipped",
    "pays_opted_out",
    "pays_withdrawn",
)


def plan_of(study: Study) -> PayPlan:
    """The study's plan; one with the defaults, not saved, where nobody has made one."""
    return PayPlan.objects.filter(study=study).first() or PayPlan(study=study)


def set_plan(*, study: Study, **changes: Any) -> PayPlan:
    """Changes what is given. Raises InvalidInput with the errors by field; then nothing is changed."""
    unknown = sorted(set(changes) - set(FIELDS))
    if unknown:
        raise InvalidInput(_("Pay has no setting %s.") % ", ".join(unknown), {name: ["Unknown."] for name in unknown})
    plan = plan_of(study)
    for name, value in changes.items():
        setattr(plan, name, value)
    errors: dict[str, list[str]] = {}
    try:
        plan.full_clean(exclude=["study"])
    except ValidationError as error:
        errors = {name: list(texts) for name, texts in error.message_dict.items()}
    if plan.currency not in CURRENCIES:
        errors["currency"] = [
            _("%(got)s is not one of %(known)s.") % {"got": plan.currency, "known": ", ".join(CURRENCIES)}
        ]
    has_payments = study.payments.exists()
    if has_payments and plan.pk and PayPlan.objects.get(pk=plan.pk).currency != plan.currency:
        errors["currency"] = [_("Payments of this study are in another currency already; it stays.")]
    if errors:
        raise InvalidInput(_("Pay was not changed. %s") % "; ".join(f"{k}: {v[0]}" for k, v in errors.items()), errors)
    plan.save()
    return plan


def promised_hourly(plan: PayPlan) -> int:
    """Minor units an hour, if people take as long as the study expects; rounded down, so never flattering."""
    return math.floor(plan.reward * 60 / plan.expected_minutes)


@dataclass(frozen=True)
class PayWarning:
    type: str
    message: str


def warnings_of(plan: PayPlan, *, measured_hourly: float | None = None, committed: int = 0) -> list[PayWarning]:
    """What a manager should see before she pays: pay below the floor, and a budget that runs out."""
    found = []
    floor = money(plan.hourly_floor, plan.currency)
    if plan.reward and promised_hourly(plan) < plan.hourly_floor:
        found.append(
            PayWarning(
                "promised_below_floor",
                _(
                    "The reward comes to %(hourly)s an hour for %(minutes)g minutes; the floor is %(floor)s. Pay at "
                    "least %(enough)s, or ask for fewer images."
                )
                % {
                    "hourly": money(promised_hourly(plan), plan.currency),
                    "minutes": plan.expected_minutes,
                    "floor": floor,
                    "enough": money(math.ceil(plan.hourly_floor * plan.expected_minutes / 60), plan.currency),
                },
            )
        )
    if plan.reward and measured_hourly is not None and measured_hourly < plan.hourly_floor:
        found.append(
            PayWarning(
                "measured_below_floor",
                _(
                    "People need longer than expected: they earn %(hourly)s an hour, below the floor of %(floor)s. "
                    "Raise them with a bonus, and the reward for those to come."
                )
                % {"hourly": money(round(measured_hourly), plan.currency), "floor": floor},
            )
        )
    if plan.budget and committed >= plan.budget * 0.8:
        found.append(
            PayWarning(
                "budget",
                _("%(committed)s of the budget of %(budget)s are spent or planned.")
                % {"committed": money(committed, plan.currency), "budget": money(plan.budget, plan.currency)},
            )
        )
    return found


def places(currency: str) -> int:
    """Digits after the point."""
    return 0 if currency in NO_MINOR_UNIT else 2


def decimal(amount: int, currency: str) -> str:
    """Minor units as people write the amount: 425 of GBP is 4.25."""
    if not places(currency):
        return str(amount)
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def money(amount: int, currency: str) -> str:
    return f"{decimal(amount, currency)} {currency}"


def minor_units(text: str, currency: str) -> int:
    """'4.25' of GBP is 425. Raises InvalidInput: no rounding, an amount is exact or refused."""
    cleaned = text.strip().replace(",", ".") if text.count(",") <= 1 and "." not in text else text.strip()
    whole, point, part = cleaned.partition(".")
    digits = places(currency)
    if (
        not whole.isascii()
        or not whole.isdecimal()
        or (point and not part.isdecimal())
        or len(part) > digits
        or len(whole) > 7
    ):
        example = "4.25" if digits else "425"
        raise InvalidInput(
            _("%(text)r is no amount in %(currency)s; write it as %(example)s.")
            % {"text": text[:20], "currency": currency, "example": example}
        )
    return int(whole) * int(10**digits) + int((part or "0").ljust(digits, "0") or 0)
