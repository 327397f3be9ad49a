"""What a version learned from that an earlier one had not, and the other way round: response by response."""

from collections import Counter
from typing import Any

from modelserve.errors import ModelServeError
from modelserve.models import Network
from modelserve.services.open_study_snapshot import open_study_snapshot
from snapshots.reader import Snapshot


def what_changed(base: Network, network: Network, newest: Snapshot) -> dict[str, Any]:
    """What a version's data have that the base's have not, and the other way round; counts None where one is gone."""
    facts: dict[str, Any] = {"network": network.pk, "version": network.version, "snapshot_id": network.snapshot_id}
    if network.snapshot_id == base.snapshot_id:
        return facts | {"is_same": True}
    try:
        ours, theirs = (_snapshot_of(one, newest) for one in (network, base))
    except ModelServeError as error:
        return facts | {"is_same": False, "why": str(error)}
    mine, before = _keys(ours), _keys(theirs)
    stimuli, stimuli_before = ({key for key, _ in one.values()} for one in (mine, before))
    labels, labels_before = (Counter(label for _, label in one.values()) for one in (mine, before))
    return facts | {
        "is_same": False,
        "n_added": len(mine.keys() - before.keys()),
        "n_removed": len(before.keys() - mine.keys()),
        "n_changed": sum(mine[key] != before[key] for key in mine.keys() & before.keys()),
        "n_stimuli_added": len(stimuli - stimuli_before),
        "n_stimuli_removed": len(stimuli_before - stimuli),
        "shares": {
            str(label): [labels_before[label] / max(1, len(before)), labels[label] / max(1, len(mine))]
            for label in sorted(label for label in {*labels, *labels_before} if label is not None)
        },
    }


def _snapshot_of(network: Network, newest: Snapshot) -> Snapshot:
    if network.snapshot_id == newest.id:
        return newest
    return open_study_snapshot(network.training_run.snapshot_location, network.snapshot_id)


def _keys(snapshot: Snapshot) -> dict[str, tuple[str, str | None]]:
    """{response: (stimulus, label)} of the accepted ones."""
    step = next((str(step["name"]) for step in snapshot.study["steps"] if step["kind"] == "choice"), None)
    columns = ["response_key", "stimulus_key", *([step] if step else [])]
    found: dict[str, tuple[str, str | None]] = {}
    for batch in snapshot.responses(columns, accepted_only=True):
        table = [column.to_pylist() for column in batch.columns]
        for row in zip(*table, strict=True):
            found[row[0]] = (row[1], row[2] if step else None)
    return found
