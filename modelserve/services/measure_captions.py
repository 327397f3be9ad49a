"""Measure what a speaker writes about test images, and keep it with its version."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.handle import JobHandle
from modelserve.errors import NetworkNotFound
from modelserve.models import Network
from modelserve.queries import networks_of, promoted_network
from modelserve.services.open_study_snapshot import image_reader, open_study_snapshot
from modelserve.storage_folders import local_folder

if TYPE_CHECKING:
    from modelserve.caption_table import Beside
    from modelserve.networks.saved import SavedNetwork
    from snapshots.reader import Snapshot

DEFAULT_IMAGES = 200  # of a version that was trained without them


def captions_of(
    saved: "SavedNetwork", snapshot: "Snapshot", *, study_key: str, most_images: int, device: str, handle: JobHandle
) -> dict[str, Any]:
    """{captions: the table, and its figures that a promotion may be decided by}; empty where nothing can be measured.

    most_images 0: nothing is measured. Beside the speaker stand the study's served networks; a listener that is not
    served judges, so that the one that chooses does not also measure.
    """
    if not most_images:
        return {}
    # Torch takes seconds and hundreds of megabytes: only a worker that measures imports it.
    from modelserve.caption_record import flat_metrics
    from modelserve.caption_table import caption_table
    from modelserve.training import choose_device

    beside, versions = networks_beside(study_key)

    def progress(done: int, total: int) -> None:
        handle.progress(done, total, f"Writing about test images: text {done:,} of {total:,}")

    table = caption_table(
        saved,
        snapshot,
        beside,
        cache=Path(settings.CACHE_DIR) / "pixels",
        read_image=image_reader(snapshot),
        device=choose_device(device),
        most_images=most_images,
        progress=progress,
    )
    if table is None:
        return {}
    handle.log(f"Wrote about {table.n_images} test images, in {len(table.columns) - 1} ways.")
    facts = {"snapshot_id": snapshot.id, "versions": versions}
    return {"captions": table.as_json() | facts, **flat_metrics(table)}


def networks_beside(study_key: str) -> "tuple[Beside, dict[str, int]]":
    """The study's networks that stand beside a speaker, and {their part: version}."""
    # Torch: see captions_of.
    from modelserve.caption_table import Beside
    from modelserve.networks.saved import load_network

    served = {
        "chooser": promoted_network(study_key, "listener"),
        "reader": promoted_network(study_key, "text_emotion"),
        "eye": promoted_network(study_key, "image_emotion"),
    }
    # the newest listener that does not choose: it never saw how the texts were chosen
    others = networks_of(study_key, "listener").exclude(pk=served["chooser"].pk if served["chooser"] else 0)
    rows = {part: row for part, row in (served | {"judge": others.first()}).items() if row is not None}
    found = {part: load_network(local_folder(row.weights_location)) for part, row in rows.items()}
    return Beside(**found), {part: row.version for part, row in rows.items()}


def measure_captions(*, network_id: int, handle: JobHandle) -> dict[str, Any]:
    """Measure a version's texts anew, on the test stimuli of its own snapshot, and keep them in its record.

    For a version that was made before the study had a listener or a text network. Raises NetworkNotFound,
    SnapshotUnavailable; then its record stays as it was.
    """
    network = Network.objects.filter(pk=network_id, task="speaker").select_related("training_run").first()
    if network is None:
        raise NetworkNotFound(f"Speaker {network_id} is gone, so nothing was measured.")
    # Torch: see captions_of.
    from modelserve.networks.saved import load_network

    snapshot = open_study_snapshot(network.training_run.snapshot_location, network.snapshot_id)
    found = captions_of(
        load_network(local_folder(network.weights_location)),
        snapshot,
        study_key=network.study_key,
        most_images=int(network.options.get("caption_images") or DEFAULT_IMAGES),
        device="auto",
        handle=handle,
    )
    with transaction.atomic():
        row = Network.objects.select_for_update().get(pk=network.pk)
        row.metrics = row.metrics | found
        row.save(update_fields=["metrics"])
    captions = found.get("captions", {})
    return {"network": network.pk, "n_images": captions.get("n_images", 0)}
