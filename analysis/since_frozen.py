"""What became of the answers that a page's results rest on since their snapshot was frozen: what must be said of it."""

from collections.abc import Collection

from analysis.models import StudyStatistics
from annotation.models import Study
from annotation.queries import snapshot_records


def since_frozen(study: Study, statistics: StudyStatistics | None, snapshot_ids: Collection[str]) -> dict[str, bool]:
    """For templates/analysis/_since_frozen.html. snapshot_ids: of the results of this study that a page shows.

    is_taken_back: somebody took back an answer that one of them holds, or the study knows nothing of the snapshot.
    is_simulation_gone: one of them holds simulated answers, and the study has none left.
    """
    wanted = set(snapshot_ids)
    records = snapshot_records(study, wanted) if wanted else {}
    n_simulated = statistics.n_simulated if statistics else 0
    return {
        "is_taken_back": len(records) < len(wanted) or any(each.contains_withdrawn for each in records.values()),
        "is_simulation_gone": not n_simulated and any(each.n_simulated for each in records.values()),
    }


def of_both(first: dict[str, bool], second: dict[str, bool]) -> dict[str, bool]:
    """Of results that rest on two studies."""
    return {name: first[name] or second[name] for name in first}
