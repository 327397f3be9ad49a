"""Runs an analysis over a frozen study and keeps what it found: for the job, the command and the pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from analysis.models import AnalysisResult
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.services.latent_truth import snapshot_of_storage
from analysis.services.share_analysis import run_shared
from annotation.models import Study
from annotation.queries import frozen_at
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.models import Job
from jobs.queries import newest_job, under_way
from jobs.services import start_job
from snapshots.version import code_version

JOB_KIND = "snapshot_analysis"


def start_analysis(*, study: Study, name: str, options: Mapping[str, Any] | None = None, user: Any = None) -> Job:
    """Starts the job; asked twice while one like it waits, gives that one. Raises InvalidInput."""
    arguments = {"name": name, "options": analysis_named(name).options_with_defaults(options or {})}
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def newest_analysis_job(study: Study, name: str) -> Job | None:
    """The job that was started last for this analysis, whatever became of it."""
    return newest_job(study.slug, JOB_KIND, arguments__name=name)


def store_analysis(
    *,
    study: Study,
    analysis: SnapshotAnalysis,
    options: Mapping[str, Any],
    progress: Progress,
    job_id: int | None = None,
) -> AnalysisResult:
    """Freezes the study as it is, analyses that, keeps one row per snapshot and options; run twice, the same row.

    Raises InvalidInput, SnapshotError.
    """
    now = timezone.now()
    record = freeze_snapshot(study=study, progress=lambda done, total: progress(done, total, "freezing the study"))
    return store_analysis_of(
        study=study,
        snapshot_id=record.snapshot_id,
        analysis=analysis,
        options=options,
        progress=progress,
        job_id=job_id,
        as_of=now,
    )


def store_analysis_of(
    *,
    study: Study,
    snapshot_id: str,
    analysis: SnapshotAnalysis,
    options: Mapping[str, Any],
    progress: Progress,
    job_id: int | None = None,
    as_of: datetime | None = None,
) -> AnalysisResult:
    """The same of a snapshot that was frozen before. Raises InvalidInput, SnapshotError.

    job_id: the job that does it; an analysis in parts is then shared with other workers, and its result is the same.
    as_of: when the study was so; None = when the snapshot was frozen, or later where the row knows better.
    """
    whole = analysis.options_with_defaults(options)
    snapshot = snapshot_of_storage(snapshot_id)
    if analysis.parts is not None and job_id is not None:
        result = run_shared(snapshot, analysis, whole, progress, study_key=study.slug, job_id=job_id)
    else:
        result = analysis.run(snapshot, whole, progress)
    found = {
        "definition": {"title": analysis.title, "definition": analysis.definition, "source": analysis.source},
        "seed": whole.get("seed"),
        "code_version": code_version(),
        "result": result,
    }
    row, _ = AnalysisResult.objects.update_or_create(
        study_id=study.pk,
        snapshot_id=snapshot.id,
        name=analysis.name,
        options=whole,
        defaults=found | ({"as_of": as_of} if as_of else {}),
        create_defaults=found | {"as_of": as_of or frozen_at(study, snapshot.id)},
    )
    return row
