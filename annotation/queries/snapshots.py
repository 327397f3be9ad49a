"""Snapshots of a study, and what was withdrawn since."""

from annotation.models import Response, SnapshotRecord, Study


def snapshots_with_withdrawn() -> list[str]:
    """Ids of all snapshots that hold what was withdrawn since they were frozen."""
    return list(SnapshotRecord.objects.filter(contains_withdrawn=True).values_list("snapshot_id", flat=True).distinct())


def snapshots_of(study: Study) -> dict[str, SnapshotRecord]:
    """The study's frozen snapshots by id, the newest first."""
    return {record.snapshot_id: record for record in SnapshotRecord.objects.filter(study=study)}


def withdrawn_answers(study: Study) -> set[tuple[str, str]]:
    """(stimulus key, pseudonym) of every response of the study that was taken back: what a snapshot may still hold."""
    rows = Response.objects.filter(study=study, status=Response.WITHDRAWN)
    return set(rows.values_list("stimulus__key", "participation__annotator__pseudonym"))


def snapshot_record(study: Study, snapshot_id: str) -> SnapshotRecord | None:
    return SnapshotRecord.objects.filter(study=study, snapshot_id=snapshot_id).first()
