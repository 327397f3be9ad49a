"""Background work of collecting: a name, a queue and a time limit around one service call each."""

import tempfile
from pathlib import Path
from typing import Any

from celery import shared_task
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from annotation.models import Study
from annotation.services.assign import expire_leases
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_archive
from jobs.handle import JobHandle
from jobs.registry import job

HOUR = 3600


@shared_task(name="annotation.expire_leases")
def expire_due_leases() -> None:
    expire_leases()


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
    """arguments: storage_name of the uploaded zip."""
    name = handle.arguments["storage_name"]
    user = User.objects.filter(pk=handle.created_by_id).first()
    with tempfile.TemporaryDirectory(prefix="commonground-import-") as folder, default_storage.open(name) as file:
        study = import_archive(
            file=file,
            parent=Path(folder),
            user=user,
            progress=lambda done, total: handle.progress(done, total, "Bringing responses in"),
        )
    default_storage.delete(name)
    return {"study": study.slug}
