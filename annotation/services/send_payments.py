"""Sends planned payments, so that none is ever paid twice.

What makes it so, step by step, each in a transaction of its own and none around a call:
1. Rows are claimed (planned -> sending, with a batch); two workers never claim the same row.
2. The provider is prepared. That pays nothing: whatever happens, the rows may be planned again.
3. The batch is marked `paying`. Only after that is the one call made that moves money.
4. The answer is written down: sent, failed (the provider said no) or unknown (no answer that says).
A worker that dies leaves its batch as it was. Who comes next releases batches that were never marked `paying`, and
makes the payments of the others unknown; unknown payments are looked up (reconcile_payments.py), never sent again.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Payment, PaymentBatch, Recruitment, Study
from annotation.recruitment import SOURCES
from annotation.recruitment.base import Payer, ProviderAway, ProviderRefused, ProviderSilent
from annotation.services.payment_notes import without_ids
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job

KIND = "send_payments"


def start_sending(*, study: Study, user: Any) -> Job:
    """Starts the job, or finds the one that is at it: a double click sends once."""
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        running = under_way(study.slug, KIND)
        return running or start_job(KIND, study_key=study.slug, user=user)


def send_payments(
    *, study: Study, job_id: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Sends everything planned that has somebody to send it. Raises ProviderAway or ProviderSilent where a provider
    cannot be asked at all; what was not sent stays planned."""
    recover(study=study, job_id=job_id)
    counts = {"n_sent": 0, "n_failed": 0, "n_unknown": 0}
    payers = {
        recruitment: payer
        for recruitment in Recruitment.objects.filter(study=study).order_by("pk")
        if (payer := SOURCES[recruitment.kind].payer(recruitment)) is not None
    }
    planned = Payment.objects.filter(study=study, state=Payment.PLANNED, recruitment__in=list(payers))
    total = planned.count()
    for recruitment, payer in payers.items():
        for kind, _name in Payment.KINDS:
            at_once = payer.most_at_once if kind == Payment.BONUS else 1
            while (claimed := _claim(recruitment, kind, at_once, job_id)) is not None:
                state, n = _pay(payer, *claimed)
                if state == Payment.PLANNED:
                    at_once = 1  # one of them spoils the list: each by itself says which
                else:
                    counts[f"n_{state}"] += n
                progress(sum(counts.values()), max(total, sum(counts.values())))
    return counts


def recover(*, study: Study, job_id: int = 0) -> int:
    """Puts an end to what a dead worker had in hand. Returns how many payments nobody can vouch for."""
    dead = Q(job_id=job_id) | Q(job_id__in=Job.objects.filter(kind=KIND, state__in=Job.ENDED).values("pk"))
    open_ = PaymentBatch.objects.filter(dead, recruitment__study=study)
    n_unknown = 0
    for batch in open_.filter(state__in=(PaymentBatch.MADE, PaymentBatch.SET_UP)):
        _release(batch)
    for batch in open_.filter(state=PaymentBatch.PAYING, payments__state=Payment.SENDING).distinct():
        n_unknown += Payment.objects.filter(batch=batch, state=Payment.SENDING).update(
            state=Payment.UNKNOWN, note=_("The worker ended while it paid; whether the provider acted is not known.")
        )
    return n_unknown


def _release(batch: PaymentBatch) -> bool:
    """Nothing of this batch was paid: its payments are planned again. False if it has gone on meanwhile."""
    with transaction.atomic():
        released = PaymentBatch.objects.filter(pk=batch.pk, state__in=(PaymentBatch.MADE, PaymentBatch.SET_UP)).update(
            state=PaymentBatch.RELEASED
        )
        if released:
            Payment.objects.filter(batch=batch, state=Payment.SENDING).update(
                state=Payment.PLANNED, batch=None, sending_at=None
            )
    return bool(released)


def _claim(recruitment: Recruitment, kind: str, at_once: int, job_id: int) -> tuple[PaymentBatch, list[Payment]] | None:
    with transaction.atomic():
        free = (
            Payment.objects.filter(recruitment=recruitment, kind=kind, state=Payment.PLANNED)
            .select_for_update(skip_locked=True)
            .order_by("pk")[:at_once]
        )
        # a visit stands in a list once, or its two amounts could not be told apart
        chosen = {payment.visit_id or -payment.pk: payment for payment in reversed(list(free))}
        if not chosen:
            return None
        batch = PaymentBatch.objects.create(recruitment=recruitment, job_id=job_id)
        ids = sorted(payment.pk for payment in chosen.values())
        Payment.objects.filter(pk__in=ids).update(state=Payment.SENDING, batch=batch, sending_at=timezone.now())
    return batch, list(Payment.objects.filter(pk__in=ids).select_related("visit").order_by("pk"))


def _pay(payer: Payer, batch: PaymentBatch, payments: list[Payment]) -> tuple[str, int]:
    """(state the payments are in now, how many)."""
    try:
        reference = payer.prepare(payments)
    except ProviderAway:
        _release(batch)
        raise
    except ProviderRefused as refusal:
        if len(payments) > 1:
            _release(batch)
            return Payment.PLANNED, len(payments)
        return _end(batch, Payment.FAILED, note=refusal.message)
    except ProviderSilent:
        _release(batch)
        raise
    marked = PaymentBatch.objects.filter(pk=batch.pk, state=PaymentBatch.MADE).update(
        state=PaymentBatch.PAYING, reference=reference[:120]
    )
    if not marked:  # held up so long that somebody released it
        return Payment.PLANNED, 0
    try:
        paid = payer.pay(reference, payments)
    except ProviderAway:
        PaymentBatch.objects.filter(pk=batch.pk).update(state=PaymentBatch.SET_UP)
        _release(batch)
        raise
    except ProviderRefused as refusal:
        return _end(batch, _after_refusal(payer, payments), note=refusal.message)
    except ProviderSilent as silence:
        return _end(batch, Payment.UNKNOWN, note=silence.message)
    return _end(batch, Payment.SENT, reference=paid)


def _after_refusal(payer: Payer, payments: list[Payment]) -> str:
    """failed, unless the provider refused since it has paid this already: then it must not be planned anew."""
    if not payer.refuses_what_it_paid:
        return Payment.FAILED
    try:
        return Payment.SENT if all(payer.find(payment).is_paid for payment in payments) else Payment.FAILED
    except ProviderRefused:
        return Payment.FAILED
    except ProviderSilent:
        return Payment.UNKNOWN


def _end(batch: PaymentBatch, state: str, *, note: str = "", reference: str = "") -> tuple[str, int]:
    with transaction.atomic():
        # unknown as well: somebody may have given this worker up for dead
        n = Payment.objects.filter(batch=batch, state__in=(Payment.SENDING, Payment.UNKNOWN)).update(
            state=state,
            note=without_ids(note, Payment.objects.filter(batch=batch))[:300],
            reference=reference[:120],
            sent_at=timezone.now() if state != Payment.FAILED else None,
        )
        PaymentBatch.objects.filter(pk=batch.pk).exclude(state=PaymentBatch.RELEASED).update(
            state=PaymentBatch.PAYING if state == Payment.UNKNOWN else PaymentBatch.PAID
        )
    return state, n
