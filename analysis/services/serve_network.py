"""Change which network answers for a study, and let the one that answers predict the study's stimuli."""

from typing import Any

from django.db import transaction

from annotation.errors import AnnotationError
from annotation.models import Study
from annotation.queries import snapshots_of
from modelserve.models import Network
from modelserve.queries import networks_of, promoted_network
from modelserve.services import promote, roll_back, start_prediction
from modelserve.services.ask_predictor import load_before_serving


class NotServed(AnnotationError):
    """The network that was to be taken back does not answer for the study."""

    type = "not_served"
    status = 409


LOAD_SECONDS = 8.0  # a person waits; what is not loaded by then is loaded by the first question


def serve_network(*, study: Study, network_id: int, user: Any = None) -> Network:
    """This network answers from now on; the one before answers until it is loaded.

    Raises NetworkNotFound; then nothing changes.
    """
    found = networks_of(study.slug).filter(pk=network_id).first()
    if found is not None and not found.is_promoted:
        load_before_serving(found, LOAD_SECONDS)
    with transaction.atomic():
        network = promote(study_key=study.slug, network_id=network_id, user=user)
        _predict(study, network, user)
    return network


@transaction.atomic
def take_network_back(*, study: Study, task: str, user: Any = None, network_id: int | None = None) -> Network:
    """The network that answered before answers again.

    network_id: the one to be taken back, as the person saw it: if another one is served by now, nothing changes.
    Raises NothingToRollBack, NotServed.
    """
    served = promoted_network(study.slug, task)
    if network_id is not None and (served is None or served.pk != network_id):
        now = f"Version {served.version} is served now" if served else "None is served"
        raise NotServed(f"This network is not the one that is served, so it cannot be taken back. {now}.")
    network = roll_back(study_key=study.slug, task=task, user=user)
    _predict(study, network, user)
    return network


def _predict(study: Study, network: Network, user: Any) -> None:
    """For the newest snapshot: stimuli that came after the network learned get their prediction, too."""
    newest = next(iter(snapshots_of(study)), network.snapshot_id)
    start_prediction(network=network, snapshot_id=newest, snapshot_location=f"snapshots/{newest}", user=user)
