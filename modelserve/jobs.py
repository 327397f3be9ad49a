"""Long work of this app: training, and predicting a whole study."""

from typing import Any

from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.registry import job
from modelserve.errors import BudgetSpent, ModelServeError
from modelserve.services.compare_versions import compare_versions
from modelserve.services.device_budget import BUDGET_SPENT
from modelserve.services.measure_captions import measure_captions
from modelserve.services.predict_study import predict_study
from modelserve.services.train import train
from snapshots.errors import SnapshotError

DAY_SECONDS = 24 * 3600


def no_time(error: BudgetSpent) -> JobRefused:
    """The end of a training that never began: whoever started it by a rule may start it again another day."""
    refusal = JobRefused(str(error))
    refusal.details = {BUDGET_SPENT: True}
    return refusal


@job("train", queue="training", time_limit_seconds=7 * DAY_SECONDS)
def run_training(handle: JobHandle) -> dict[str, Any]:
    try:
        return train(int(handle.arguments["training_run"]), handle)
    except BudgetSpent as error:
        raise no_time(error) from error
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


@job("measure_captions", queue="training", time_limit_seconds=DAY_SECONDS)
def run_caption_measuring(handle: JobHandle) -> dict[str, Any]:
    """Measures the texts of a version of the speaker anew. arguments: network."""
    try:
        return measure_captions(network_id=int(handle.arguments["network"]), handle=handle)
    except (ModelServeError, SnapshotError) as error:
        raise JobRefused(f"{error} Its record stays as it was.") from error


@job("compare_networks", queue="training", time_limit_seconds=DAY_SECONDS)
def run_comparison(handle: JobHandle) -> dict[str, Any]:
    """Puts versions of one task before the same test stimuli. arguments: networks."""
    given = [int(network) for network in handle.arguments["networks"]]
    try:
        row = compare_versions(study_key=handle.study_key, network_ids=given, handle=handle)
    except (ModelServeError, SnapshotError) as error:
        raise JobRefused(str(error)) from error
    return {"comparison": row.pk, "n_stimuli": row.result["n_stimuli"]}
