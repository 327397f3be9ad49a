"""What of the reward is still to be paid to whom: the whole of it, a share of it, or the rest after a share.

Counts images, never feelings. Where a provider pays, the whole reward is its approval of the visit, and a share goes as
a bonus. Nobody is planned a share and the whole reward.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.models import Payment, PayPlan, Recruitment, Study
from annotation.recruitment import SOURCES
from annotation.services.measure_pay import Work, measure
from annotation.services.pay_plan import decimal

REWARD_PURPOSE = "reward"
SHARE_PURPOSE = "share of the reward"
REST_PURPOSE = "rest of the reward"  # of somebody who had a share, and went on to the end
# what providers call a visit whose reward may be paid by approving it; '' = they were not asked yet
PAYABLE = ("", "AWAITING REVIEW", "TIMED-OUT", "Submitted")
# handed in: the provider pays the whole reward by itself after some days, whatever was done
HANDED_IN = ("AWAITING REVIEW", "Submitted")
# so a share would come on top of the reward; and whoever is still there may hand in
NO_SHARE = (*HANDED_IN, "ACTIVE", "RESERVED", "APPROVED", "PARTIALLY APPROVED", "Approved")


@dataclass(frozen=True)
class Wish:
    """A payment that should be there; amount in minor units."""

    participation_id: int
    amount: int
    kind: str
    purpose: str
    visit_id: int | None
    recruitment_id: int | None


def rewards_due(study: Study, plan: PayPlan) -> list[Wish]:
    """One for each person who is owed something of the reward, or has all of it already.

    Call it under the lock of the study that writing payments takes, so that what was planned a moment ago is seen.
    """
    kinds = dict(Recruitment.objects.filter(study=study).values_list("pk", "kind"))
    given = _given(study)
    wishes = []
    for work in measure(study, plan):
        if not work.due or not (work.is_full or work.has_ended):
            continue
        kind = kinds.get(work.recruitment_id or 0)
        by_approval = kind is not None and SOURCES[kind].pays_by_approval
        wish = _wish(work, plan, by_approval, given.get(work.participation_id, []))
        if wish is not None:
            wishes.append(wish)
    return wishes


def _given(study: Study) -> dict[int, list[Payment]]:
    """By participation everything that is paid, or on its way, of the reward itself; the oldest first."""
    found: dict[int, list[Payment]] = defaultdict(list)
    of_reward = Q(kind=Payment.REWARD) | Q(purpose__startswith=SHARE_PURPOSE) | Q(purpose=REST_PURPOSE)
    for payment in Payment.objects.filter(of_reward, study=study).exclude(state=Payment.FAILED).order_by("pk"):
        found[payment.participation_id].append(payment)
    return found


def _wish(work: Work, plan: PayPlan, by_approval: bool, given: Sequence[Payment]) -> Wish | None:
    """What is to be paid now; one that is there already where nothing is to be added; None: nothing."""

    def wish(kind: str, purpose: str, amount: int) -> Wish:
        return Wish(work.participation_id, amount, kind, purpose, work.visit_id, work.recruitment_id)

    if not given:
        if work.is_full:
            payable = not by_approval or work.visit_status in PAYABLE
            return wish(Payment.REWARD, REWARD_PURPOSE, work.due) if payable else None
        if by_approval:
            return None if work.visit_status in NO_SHARE else wish(Payment.BONUS, SHARE_PURPOSE, work.due)
        return wish(Payment.REWARD, SHARE_PURPOSE, work.due)
    got = sum(payment.amount for payment in given)
    if got >= work.due or any(payment.purpose in (REWARD_PURPOSE, REST_PURPOSE) for payment in given):
        return wish(given[0].kind, given[0].purpose, given[0].amount)
    if by_approval and work.is_full and work.visit_status in HANDED_IN:
        # it will be approved there sooner or later, and in full: what of the share was not sent stays here
        _take_back(given)
        return wish(Payment.REWARD, REWARD_PURPOSE, work.due)
    if by_approval and work.visit_status in NO_SHARE:
        return None
    # the purpose says what she had before: planned twice, it is one payment
    purpose = REST_PURPOSE if work.is_full else f"{SHARE_PURPOSE} after {decimal(got, plan.currency)}"
    return wish(Payment.BONUS if by_approval else Payment.REWARD, purpose, work.due - got)


def _take_back(payments: Sequence[Payment]) -> None:
    note = _("Replaced by the whole reward before it was sent.")
    planned = Payment.objects.filter(pk__in=[payment.pk for payment in payments], state=Payment.PLANNED)
    planned.update(state=Payment.FAILED, note=note[:300])
