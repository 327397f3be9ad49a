"""Writes a report in every format into the storage: the work of the job, and starting it."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from analysis.services.write_report import FORMATS, PART, chapters_named, report_files, report_of_study
from annotation.models import Study
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.queries import jobs_of, under_way
from jobs.services import start_job

JOB_KIND = "report"


def start_report(*, study: Study, snapshot_id: str = "", chapters: str = "", user: Any = None) -> Job:
    """Starts the job; asked twice while one like it waits, gives that one. snapshot_id: "" = as the study is now.

    chapters: "all", "none" or names of sections, which are computed where they are missing; "" = those that are there.
    Raises InvalidInput.
    """
    if chapters:
        chapters_named(chapters)
    arguments = {"snapshot_id": snapshot_id, "chapters": chapters}
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def store_report(*, study: Study, snapshot_id: str, chapters: str, handle: JobHandle) -> dict[str, Any]:
    """What the job keeps: snapshot_id, n_figures, and where each format and the page's part lie in the storage.

    chapters: as in `start_report`. Raises SnapshotError, InvalidInput.
    """
    named = chapters_named(chapters) if chapters else None
    if not snapshot_id:
        record = freeze_snapshot(
            study=study, progress=lambda done, total: handle.progress(done, total, "freezing the study")
        )
        snapshot_id = record.snapshot_id
    written = report_of_study(
        study=study, snapshot_id=snapshot_id, progress=handle.progress, job_id=handle.job_id, chapters=named
    )
    handle.progress(0, 1, "setting the pages")
    files = {}
    for name, content in report_files(written).items():
        handle.checkpoint()
        files[name] = default_storage.save(f"reports/{handle.job_id}/{name}", ContentFile(content))
    handle.progress(1, 1, f"{len(written.printed):,} figures")
    formats = {format_name: files[file_name] for format_name, (_, file_name, _) in FORMATS.items()}
    return {
        "snapshot_id": snapshot_id,
        "n_figures": len(written.printed),
        "files": formats | {"part": files[PART]},
    }


def newest_report(study: Study) -> Job | None:
    """The newest report whose files are there."""
    done = jobs_of(study.slug, JOB_KIND, state=Job.DONE)
    return done.exclude(result__has_key="deleted").first()
