"""Paying through Prolific: a reward is an approval, bonuses are set up as a list and then paid.

Approving is idempotent, paying a list is not. So a list that may have been paid is looked up in the submissions'
own `bonus_payments`, and never paid again.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from annotation.models import Payment
from annotation.recruitment.base import Found, Payer, ProviderRefused, paid_visit
from annotation.recruitment.prolific.api import MOST_BONUSES, Prolific

APPROVED = {"APPROVED", "PARTIALLY APPROVED"}
CURRENCIES = ("GBP", "USD")


class ProlificPayer(Payer):
    most_at_once = MOST_BONUSES

    def __init__(self, api: Prolific, study_id: str) -> None:
        self._api = api
        self._study_id = study_id

    def prepare(self, payments: Sequence[Payment]) -> str:
        """Bonuses are set up under the submissions' ids, so that nobody's participant id is needed."""
        if payments[0].kind == Payment.REWARD:
            return ""
        for payment in payments:
            if payment.currency not in CURRENCIES:
                # its list says numbers only, and would pay as many pounds or dollars
                raise ProviderRefused(
                    _("Prolific pays in GBP or USD only, and this payment is in %s.") % payment.currency
                )
        return self._api.set_up_bonuses(
            self._study_id, [(paid_visit(payment).external_id, payment.amount) for payment in payments]
        )

    def pay(self, reference: str, payments: Sequence[Payment]) -> str:
        if payments[0].kind == Payment.BONUS:
            self._api.pay_bonuses(reference)
            return reference
        self._api.approve(paid_visit(payments[0]).external_id)
        return ""  # the visit knows the submission; the ledger, which is by pseudonym, does not

    def find(self, payment: Payment) -> Found:
        submission = self._api.submission(paid_visit(payment).external_id)
        if payment.kind == Payment.REWARD:
            return Found(submission.status in APPROVED, _("Prolific says: %s") % submission.status)
        listed = list(submission.bonuses)
        # amounts that other payments of ours account for are not this one
        for amount in (
            Payment.objects.filter(
                visit_id=payment.visit_id or 0,
                kind=Payment.BONUS,
                state=Payment.CONFIRMED,
            )
            .exclude(pk=payment.pk)
            .values_list("amount", flat=True)
        ):
            if amount in listed:
                listed.remove(amount)
        said = ", ".join(str(amount) for amount in submission.bonuses) or "-"
        return Found(payment.amount in listed, _("Prolific lists these bonuses on the submission: %s") % said)
