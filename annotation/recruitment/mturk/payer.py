"""Paying through Mechanical Turk: a reward is the approval of the assignment, a bonus is one call with our own key."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from annotation.models import Identity, Payment
from annotation.recruitment.base import Found, Payer, ProviderRefused, paid_visit
from annotation.recruitment.mturk.api import MechanicalTurk, dollars


class MechanicalTurkPayer(Payer):
    refuses_what_it_paid = True  # a bonus of the same key, and an assignment that was approved meanwhile

    def __init__(self, api: MechanicalTurk) -> None:
        self._api = api

    def pay(self, reference: str, payments: Sequence[Payment]) -> str:
        (payment,) = payments
        assignment_id = paid_visit(payment).external_id
        if payment.currency != "USD":
            raise ProviderRefused(_("Mechanical Turk pays in USD only, and this payment is in %s.") % payment.currency)
        if payment.kind == Payment.REWARD:
            self._api.approve(assignment_id)
            return ""  # the visit knows the assignment; the ledger, which is by pseudonym, does not
        worker = (
            Identity.objects.filter(annotator__participations=payment.participation_id, panel="mturk")
            .values_list("panel_id", flat=True)
            .first()
        )
        if not worker:
            raise ProviderRefused(_("Who this person is at Mechanical Turk was erased, so no bonus can be sent."))
        self._api.send_bonus(
            worker_id=worker,
            assignment_id=assignment_id,
            cents=payment.amount,
            reason=f"{payment.purpose} [{mark_of(payment)}]",
            key=str(payment.key),
        )
        return ""

    def find(self, payment: Payment) -> Found:
        assignment_id = paid_visit(payment).external_id
        if payment.kind == Payment.REWARD:
            status = self._api.assignment(assignment_id).get("AssignmentStatus", "")
            return Found(status == "Approved", _("Mechanical Turk says: %s") % status)
        listed = list(self._api.bonuses(assignment_id))
        mine = any(mark_of(payment) in str(row.get("Reason", "")) for row in listed)
        said = ", ".join(str(row.get("BonusAmount")) for row in listed) or "-"
        note = _("Mechanical Turk lists these bonuses on the assignment: %s") % said
        return Found(mine, f"{note} ({dollars(payment.amount)})" if mine else note)


def mark_of(payment: Payment) -> str:
    """Stands in the reason that the worker reads, so that the bonus is found in Mechanical Turk's own list."""
    return f"ref {payment.key.hex[:12]}"
