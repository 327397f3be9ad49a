"""Measures what a report needs in one snapshot and writes it: for the job, the command and the tests."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from analysis.models import AnalysisResult
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.report.as_html import html_file, html_part
from analysis.report.as_markdown import markdown_zip
from analysis.report.as_pdf import pdf_file
from analysis.report.document import Report
from analysis.report.write import KIND_OF_STEP, NEEDED, Written, write_report
from analysis.services.analyse_snapshot import store_analysis_of
from analysis.services.latent_truth import snapshot_of_storage
from annotation.models import Study
from snapshots.reader import Snapshot
from snapshots.version import code_version

#: Format -> how a report becomes a file of it, what the file is called, and its type.
FORMATS: dict[str, tuple[Callable[[Report], bytes], str, str]] = {
    "html": (html_file, "report.html", "text/html; charset=utf-8"),
    "md": (markdown_zip, "report-markdown.zip", "application/zip"),
    "pdf": (pdf_file, "report.pdf", "application/pdf"),
}
#: The inner part of the page, which is no format to take away.
PART = "part.html"


def report_of_study(*, study: Study, snapshot_id: str, progress: Progress, job_id: int | None = None) -> Written:
    """The report of a snapshot of the study; what was measured before with this version is not measured again.

    Raises SnapshotError, InvalidInput.
    """

    def measure(analysis: SnapshotAnalysis) -> Mapping[str, Any]:
        options = analysis.options_with_defaults({})
        known = AnalysisResult.objects.filter(
            study_id=study.pk, snapshot_id=snapshot_id, name=analysis.name, options=options, code_version=code_version()
        ).first()
        row = known or store_analysis_of(
            study=study, snapshot_id=snapshot_id, analysis=analysis, options=options, progress=progress, job_id=job_id
        )
        result: Mapping[str, Any] = row.result
        return result

    return _written(snapshot_of_storage(snapshot_id), study.slug, measure)


def report_of_folder(*, snapshot: Snapshot, name: str, progress: Progress) -> Written:
    """The report of a snapshot's folder, without a database."""
    return _written(
        snapshot, name, lambda analysis: analysis.run(snapshot, analysis.options_with_defaults({}), progress)
    )


def report_files(written: Written) -> dict[str, bytes]:
    """Every format, and the part for the page, by file name."""
    files = {file_name: make(written.report) for make, file_name, _ in FORMATS.values()}
    return files | {PART: html_part(written.report).encode()}


def _written(snapshot: Snapshot, name: str, measure: Callable[[SnapshotAnalysis], Mapping[str, Any]]) -> Written:
    kinds = {step["kind"] for step in snapshot.study["steps"]}
    printed = {}
    for each in NEEDED:
        if each in KIND_OF_STEP and KIND_OF_STEP[each] not in kinds:
            continue
        analysis = analysis_named(each)
        printed[each] = {
            "definition": analysis.definition,
            "source": analysis.source,
            "options": analysis.options_with_defaults({}),
            # as the database gives it back, so that a first and a second report are written from the same thing
            "result": json.loads(json.dumps(measure(analysis), sort_keys=True, allow_nan=False)),
        }
    return write_report(snapshot=snapshot, printed=printed, name=name, version=code_version())
