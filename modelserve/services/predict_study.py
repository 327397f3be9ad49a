"""Write down what a network answers for every stimulus of a snapshot."""

from typing import Any

from jobs.handle import JobHandle
from modelserve.errors import NetworkNotFound
from modelserve.models import Network, Prediction
from modelserve.services.open_study_snapshot import image_reader, open_study_snapshot

BATCH = 64  # images in memory at a time


def predict_study(*, network_id: int, snapshot_id: str, snapshot_location: str, handle: JobHandle) -> dict[str, Any]:
    """Fill the predictions of this network for all stimuli with an image; run again it goes on where it ended.

    Raises ModelServeError where the network or the snapshot cannot be read.
    """
    # Torch takes seconds and hundreds of megabytes: only a worker that predicts imports it.
    from modelserve.predictor import PREDICTOR

    network = Network.objects.filter(pk=network_id).first()
    if network is None:
        raise NetworkNotFound(f"Network {network_id} is gone, so nothing was predicted.")
    snapshot = open_study_snapshot(snapshot_location, snapshot_id)
    stimuli = snapshot.stimuli().select(["stimulus_key", "image_sha256", "source_dataset"]).to_pylist()
    with_image = [row for row in stimuli if row["image_sha256"]]
    known = set(Prediction.objects.filter(network=network).values_list("stimulus_key", flat=True))
    missing = [row for row in with_image if row["stimulus_key"] not in known]
    served = PREDICTOR.load(network.weights_location)
    read_image = image_reader(snapshot)
    handle.log(f"{len(missing)} of {len(with_image)} stimuli to predict.")
    for start in range(0, len(missing), BATCH):
        rows = missing[start : start + BATCH]
        images = [read_image(row["image_sha256"]) for row in rows]
        answers = served.look_at(images, [row["source_dataset"] for row in rows])
        Prediction.objects.bulk_create(
            [
                Prediction(
                    study_key=network.study_key,
                    network=network,
                    stimulus_key=row["stimulus_key"],
                    distribution=distribution,
                    ratings=ratings,
                )
                for row, (distribution, ratings) in zip(rows, answers, strict=True)
            ],
            ignore_conflicts=True,  # the same job may run twice; the same network answers the same
        )
        handle.progress(min(start + BATCH, len(missing)), len(missing), "Predicting")
    return {"network": network.pk, "predicted": len(missing), "stimuli": len(with_image)}
