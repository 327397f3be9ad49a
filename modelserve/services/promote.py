"""Let a network answer for its study."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from modelserve.errors import NetworkNotFound
from modelserve.models import Network, Promotion
from modelserve.queries import promoted_network
from modelserve.services.registry_lock import lock_registry


@transaction.atomic
def promote(*, study_key: str, network_id: int, reason: str = Promotion.CHOSEN, user: Any = None) -> Network:
    """Serve this network from now on; the one served so far is retired and can be brought back by `roll_back`.

    Promoting the network that is served already changes nothing. Raises NetworkNotFound.
    """
    network = _locked(study_key, network_id)
    return _take_over(network, promoted_network(study_key, network.task), reason, user)


@transaction.atomic
def promote_over(*, study_key: str, network_id: int, compared_with: Network | None, reason: str) -> bool:
    """As `promote`, if what it was compared with (None: nothing) is what is served still; else False, and no change.

    Raises NetworkNotFound.
    """
    network = _locked(study_key, network_id)
    served = promoted_network(study_key, network.task)
    if served != compared_with:
        return False
    _take_over(network, served, reason, None)
    return True


def _locked(study_key: str, network_id: int) -> Network:
    """The network, read under the registry's lock: until then it may have been deleted."""
    mine = Network.objects.filter(study_key=study_key, pk=network_id)
    network = mine.first()
    if network is not None:
        lock_registry(study_key, network.task)
        network = mine.first()
    if network is None:
        raise NetworkNotFound(f"This study has no network {network_id}. What is served stays as it was.")
    return network


def _take_over(network: Network, served: Network | None, reason: str, user: Any) -> Network:
    if served is not None and served.pk == network.pk:
        return served
    if served is not None:
        retire(served)
    serve(network)
    Promotion.objects.create(network=network, previous=served, reason=reason, promoted_by=user)
    return network


def serve(network: Network) -> None:
    """Only under the registry's lock."""
    network.promoted_at, network.retired_at = timezone.now(), None
    network.save(update_fields=["promoted_at", "retired_at"])


def retire(network: Network) -> None:
    """Only under the registry's lock."""
    network.retired_at = timezone.now()
    network.save(update_fields=["retired_at"])
