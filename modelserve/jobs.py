"""Long work of this app: training, and predicting a whole study; and the short task that answers one question."""

from typing import Any

from celery import shared_task

from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.registry import job
from modelserve.errors import ModelServeError
from modelserve.models import Network
from modelserve.options import find_task
from modelserve.services.predict_images import predict_images
from modelserve.services.predict_study import predict_study
from modelserve.services.predict_texts import predict_texts
from modelserve.services.train import train
from snapshots.errors import SnapshotError

DAY_SECONDS = 24 * 3600


@job("train", queue="training", time_limit_seconds=7 * DAY_SECONDS)
def run_training(handle: JobHandle) -> dict[str, Any]:
    try:
        return train(int(handle.arguments["training_run"]), handle)
    except (ModelServeError, SnapshotError) as error:
        raise JobRefused(str(error)) from error


@job("predict_study", queue="training", time_limit_seconds=DAY_SECONDS)
def run_study_prediction(handle: JobHandle) -> dict[str, Any]:
    try:
        return predict_study(
            network_id=int(handle.arguments["network"]),
            snapshot_id=handle.arguments["snapshot_id"],
            snapshot_location=handle.arguments["snapshot_location"],
            handle=handle,
        )
    except (ModelServeError, SnapshotError) as error:
        raise JobRefused(str(error)) from error


# Acknowledged early: whoever asked waits some seconds only, so an answer to a lost question would reach nobody.
@shared_task(name="modelserve.predict", ignore_result=False, acks_late=False)  # type: ignore[untyped-decorator]
def predict(network_id: int, items: list[str]) -> dict[str, Any]:
    """{distributions} in the order of the items, or {error} with a sentence."""
    network = Network.objects.filter(pk=network_id).first()
    if network is None:
        return {"error": f"Network {network_id} is gone. Ask again."}
    ask = predict_images if find_task(network.task).reads == "image" else predict_texts
    try:
        return {"distributions": ask(network, items)}
    except ModelServeError as error:
        return {"error": str(error)}
