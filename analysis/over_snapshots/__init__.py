"""Analyses over frozen studies: one module each with its function, one row here. Job, command and table follow."""

from analysis.over_snapshots.agreement import AGREEMENT
from analysis.over_snapshots.asking import ASKING
from analysis.over_snapshots.collection import COLLECTION
from analysis.over_snapshots.comparison import COMPARISON
from analysis.over_snapshots.disagreement import DISAGREEMENT
from analysis.over_snapshots.emotion_map import EMOTION_MAP
from analysis.over_snapshots.groups import GROUPS
from analysis.over_snapshots.judged import JUDGED
from analysis.over_snapshots.planning import PLANNING
from analysis.over_snapshots.snapshot_analysis import SnapshotAnalysis
from analysis.over_snapshots.words import WORDS
from annotation.errors import InvalidInput

ANALYSES: tuple[SnapshotAnalysis, ...] = (
    COLLECTION,
    AGREEMENT,
    EMOTION_MAP,
    GROUPS,
    WORDS,
    COMPARISON,
    PLANNING,
    DISAGREEMENT,
    ASKING,
    JUDGED,
)


def analysis_named(name: str) -> SnapshotAnalysis:
    """Raises InvalidInput."""
    for analysis in ANALYSES:
        if analysis.name == name:
            return analysis
    known = ", ".join(analysis.name for analysis in ANALYSES)
    raise InvalidInput(f"There is no analysis {name!r}; there are: {known}. Nothing was computed.")
