"""Long work of this app: training, and predicting a whole study."""

from typing import Any

from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.registry import job
from modelserve.errors import ModelServeError
from modelserve.services.predict_study import predict_study
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
