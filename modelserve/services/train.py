"""Do a training: learn, store, register, compare with what is served, promote if better."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.errors import JobCancelled
from jobs.handle import JobHandle
from modelserve.errors import ModelServeError
from modelserve.models import Network, Promotion, TrainingRun
from modelserve.options import parse_options
from modelserve.queries import next_version, promoted_network
from modelserve.services.ask_predictor import load_before_serving
from modelserve.services.compare_networks import compare_with_served
from modelserve.services.device_budget import DeviceMeter, check_time_is_left
from modelserve.services.measure_captions import captions_of
from modelserve.services.open_study_snapshot import image_reader, open_study_snapshot
from modelserve.services.promote import promote_over
from modelserve.services.registry_lock import lock_registry
from modelserve.services.start_prediction import start_prediction
from modelserve.storage_folders import store_folder, working_folder

LOAD_SECONDS = 60.0  # for a large encoder from a storage far away; the version before answers meanwhile

if TYPE_CHECKING:
    from modelserve.recipes import Learned


def train(run_id: int, handle: JobHandle) -> dict[str, Any]:
    """Train, and say what became of it; run again after a crash it goes on from the last checkpoint.

    The network's files are stored first and its row is written in one transaction, so there is never half a version.
    Raises ModelServeError with a sentence where nothing can be learned, JobCancelled where somebody ended it.
    """
    run = TrainingRun.objects.get(pk=run_id)
    checkpoints = working_folder(f"training/{run.pk}-{run.created_at:%Y%m%dT%H%M%S%f}")
    network = Network.objects.filter(training_run=run).first()
    try:
        if network is None:
            if not any(checkpoints.iterdir()):  # one that was cut off keeps its best, even if its time is over
                check_time_is_left(run.study_key)
            learned = _learn(run, checkpoints, handle)
            learned.metrics.update(_captions(run, learned, handle))
            network = _register(run, learned, handle)
        outcome = _promote_if_better(run, network, handle)
    except (JobCancelled, ModelServeError):
        # Whatever else ends the work (a killed worker, a database that went away) may go on from the checkpoints.
        shutil.rmtree(checkpoints, ignore_errors=True)
        raise
    TrainingRun.objects.filter(pk=run.pk).update(outcome=outcome)
    shutil.rmtree(checkpoints, ignore_errors=True)
    handle.log(outcome)
    return {"network": network.pk, "version": network.version, "outcome": outcome}


def _learn(run: TrainingRun, work_folder: Path, handle: JobHandle) -> "Learned":
    # Torch takes seconds and hundreds of megabytes: only a worker that trains imports it.
    from modelserve.recipes import learn
    from modelserve.training import CurvePoint, Watcher

    handle.log(f"Reading snapshot {run.snapshot_id[:12]}.")
    snapshot = open_study_snapshot(run.snapshot_location, run.snapshot_id)
    options = parse_options(run.task, run.options)

    meter = DeviceMeter(run, run.device_seconds)
    pace = [0.0, run.device_seconds]  # samples per second, seconds
    n_epochs = len(run.curve)

    def on_step(done: int, total: int) -> None:
        per_epoch = max(1, total // options.training.epochs)
        epoch = f"Epoch {-(-done // per_epoch)} of at most {options.training.epochs}"
        handle.progress(done, total, f"{epoch}, {pace[0]:,.0f} samples/s")

    def on_pace(samples_per_second: float, device_seconds: float) -> None:
        pace[:] = [samples_per_second, device_seconds]
        meter.note(samples_per_second, device_seconds)

    def on_epoch(curve: list[CurvePoint]) -> None:
        nonlocal n_epochs
        if len(curve) > n_epochs:  # not those that it finds when it goes on
            n_epochs = len(curve)
            handle.keep_trying()
        TrainingRun.objects.filter(pk=run.pk).update(curve=[point.as_json() for point in curve])

    learned = learn(
        snapshot,
        run.task,
        options,
        work_folder=work_folder,
        cache=Path(settings.CACHE_DIR) / "pixels",
        read_image=image_reader(snapshot),
        watcher=Watcher(
            on_step=on_step,
            on_epoch=on_epoch,
            log=handle.log,
            may_continue=handle.checkpoint,
            on_pace=on_pace,
            has_time=meter.has_time,
        ),
    )
    fitted = learned.fitted
    meter.write(fitted.samples_per_second, fitted.device_seconds)
    if fitted.stopped_by_budget:
        sentence = (
            f"It ended because its time on the device was used up ({fitted.device_seconds / 60:.1f} minutes); its best "
            f"epoch was {fitted.best_epoch}. With more time it may learn more."
        )
        learned.metrics["notes"] = [*learned.metrics.get("notes", []), sentence]
        handle.log(sentence)
    return learned


def _captions(run: TrainingRun, learned: "Learned", handle: JobHandle) -> dict[str, Any]:
    """What a speaker writes about test images, measured; nothing for other networks."""
    if run.task != "speaker":
        return {}
    return captions_of(
        learned.saved,
        open_study_snapshot(run.snapshot_location, run.snapshot_id),
        study_key=run.study_key,
        most_images=int(run.options["caption_images"]),
        device=learned.fitted.device,
        handle=handle,
    )


def _register(run: TrainingRun, learned: "Learned", handle: JobHandle) -> Network:
    # Torch: see _learn.
    from modelserve.networks.saved import save_network

    handle.checkpoint()
    with tempfile.TemporaryDirectory() as folder:
        save_network(Path(folder), learned.saved)
        location = f"networks/{_hash_of_files(Path(folder))}"
        store_folder(Path(folder), location)
    with transaction.atomic():
        lock_registry(run.study_key, run.task)
        version = next_version(run.study_key, run.task)
        TrainingRun.objects.filter(pk=run.pk).update(version=version)
        network = Network.objects.create(
            study_key=run.study_key,
            task=run.task,
            version=version,
            training_run=run,
            snapshot_id=run.snapshot_id,
            label_set=learned.saved.label_set,
            options=run.options,
            seed=run.seed,
            code_version=run.code_version,
            metrics=learned.metrics,
            weights_location=location,
        )
    handle.log(f"Registered version {network.version}.")
    return network


def _promote_if_better(run: TrainingRun, network: Network, handle: JobHandle) -> str:
    """Returns what was decided, in a sentence."""
    while True:
        served = promoted_network(run.study_key, run.task)
        if served == network:
            # Run again after a crash between promotion and the end of the job; or a person was faster.
            outcome = f"Version {network.version} is served."
            break
        if served is None:
            reason, outcome = Promotion.FIRST, f"Version {network.version} is served: it is the first one."
        else:
            comparison = compare_with_served(run=run, network=network, served=served, handle=handle)
            Network.objects.filter(pk=network.pk).update(comparison=comparison)
            reason, outcome = Promotion.BETTER, comparison["sentence"]
            if not comparison["is_better"]:
                return str(outcome)
        handle.checkpoint()
        load_before_serving(network, LOAD_SECONDS)
        if promote_over(study_key=run.study_key, network_id=network.pk, compared_with=served, reason=reason):
            break
        handle.log("Another version is served since the comparison began; comparing with that one.")
    start_prediction(network=network, snapshot_id=run.snapshot_id, snapshot_location=run.snapshot_location)
    return str(outcome)


def _hash_of_files(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
