"""Compares two sides and keeps what was found under the first side's study; the options are the page's whole state."""

from collections.abc import Mapping
from typing import Any

from analysis.models import AnalysisResult
from analysis.over_snapshots.comparison import COMPARISON, PERIODS, STUDIES, compare_snapshots, period_of
from analysis.over_snapshots.snapshot_analysis import Progress
from analysis.services.latent_truth import snapshot_of_storage
from analysis.services.share_analysis import run_shared
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import study_of_slug
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from snapshots.version import code_version

JOB_KIND = "compare_sides"


def checked(study: Study, options: Mapping[str, Any]) -> dict[str, Any]:
    """Every option, with what can be refused before a job starts. Raises InvalidInput."""
    whole = COMPARISON.options_with_defaults(options)
    if whole["what"] == PERIODS:
        for text in (whole["first"], whole["second"]):
            period_of(text)
    if whole["what"] == STUDIES:
        if not whole["other"] or whole["other"] == study.slug:
            raise InvalidInput("Choose another study to compare with. Nothing was compared.")
    elif whole["first"] == whole["second"]:
        raise InvalidInput("Choose two different sides. Nothing was compared.")
    return whole


def start_comparison(*, study: Study, options: Mapping[str, Any], user: Any = None) -> Job:
    """Starts the job; asked twice while one like it waits, gives that one. Raises InvalidInput.

    Whoever asks must have the right to see both studies; that is the caller's to check.
    """
    arguments = {"options": checked(study, options)}
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def store_comparison(
    *, study: Study, options: Mapping[str, Any], progress: Progress, job_id: int | None = None
) -> AnalysisResult:
    """Freezes the study, or both, and keeps the result; run twice, the same row. Raises InvalidInput, SnapshotError.

    job_id: the job that does it; what one snapshot tells is then shared with other workers.
    """
    whole = checked(study, options)

    def freezing(done: int, total: int) -> None:
        progress(done, total, "freezing the study")

    first = snapshot_of_storage(freeze_snapshot(study=study, progress=freezing).snapshot_id)
    second = first
    if whole["what"] == STUDIES:
        other = study_of_slug(whole["other"])
        if other is None:
            raise InvalidInput("The other study is not there any more. Nothing was compared.")
        second = snapshot_of_storage(freeze_snapshot(study=other, progress=freezing).snapshot_id)
    if whole["what"] != STUDIES and job_id is not None:
        result = run_shared(first, COMPARISON, whole, progress, study_key=study.slug, job_id=job_id)
    else:
        result = compare_snapshots(first, second, whole, progress)
    row, _ = AnalysisResult.objects.update_or_create(
        study_id=study.pk,
        snapshot_id=first.id,
        name=COMPARISON.name,
        options=whole,
        defaults={
            "definition": {
                "title": COMPARISON.title,
                "definition": COMPARISON.definition,
                "source": COMPARISON.source,
            },
            "seed": whole["seed"],
            "code_version": code_version(),
            "result": {**result, "second_snapshot": second.id},
        },
    )
    return row


def newest_comparison(study: Study, options: Mapping[str, Any]) -> AnalysisResult | None:
    """What was found last with exactly these options."""
    rows = AnalysisResult.objects.filter(study_id=study.pk, name=COMPARISON.name, options=dict(options))
    return rows.order_by("-created_at", "-pk").first()
