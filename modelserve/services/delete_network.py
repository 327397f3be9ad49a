"""Delete a version that is not served: its row, its predictions and its files."""

from django.core.files.storage import default_storage
from django.db import transaction

from modelserve.errors import NetworkInUse, NetworkNotFound
from modelserve.models import Network
from modelserve.services.registry_lock import lock_registry


def delete_network(*, study_key: str, network_id: int) -> Network:
    """The run that made it stays, and with it the version's number, which is not given again.

    Files go once the row is gone for good, and only where no other version has the very same weights. Raises
    NetworkNotFound, NetworkInUse (it is served); then nothing is deleted.
    """
    with transaction.atomic():
        network = Network.objects.filter(pk=network_id, study_key=study_key).first()
        if network is None:
            raise NetworkNotFound(f"This study has no network {network_id}. Nothing was deleted.")
        lock_registry(study_key, network.task)
        network = Network.objects.filter(pk=network_id).first()
        if network is None:
            raise NetworkNotFound(f"Network {network_id} was deleted by somebody else this moment.")
        if network.is_promoted:
            raise NetworkInUse(
                f"Version {network.version} is served. Promote another one or take it back first; nothing was deleted."
            )
        location = network.weights_location
        network.delete()
        if not Network.objects.filter(weights_location=location).exists():
            transaction.on_commit(lambda: _delete_files(location))
    return network


def _delete_files(location: str) -> None:
    for name in default_storage.listdir(location)[1]:
        default_storage.delete(f"{location}/{name}")
