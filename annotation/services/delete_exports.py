"""Exports and reports that hold what was withdrawn since they were written: which, and deleting their files."""

from django.core.files.storage import default_storage

from annotation.models import SnapshotRecord, Study
from jobs.models import Job


def withdrawn_exports(study: Study) -> list[Job]:
    """Finished exports and reports whose files are there and come from a marked snapshot, the newest first."""
    marked = SnapshotRecord.objects.filter(study=study, contains_withdrawn=True).values_list("snapshot_id", flat=True)
    done = Job.objects.filter(
        study_key=study.slug, kind__in=("export", "report"), state=Job.DONE, result__snapshot_id__in=list(marked)
    )
    return list(done.exclude(result__has_key="deleted").order_by("-id"))


def delete_withdrawn_exports(study: Study) -> int:
    """Deletes these files; their jobs stay and say so. Snapshots stay, marked. Returns how many. Twice is as once."""
    exports = withdrawn_exports(study)
    for job in exports:
        for name in job.result.get("files", {"file": job.result.get("storage_name")}).values():
            default_storage.delete(name)
        Job.objects.filter(pk=job.pk).update(result={**job.result, "deleted": True})
    return len(exports)
