"""Ask for a served network's answers to every stimulus of a snapshot."""

from typing import Any

from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from modelserve.models import Network


def start_prediction(*, network: Network, snapshot_id: str, snapshot_location: str, user: Any = None) -> Job | None:
    """The job that fills the predictions; None for a network that does not read images, which has none to fill.

    Asked again while the same job is waiting or running, returns that one.
    """
    if network.task != "image_emotion":
        return None
    arguments = {"network": network.pk, "snapshot_id": snapshot_id, "snapshot_location": snapshot_location}
    same = under_way(network.study_key, "predict_study", arguments=arguments)
    return same or start_job("predict_study", study_key=network.study_key, arguments=arguments, user=user)
