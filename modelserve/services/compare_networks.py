"""Put a new network and the one that is served before the same test stimuli."""

from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.handle import JobHandle
from modelserve.models import Network, TrainingRun
from modelserve.options import CAPTION_METRICS
from modelserve.services.measure_captions import captions_of
from modelserve.services.open_study_snapshot import image_reader, open_study_snapshot
from modelserve.storage_folders import local_folder


def compare_with_served(*, run: TrainingRun, network: Network, served: Network, handle: JobHandle) -> dict[str, Any]:
    """Both networks on the test stimuli of the run's snapshot, the newest one that is known here.

    The split is a function of the stimulus alone, so no network that ever lived has learned from a test stimulus.
    Returns {is_better, sentence, metric, snapshot_id, n_stimuli, served_version, new, served}: the last two are all
    metrics of either. is_better is False on a tie, where nothing can be measured, and where the label sets differ.
    """
    # Torch takes seconds and hundreds of megabytes: only a worker that trains imports it.
    from modelserve.evaluation.report import is_better
    from modelserve.networks.saved import load_network
    from modelserve.recipes import measure

    metric = run.options["promote_by"]
    facts = {"metric": metric, "snapshot_id": run.snapshot_id, "served_version": served.version}
    if network.label_ids != served.label_ids:
        sentence = (
            f"Version {network.version} was not compared: it answers with other labels than version {served.version}, "
            f"which stays served. Promote version {network.version} by hand if it should answer."
        )
        return facts | {"is_better": False, "sentence": sentence, "n_stimuli": 0, "new": {}, "served": {}}
    snapshot = open_study_snapshot(run.snapshot_location, run.snapshot_id)
    metrics, cache = [], Path(settings.CACHE_DIR) / "pixels"
    for candidate in (network, served):
        saved = load_network(local_folder(candidate.weights_location))
        found = measure(saved, snapshot, cache=cache, read_image=image_reader(snapshot), device="auto")
        if metric in CAPTION_METRICS:
            # both with the networks that judge now, on the same images
            n = int(run.options["caption_images"])
            judged = captions_of(saved, snapshot, study_key=run.study_key, most_images=n, device="auto", handle=handle)
            found |= {name: judged[name] for name in CAPTION_METRICS if name in judged}
        metrics.append(found)
    new, old = metrics
    unknown = {"value": None, "low": None, "high": None, "n": 0}
    new, old = ({metric: unknown} | found for found in (new, old))  # no test image to write about
    better = is_better(metric, new, old)
    return facts | {
        "is_better": better,
        "sentence": _sentence(network, served, metric, new, old, better),
        "n_stimuli": new["n_stimuli"],
        "new": new,
        "served": old,
    }


def _sentence(
    network: Network, served: Network, metric: str, new: dict[str, Any], old: dict[str, Any], better: bool
) -> str:
    name = metric.replace("_", " ")
    new_value, old_value = new[metric]["value"], old[metric]["value"]
    if new_value is None or old_value is None:
        return (
            f"Version {network.version} was not compared with version {served.version}: no test stimulus allows the "
            f"{name} to be measured. Version {served.version} stays served; collect responses on more stimuli, or "
            f"promote version {network.version} by hand."
        )
    what = f"{name} {new_value:.4f} against {old_value:.4f} on the same {new['n_stimuli']} test stimuli"
    if better:
        return f"Version {network.version} is served: it is better than version {served.version} ({what})."
    return f"Version {served.version} stays served: version {network.version} is not better ({what})."
