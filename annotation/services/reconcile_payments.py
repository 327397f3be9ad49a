"""Compares the ledger with what providers list, and lets a person settle what they do not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput
from annotation.models import Payment, Recruitment, Study
from annotation.recruitment import SOURCES
from annotation.recruitment.base import ProviderAway, ProviderRefused, ProviderSilent
from annotation.services.payment_notes import without_ids
from annotation.services.send_payments import recover

# providers pay within minutes; before that their list proves nothing
SETTLE_AFTER = timedelta(minutes=30)


def reconcile_payments(
    *, study: Study, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Looks up everything sent or unknown. Confirms what is listed; never sends, never plans anything again."""
    recover(study=study)
    counts = {"n_confirmed": 0, "n_open": 0}
    payers = {
        recruitment.pk: payer
        for recruitment in Recruitment.objects.filter(study=study)
        if (payer := SOURCES[recruitment.kind].payer(recruitment)) is not None
    }
    looked_at = Payment.objects.filter(
        study=study, state__in=(Payment.SENT, Payment.UNKNOWN), recruitment__in=payers
    ).select_related("visit", "batch")
    total = looked_at.count()
    # one by one, oldest first: what one confirms is no longer there for the next
    for number, payment in enumerate(looked_at.order_by("pk").iterator(chunk_size=200), start=1):
        try:
            found = payers[payment.recruitment_id or 0].find(payment)
        except ProviderAway:
            raise
        except (ProviderRefused, ProviderSilent) as error:
            note = without_ids(error.message, Payment.objects.filter(pk=payment.pk))
            Payment.objects.filter(pk=payment.pk).update(note=note[:300])
            counts["n_open"] += 1
            continue
        mine = Payment.objects.filter(pk=payment.pk, state__in=(Payment.SENT, Payment.UNKNOWN))
        if found.is_paid:
            mine.update(state=Payment.CONFIRMED, settled_at=timezone.now(), note=found.note[:300])
            if payment.batch:  # never the one read before: an erasure may have emptied it meanwhile
                Payment.objects.filter(pk=payment.pk, reference="").update(reference=payment.batch.reference)
            counts["n_confirmed"] += 1
        else:
            mine.update(note=found.note[:300])
            counts["n_open"] += 1
        progress(number, total)
    return counts


def settle(*, study: Study, key: str, was_paid: bool, user: Any, reference: str = "") -> Payment:
    """A person says what became of a payment that nobody can vouch for, or that she pays by other means.

    Not paid: it is planned again under the same key, half an hour after it was sent at the earliest.
    """
    payment = Payment.objects.filter(study=study, key=key).first()
    if payment is None:
        raise InvalidInput(_("This study has no such payment."))
    if payment.state == Payment.PLANNED and was_paid:
        return _settle(payment, Payment.PLANNED, Payment.CONFIRMED, user, reference)
    if payment.state not in (Payment.UNKNOWN, Payment.SENT):
        raise InvalidInput(
            _("This payment is %s; there is nothing to settle.") % payment.get_state_display(),
        )
    if was_paid:
        return _settle(payment, payment.state, Payment.CONFIRMED, user, reference)
    if payment.sending_at and payment.sending_at > timezone.now() - SETTLE_AFTER:
        raise InvalidInput(
            _("It was sent less than half an hour ago, and providers pay with a delay. Look again later.")
        )
    return _settle(payment, payment.state, Payment.PLANNED, user, reference)


def _settle(payment: Payment, before: str, after: str, user: Any, reference: str) -> Payment:
    words = {
        Payment.CONFIRMED: _("%s says that it was paid."),
        Payment.PLANNED: _("%s says that it was not paid; planned again."),
    }
    changed = Payment.objects.filter(pk=payment.pk, state=before).update(
        state=after,
        note=(words[after] % user.get_username())[:300],
        reference=reference.strip()[:120] or payment.reference,
        settled_at=timezone.now() if after == Payment.CONFIRMED else None,
        batch=payment.batch if after == Payment.CONFIRMED else None,
    )
    if not changed:
        raise InvalidInput(_("Somebody else settled this payment at the same moment. Reload the page."))
    payment.refresh_from_db()
    return payment
