"""Snapshots of a study, and what was withdrawn since."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

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


def frozen_at(study: Study, snapshot_id: str) -> datetime:
    """When the study was first frozen as this snapshot; now where it has no row of it."""
    record = snapshot_record(study, snapshot_id)
    return record.created_at if record else timezone.now()


def snapshot_records(study: Study, snapshot_ids: Collection[str]) -> dict[str, SnapshotRecord]:
    """The study's rows of these snapshots, by id."""
    rows = SnapshotRecord.objects.filter(study=study, snapshot_id__in=snapshot_ids)
    return {record.snapshot_id: record for record in rows}
