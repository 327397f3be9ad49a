"""Asks a provider how a source stands, and writes it down: the places, the state of each visit, rewards paid there."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Payment, PayPlan, Recruitment, Visit
from annotation.recruitment import SOURCES
from annotation.recruitment.base import Look

REWARD_PURPOSE = "reward"


def sync_recruitment(
    *, recruitment: Recruitment, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Raises ProviderRefused, ProviderSilent. A visit that is not ours (a preview, say) is only counted."""
    look = SOURCES[recruitment.kind].look(recruitment)
    if look is None:
        return {"n_visits": 0, "n_changed": 0}
    statuses = list(look.statuses)
    known = {
        visit.external_id: visit for visit in Visit.objects.filter(recruitment=recruitment).exclude(external_id="")
    }
    counts: dict[str, int] = {}
    n_changed, now = 0, timezone.now()
    for number, (external_id, status) in enumerate(statuses, start=1):
        counts[status] = counts.get(status, 0) + 1
        visit = known.get(external_id)
        if visit is not None and visit.status != status[:30]:
            Visit.objects.filter(pk=visit.pk).update(status=status[:30], status_at=now)
            n_changed += 1
        if visit is not None and status in look.approved:
            _note_reward_paid_there(recruitment, visit, status)
        progress(number, len(statuses))
    _keep_facts(recruitment, look, counts)
    return {"n_visits": len(statuses), "n_changed": n_changed}


def _keep_facts(recruitment: Recruitment, look: Look, counts: dict[str, int]) -> None:
    with transaction.atomic():
        row = Recruitment.objects.select_for_update(no_key=True).get(pk=recruitment.pk)
        facts: dict[str, Any] = {**row.facts, **look.facts, "statuses": counts, "synced_at": timezone.now().isoformat()}
        Recruitment.objects.filter(pk=row.pk).update(facts=facts)


def _note_reward_paid_there(recruitment: Recruitment, visit: Visit, status: str) -> None:
    """The visit was approved, by us or on the provider's own page: the ledger says so too."""
    rewards = Payment.objects.filter(participation_id=visit.participation_id, kind=Payment.REWARD)
    note = _("The provider says: %s") % status
    ours = rewards.exclude(state=Payment.FAILED).first()
    if ours is not None:
        rewards.filter(pk=ours.pk, state__in=(Payment.PLANNED, Payment.SENT, Payment.UNKNOWN)).update(
            state=Payment.CONFIRMED, settled_at=timezone.now(), note=note
        )
        return
    plan = PayPlan.objects.filter(study_id=recruitment.study_id).first()
    if plan is None or not plan.reward:
        return
    try:
        with transaction.atomic():
            Payment.objects.create(
                study_id=recruitment.study_id,
                participation_id=visit.participation_id,
                recruitment=recruitment,
                visit=visit,
                kind=Payment.REWARD,
                purpose=REWARD_PURPOSE,
                amount=plan.reward,
                currency=plan.currency,
                state=Payment.CONFIRMED,
                note=note,
                settled_at=timezone.now(),
            )
    except IntegrityError:  # it was planned at this very moment; the next look confirms it
        return
