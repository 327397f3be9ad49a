"""The whole report, chapter by chapter, out of what was measured in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.report.chapters import CHAPTERS, report_command
from analysis.report.closing import write_appendices, write_evidence, write_limits, write_reproduction
from analysis.report.document import Report
from analysis.report.draft import Draft
from analysis.report.evidence import Evidence, Measured, Printed
from analysis.report.methods import write_methods
from analysis.report.results import write_results
from analysis.statistics import STATISTICS
from snapshots.reader import Snapshot

#: The analyses over a snapshot that every report is written from, in the order in which they are computed.
NEEDED = ("collection", "agreement", "words", "judged")
#: What a study must ask, one of these, for an analysis to make sense.
KINDS_OF_STEP = {"agreement": {"choice"}, "words": {"text"}, "judged": {"compare", "judge"}}


@dataclass(frozen=True)
class Written:
    """The report, and every number in it with the place that it was read from."""

    report: Report
    printed: list[Printed]


def write_report(*, snapshot: Snapshot, measured: Sequence[Measured], name: str, version: str) -> Written:
    """measured: what the commands print of each analysis; those that a study cannot have, or that were not asked for,
    are absent.

    name: the study, or the folder, as it stands on a command line. version: of the program, as in the results.
    The report depends on these alone: no clock, no database, no language of the machine.
    """
    definitions = {each.name: (each.definition, each.source) for each in STATISTICS}
    evidence = Evidence(measured, definitions)
    draft = Draft(study=snapshot.study, evidence=evidence, name=name, snapshot_id=snapshot.id)
    _note_simulated(draft)
    write_methods(draft)
    write_results(draft)
    write_limits(draft)
    chapters = [chapter.name for chapter in CHAPTERS if evidence.has(chapter.name)]
    write_reproduction(draft, version, report_command(name, snapshot.id, chapters))
    write_appendices(draft)
    write_evidence(draft)
    title = str(snapshot.study["title"]) or "A study"
    facts = [("Study", name), ("Snapshot", snapshot.id), ("Program", f"Commonground {version}")]
    return Written(Report(f"{title}: methods and results", facts, draft.blocks), evidence.printed)


def _note_simulated(draft: Draft) -> None:
    n, n_simulated = (draft.evidence.value("collection", key) for key in ("n_responses", "n_simulated"))
    if not n_simulated:
        return
    shown = draft.count("n_simulated", what="simulated responses that count")
    if n_simulated == n:
        draft.warn(
            "All ", shown, " responses were made by a simulator. No figure of this report says anything about people."
        )
        return
    draft.warn(
        shown,
        " of the ",
        draft.count("n_responses", what="responses that count"),
        " responses were made by a simulator and are part of every figure. No figure of this report may be read as one "
        "about people before they are removed.",
    )
