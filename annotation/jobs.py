"""Background work of collecting: a name, a queue and a time limit around one service call each."""

import tempfile
from pathlib import Path
from typing import Any

from celery import shared_task
from django.contrib.auth.models import User

from annotation.care.strength import follow_responses, learn_strength_of_all, mark_strong_in_all
from annotation.models import Recruitment, RuleTrial, Study
from annotation.recruitment.invitation.invite import send_mails
from annotation.recruitment.sync import sync_recruitment
from annotation.services.assign import expire_leases
from annotation.services.caps import return_promises
from annotation.services.compute_signals import compute_signals
from annotation.services.delete_old_uploads import delete_old_uploads
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_responses import import_responses
from annotation.services.import_snapshot import import_archive
from annotation.services.receive_uploads import import_upload, once
from annotation.services.reconcile_payments import reconcile_payments
from annotation.services.send_payments import send_payments
from annotation.services.start_checks import start_checks
from annotation.services.store_image import derive_sizes
from annotation.services.try_rule import run_trial
from jobs.handle import JobHandle
from jobs.registry import job

HOUR = 3600


@shared_task(name="annotation.expire_leases")
def expire_due_leases() -> None:
    expire_leases()
    return_promises()


@shared_task(name="annotation.compute_signals")
def compute_due_signals() -> None:
    compute_signals()


@shared_task(name="annotation.follow_responses")
def follow_new_responses() -> None:
    follow_responses()


@shared_task(name="annotation.delete_old_uploads")
def delete_due_uploads() -> None:
    delete_old_uploads()


@job("learn_strength", queue="default", time_limit_seconds=HOUR)
def learn_strength_of_study(handle: JobHandle) -> dict[str, Any]:
    """Counts anew how strong every image of a study is, by what people felt."""
    study = Study.objects.get(slug=handle.study_key)
    return {"n_changed": learn_strength_of_all(study, lambda done, total: _marking(handle, done, total))}


@job("mark_strong", queue="default", time_limit_seconds=HOUR)
def mark_strong_of_study(handle: JobHandle) -> dict[str, Any]:
    """Marks the strong images of a study anew, after its settings of care were changed."""
    study = Study.objects.get(slug=handle.study_key)
    return {"n_changed": mark_strong_in_all(study, lambda done, total: _marking(handle, done, total))}


def _marking(handle: JobHandle, done: int, total: int) -> None:
    handle.progress(done, total, f"{done:,} of {total:,} images marked")


@job("freeze_snapshot", queue="exchange", time_limit_seconds=2 * HOUR)
def freeze(handle: JobHandle) -> dict[str, Any]:
    study = Study.objects.get(slug=handle.study_key)
    record = freeze_snapshot(
        study=study, progress=lambda done, total: handle.progress(done, total, "Freezing responses")
    )
    return {"snapshot_id": record.snapshot_id, "n_responses": record.n_responses}


@job("export", queue="exchange", time_limit_seconds=4 * HOUR)
def export(handle: JobHandle) -> dict[str, Any]:
    """arguments: format, and snapshot_id (absent: the study is frozen first)."""
    snapshot_id = handle.arguments.get("snapshot_id") or freeze(handle)["snapshot_id"]
    exported = export_snapshot(
        snapshot_id=snapshot_id,
        format_name=handle.arguments["format"],
        folder=f"exports/{handle.job_id}",
        progress=lambda done, total: handle.progress(done, total, "Writing the file"),
    )
    return {
        "snapshot_id": snapshot_id,
        "storage_name": exported.storage_name,
        "file_name": exported.file_name,
        "bytes": exported.bytes,
    }


@job("import_snapshot", queue="exchange", time_limit_seconds=4 * HOUR)
def import_uploaded_snapshot(handle: JobHandle) -> dict[str, Any]:
    """arguments: storage_name of the uploaded zip. Twice is as once: there is one study."""
    user = User.objects.filter(pk=handle.created_by_id or 0).first()

    def work(path: Path) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="commonground-import-") as folder, path.open("rb") as file:
            study = import_archive(
                file=file,
                parent=Path(folder),
                user=user,
                progress=lambda done, total: handle.progress(done, total, "Bringing responses in"),
            )
        return {"study": study.slug}

    return once(handle.arguments["storage_name"], work)


@job("import_stimuli", queue="exchange", time_limit_seconds=6 * HOUR)
def import_uploaded_stimuli(handle: JobHandle) -> dict[str, Any]:
    """arguments: storage_name and file_name of the uploaded zip or manifest, source_dataset, is_packed."""
    result = import_upload(
        study=Study.objects.get(slug=handle.study_key),
        storage_name=handle.arguments["storage_name"],
        file_name=handle.arguments["file_name"],
        source_dataset=handle.arguments.get("source_dataset", ""),
        is_packed=handle.arguments.get("is_packed", False),
        progress=handle.progress,
    )
    n_read, n_added, n_duplicates = result["n_read"], result["n_added"], result["n_duplicates"]
    handle.progress(n_read, n_read, f"{n_added:,} of {n_read:,} added; {n_duplicates:,} were there already.")
    return result


@job("derive_images", queue="exchange", time_limit_seconds=HOUR)
def derive_images(handle: JobHandle) -> dict[str, Any]:
    """arguments: sha256s of stored images whose smaller sizes are to be made."""
    sha256s = handle.arguments["sha256s"]
    made = 0
    for number, sha256 in enumerate(sha256s, start=1):
        made += derive_sizes(sha256)
        handle.progress(number, len(sha256s), "Making smaller sizes")
    return {"n_made": made}


@job("import_responses", queue="exchange", time_limit_seconds=2 * HOUR)
def import_uploaded_responses(handle: JobHandle) -> dict[str, Any]:
    """arguments: storage_name and file_name of the uploaded table, columns, language.

    Twice is as once: nothing new comes in.
    """
    result = once(
        handle.arguments["storage_name"],
        lambda path: import_responses(
            path=path,
            file_name=handle.arguments["file_name"],
            study=Study.objects.get(slug=handle.study_key),
            columns=handle.arguments.get("columns"),
            language=handle.arguments.get("language", ""),
            progress=lambda done, message: handle.progress(done, None, f"{message}: {done:,}"),
        ).as_dict(),
    )
    n_rows, n_responses = result["n_rows"], result["n_responses"]
    revisions, unchanged = result["n_revisions"], result["n_unchanged"]
    said = f"{n_responses:,} responses out of {n_rows:,} rows; {revisions:,} revisions, {unchanged:,} rows unchanged."
    if surplus := result.get("n_surplus"):
        said += f" {surplus:,} further rows were surplus and stay out."
    handle.progress(n_rows, n_rows, said)
    return result


@job("send_invitations", queue="exchange", time_limit_seconds=4 * HOUR)
def send_invitations(handle: JobHandle) -> dict[str, Any]:
    """arguments: recruitment, site (scheme and host that the links begin with). Twice is as once: a mail is a row."""
    recruitment = Recruitment.objects.select_related("study").get(pk=handle.arguments["recruitment"])
    return send_mails(
        recruitment=recruitment,
        site=handle.arguments["site"],
        job_id=handle.job_id,
        progress=lambda done, total: handle.progress(done, total, "Sending mails"),
    )


@job("send_payments", queue="exchange", time_limit_seconds=2 * HOUR)
def send_planned_payments(handle: JobHandle) -> dict[str, Any]:
    """Twice is as once: what a dead worker had in hand is looked up, never sent again."""
    return send_payments(
        study=Study.objects.get(slug=handle.study_key),
        job_id=handle.job_id,
        progress=lambda done, total: handle.progress(done, total, "Paying"),
    )


@job("check_recruitment", queue="exchange", time_limit_seconds=HOUR)
def check_recruitment(handle: JobHandle) -> dict[str, Any]:
    """Asks the providers how visits and payments stand. Changes nothing there."""
    study = Study.objects.get(slug=handle.study_key)
    counts = {"n_visits": 0, "n_changed": 0}
    for recruitment in Recruitment.objects.filter(study=study, is_active=True).select_related("study"):
        looked = sync_recruitment(
            recruitment=recruitment,
            progress=lambda done, total: handle.progress(done, total, "Reading submissions"),
        )
        counts = {name: counts[name] + looked[name] for name in counts}
    settled = reconcile_payments(
        study=study, progress=lambda done, total: handle.progress(done, total, "Looking payments up")
    )
    return {**counts, **settled}


@shared_task(name="annotation.check_recruitment")
def check_open_recruitment() -> None:
    start_checks()


@job("try_rule", queue="exchange", time_limit_seconds=2 * HOUR)
def try_rule(handle: JobHandle) -> dict[str, Any]:
    """arguments: trial, the id of the rule's trial. The result is kept with the trial."""
    trial = RuleTrial.objects.select_related("rule__study").get(pk=handle.arguments["trial"])
    result = run_trial(trial=trial, progress=handle.progress).result or {}
    return {name: value for name, value in result.items() if name != "examples"}
