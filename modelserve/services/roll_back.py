"""Take the last promotion back."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from modelserve.errors import NothingToRollBack
from modelserve.models import Network
from modelserve.queries import network_before, promoted_network, promotions_of
from modelserve.services.promote import retire, serve
from modelserve.services.registry_lock import lock_registry


@transaction.atomic
def roll_back(*, study_key: str, task: str, user: Any = None) -> Network:
    """Serve the network that was served before the last promotion; a second call goes one promotion further back.

    Versions that were deleted since are passed over.
    Raises NothingToRollBack where there is no earlier one; then nothing changes.
    """
    lock_registry(study_key, task)
    last = promotions_of(study_key, task).filter(taken_back_at__isnull=True).first()
    before = network_before(study_key, task)
    if last is None or before is None:
        raise NothingToRollBack(
            "No other network was served before this one, so there is nothing to return to. What is served stays."
        )
    served = promoted_network(study_key, task)
    if served is not None:
        retire(served)
    serve(before)
    last.taken_back_at, last.taken_back_by = timezone.now(), user
    last.save(update_fields=["taken_back_at", "taken_back_by"])
    return before
