"""Put versions of one task before the very same test stimuli, and measure how they differ row by row."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.handle import JobHandle
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from modelserve.errors import NothingToCompare
from modelserve.models import Network, NetworkComparison
from modelserve.queries import networks_of
from modelserve.services.measure_captions import networks_beside
from modelserve.services.open_study_snapshot import image_reader, open_study_snapshot
from modelserve.services.what_changed import what_changed
from modelserve.storage_folders import local_folder
from snapshots.version import code_version

if TYPE_CHECKING:
    from modelserve.caption_record import CaptionTable
    from modelserve.networks.saved import SavedNetwork
    from snapshots.reader import Snapshot

JOB_KIND = "compare_networks"
MOST_NETWORKS = 6
CAPTION_IMAGES = 200


def comparable_networks(study_key: str, network_ids: Sequence[int]) -> list[Network]:
    """The networks, oldest first. Raises NothingToCompare where there are too few, too many, or of different tasks."""
    wanted = sorted(set(network_ids))
    networks = list(networks_of(study_key).filter(pk__in=wanted).order_by("pk"))
    if len(networks) < len(wanted):
        raise NothingToCompare("One of these versions is not there any more. Nothing was compared.")
    if not 2 <= len(networks) <= MOST_NETWORKS:
        raise NothingToCompare(
            f"{len(networks)} versions were chosen; 2 to {MOST_NETWORKS} can be compared. Nothing was compared."
        )
    if len({network.task for network in networks}) > 1:
        raise NothingToCompare(
            "These versions do different things, so no metric is common to them. Choose versions of one kind. Nothing "
            "was compared."
        )
    return networks


def start_comparison(*, study_key: str, network_ids: Sequence[int], user: Any = None) -> Job:
    """The job that compares; asked again while it waits or runs, the same one. Raises NothingToCompare."""
    networks = comparable_networks(study_key, network_ids)
    arguments = {"networks": [network.pk for network in networks]}
    same = under_way(study_key, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study_key, arguments=arguments, user=user)


def comparison_of(study_key: str, network_ids: Sequence[int]) -> NetworkComparison | None:
    """The newest comparison of just these versions."""
    wanted = sorted(set(network_ids))
    return NetworkComparison.objects.filter(study_key=study_key, networks=wanted).first()


def compare_versions(*, study_key: str, network_ids: Sequence[int], handle: JobHandle) -> NetworkComparison:
    """Compares on the test stimuli of the newest snapshot among theirs, and keeps the outcome; twice is as once.

    The split is a function of the stimulus alone, so none has learned from a test stimulus. The first version is what
    the others are held to. Raises NothingToCompare, SnapshotUnavailable.
    """
    # Torch takes seconds and hundreds of megabytes: only a worker that measures imports it.
    from modelserve.networks.saved import load_network
    from modelserve.recipes import scores

    networks = comparable_networks(study_key, network_ids)
    runs = {network.pk: network.training_run for network in networks}
    newest = max(runs.values(), key=lambda run: run.pk)
    snapshot = open_study_snapshot(newest.snapshot_location, newest.snapshot_id)
    labels = _labels_of(snapshot)
    kept = [network for network in networks if not labels or network.label_ids == labels]
    left_out = [
        {"network": network.pk, "version": network.version, "why": "It answers with other labels than this snapshot's."}
        for network in networks
        if network not in kept
    ]
    if len(kept) < 2:
        raise NothingToCompare(
            "Fewer than two of these versions answer with the labels of the newest snapshot. Nothing was compared."
        )
    cache, found, tables = Path(settings.CACHE_DIR) / "pixels", {}, {}
    for number, network in enumerate(kept):
        handle.progress(number, len(kept), f"Measuring version {network.version}")
        saved = load_network(local_folder(network.weights_location))
        read_image = image_reader(snapshot)
        found[network.pk] = scores(saved, snapshot, cache=cache, read_image=read_image, device="auto")
        if network.task == "speaker":
            tables[network.pk] = _texts_of(saved, snapshot, study_key, cache, handle)
    result = {
        "base": kept[0].pk,
        "networks": [{"network": network.pk, "version": network.version} for network in kept],
        "left_out": left_out,
        "metrics": _compared(found, kept) + _compared_texts(tables, kept),
        "n_rows": len(found[kept[0].pk].groups),
        "n_stimuli": len(set(found[kept[0].pk].groups.tolist())),
        "data": [what_changed(networks[0], network, snapshot) for network in networks],
    }
    row, _ = NetworkComparison.objects.update_or_create(
        study_key=study_key,
        networks=[network.pk for network in networks],
        snapshot_id=snapshot.id,
        defaults={"task": kept[0].task, "result": result, "code_version": code_version()},
    )
    handle.log(f"Compared {len(kept)} versions on {result['n_stimuli']} test stimuli.")
    return row


def _labels_of(snapshot: "Snapshot") -> list[str]:
    step = next((str(step["name"]) for step in snapshot.study["steps"] if step["kind"] == "choice"), None)
    return [str(label["id"]) for label in snapshot.label_set(step)] if step else []


def _compared(found: dict[int, Any], networks: list[Network]) -> list[dict[str, Any]]:
    from modelserve.evaluation.paired import paired_difference, value_of
    from modelserve.evaluation.resampling import Resampling

    base = networks[0].pk
    resampling = Resampling(found[base].groups)
    rows = []
    for metric, own in found[base].of_metric.items():
        of_metric = {network.pk: found[network.pk].of_metric[metric] for network in networks}
        rows.append(
            {
                "metric": metric,
                "values": {str(pk): value_of(score, resampling).as_json() for pk, score in of_metric.items()},
                "differences": {
                    str(pk): paired_difference(score, own, resampling).as_json()
                    for pk, score in of_metric.items()
                    if pk != base
                },
            }
        )
    return rows


def _compared_texts(tables: "dict[int, CaptionTable | None]", networks: list[Network]) -> list[dict[str, Any]]:
    """The metrics of texts, image by image, each in the plainest way that the version speaks."""
    from modelserve.caption_judges import mean_of
    from modelserve.caption_record import PEOPLE

    known = {pk: table for pk, table in tables.items() if table is not None}
    if len(known) < len(networks):
        return []
    columns = {pk: table.columns[table.reference] for pk, table in known.items()}
    base = networks[0].pk
    people = {row["metric"]: row["cells"][PEOPLE] for row in known[base].as_json()["rows"]} if known else {}
    return [
        {
            "metric": metric,
            "of_texts": True,
            "people": people.get(metric),
            "values": {str(pk): mean_of(column.per_image[metric]).as_json() for pk, column in columns.items()},
            "differences": {
                str(pk): mean_of(column.per_image[metric] - columns[base].per_image[metric]).as_json()
                for pk, column in columns.items()
                if pk != base
            },
        }
        for metric in (columns[base].per_image if columns else ())
    ]


def _texts_of(
    saved: "SavedNetwork", snapshot: "Snapshot", study_key: str, cache: Path, handle: JobHandle
) -> "CaptionTable | None":
    from modelserve.caption_table import caption_table
    from modelserve.training import choose_device

    return caption_table(
        saved,
        snapshot,
        networks_beside(study_key)[0],
        cache=cache,
        read_image=image_reader(snapshot),
        device=choose_device("auto"),
        most_images=CAPTION_IMAGES,
        progress=lambda done, total: handle.checkpoint(),
    )
