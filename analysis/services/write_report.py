"""Measures what a report needs in one snapshot and writes it: for the job, the command and the tests."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.models import AnalysisResult, LatentTruthResult
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.report.as_html import html_file, html_part
from analysis.report.as_markdown import markdown_zip
from analysis.report.chapters import CHAPTER_NAMES, command_of
from analysis.report.document import Report
from analysis.report.evidence import Measured
from analysis.report.latent import LATENT
from analysis.report.write import KINDS_OF_STEP, NEEDED, Written, write_report
from analysis.services.analyse_snapshot import store_analysis_of
from analysis.services.latent_truth import latent_truth, snapshot_of_storage, store_latent_truth_of
from analysis.statistics.latent import METHODS
from annotation.errors import InvalidInput
from annotation.models import Study
from snapshots.reader import Snapshot
from snapshots.version import code_version


def pdf_file(report: Report) -> bytes:
    """The report as PDF."""
    # imported here: the library of letters and pages is slow to load, and few processes ever set a page
    from analysis.report.as_pdf import pdf_file as made

    return made(report)


#: Format -> how a report becomes a file of it, what the file is called, and its type.
FORMATS: dict[str, tuple[Callable[[Report], bytes], str, str]] = {
    "html": (html_file, "report.html", "text/html; charset=utf-8"),
    "md": (markdown_zip, "report-markdown.zip", "application/zip"),
    "pdf": (pdf_file, "report.pdf", "application/pdf"),
}
#: The inner part of the page, which is no format to take away.
PART = "part.html"
#: How all chapters, and none, are asked for.
ALL, NONE = "all", "none"


@dataclass(frozen=True)
class _Measures:
    """of: the result of an analysis. latent: what each method of latent truth found, in the order of METHODS."""

    of: Callable[[SnapshotAnalysis], Mapping[str, Any]]
    latent: Callable[[], Sequence[Mapping[str, Any]]]


def chapters_named(words: str) -> tuple[str, ...]:
    """'all', 'none', or names with commas between them, in the order of the report. Raises InvalidInput."""
    if words == ALL:
        return CHAPTER_NAMES
    named = {word.strip() for word in words.split(",") if word.strip()} if words != NONE else set()
    if unknown := sorted(named - set(CHAPTER_NAMES)):
        raise InvalidInput(
            f"There is no chapter {unknown[0]!r}; there are {', '.join(CHAPTER_NAMES)}, {ALL}, {NONE}. "
            "Nothing was written."
        )
    return tuple(name for name in CHAPTER_NAMES if name in named)


def chapters_computed(study: Study, snapshot_id: str) -> tuple[str, ...]:
    """Those whose analyses of this snapshot are there, computed by this program."""
    known = {name for name in CHAPTER_NAMES if name != LATENT and _known(study, snapshot_id, analysis_named(name))}
    if len(_known_latent(study, snapshot_id)) == len(METHODS):
        known.add(LATENT)
    return tuple(name for name in CHAPTER_NAMES if name in known)


def report_of_study(
    *,
    study: Study,
    snapshot_id: str,
    progress: Progress,
    job_id: int | None = None,
    chapters: Collection[str] | None = None,
) -> Written:
    """The report of a snapshot of the study; what was measured before with this version is not measured again.

    chapters: names of those that rest on analyses of their own, which are computed where they are missing; None = those
    that were computed by now. Raises SnapshotError, InvalidInput.
    """

    def measure(analysis: SnapshotAnalysis) -> Mapping[str, Any]:
        row = _known(study, snapshot_id, analysis) or store_analysis_of(
            study=study,
            snapshot_id=snapshot_id,
            analysis=analysis,
            options=analysis.options_with_defaults({}),
            progress=progress,
            job_id=job_id,
        )
        result: Mapping[str, Any] = row.result
        return result

    def measure_latent() -> list[Mapping[str, Any]]:
        rows = _known_latent(study, snapshot_id)
        if len(rows) < len(METHODS):
            made = store_latent_truth_of(study=study, snapshot_id=snapshot_id, methods=[ALL], progress=progress)
            rows = {row.method: row for row in made}
        return [
            {
                "method": method.name,
                "title": method.title,
                "assumes": method.assumes,
                "figures": rows[method.name].figures,
            }
            for method in METHODS
        ]

    wanted = chapters_computed(study, snapshot_id) if chapters is None else chapters
    return _written(snapshot_of_storage(snapshot_id), study.slug, _Measures(measure, measure_latent), wanted)


def report_of_folder(*, snapshot: Snapshot, name: str, progress: Progress, chapters: Collection[str] = ()) -> Written:
    """The report of a snapshot's folder, without a database."""
    measures = _Measures(
        lambda analysis: analysis.run(snapshot, analysis.options_with_defaults({}), progress),
        lambda: latent_truth(snapshot, METHODS, progress),
    )
    return _written(snapshot, name, measures, chapters)


def report_files(written: Written) -> dict[str, bytes]:
    """Every format, and the part for the page, by file name."""
    files = {file_name: make(written.report) for make, file_name, _ in FORMATS.values()}
    return files | {PART: html_part(written.report).encode()}


def _known(study: Study, snapshot_id: str, analysis: SnapshotAnalysis) -> AnalysisResult | None:
    return AnalysisResult.objects.filter(
        study_id=study.pk,
        snapshot_id=snapshot_id,
        name=analysis.name,
        options=analysis.options_with_defaults({}),
        code_version=code_version(),
    ).first()


def _known_latent(study: Study, snapshot_id: str) -> dict[str, LatentTruthResult]:
    rows = LatentTruthResult.objects.filter(study_id=study.pk, snapshot_id=snapshot_id, code_version=code_version())
    return {row.method: row for row in rows}


def _written(snapshot: Snapshot, name: str, measures: _Measures, chapters: Collection[str]) -> Written:
    kinds = {step["kind"] for step in snapshot.study["steps"]}
    measured: list[Measured] = []

    def add(analysis: SnapshotAnalysis) -> Any:
        result = _as_stored(measures.of(analysis))
        printed = {"options": analysis.options_with_defaults({}), "result": result}
        command = command_of(name, analysis.name, snapshot.id)
        measured.append(Measured(analysis.name, command, printed, analysis.definition, analysis.source))
        return result

    n_responses = 0
    for each in NEEDED:
        if each not in KINDS_OF_STEP or KINDS_OF_STEP[each] & kinds:
            result = add(analysis_named(each))
            n_responses = result["n_responses"] if each == "agreement" else n_responses
    for each in CHAPTER_NAMES:
        # without an answer among labels there is nothing to take apart
        if each not in chapters or not n_responses:
            continue
        if each == LATENT:
            measured.append(_latent(name, snapshot.id, measures.latent()))
        else:
            add(analysis_named(each))
    return write_report(snapshot=snapshot, measured=measured, name=name, version=code_version())


def _latent(name: str, snapshot_id: str, found: Sequence[Mapping[str, Any]]) -> Measured:
    definition = "What methods that assume one true label per stimulus make of the votes, beside the votes."
    sources = "; ".join(f"{method.title}: {method.source}" for method in METHODS)
    printed = {"options": {}, "methods": _as_stored(found)}
    return Measured(LATENT, command_of(name, LATENT, snapshot_id), printed, definition, sources, root="methods")


def _as_stored(result: Any) -> Any:
    """As the database gives it back, so that a first and a second report are written from the same thing.

    Its numbers know no -0.0, which would be written with its sign.
    """
    return json.loads(json.dumps(result, sort_keys=True, allow_nan=False), parse_float=lambda digits: float(digits) + 0)
