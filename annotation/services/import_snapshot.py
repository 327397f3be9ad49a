"""Brings a whole snapshot back as a study: same statistics, same snapshot id."""

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotation.care.frozen import apart, care_of_snapshot
from annotation.care.strength import follow_care
from annotation.errors import InvalidInput
from annotation.models import (
    Annotator,
    Assignment,
    ConsentText,
    Membership,
    Participation,
    Response,
    ResponseRevision,
    Stimulus,
    Study,
)
from annotation.models.annotator import random_code
from annotation.models.study import consent_hash
from annotation.services.copy_in import copy_rows, next_ids
from annotation.services.create_study import unique_slug
from annotation.services.freeze_snapshot import Progress
from annotation.services.store_image import start_derivation
from annotation.steps import Step, clean_answers, clean_steps, nominal_label, parse_steps
from snapshots.archive import extract_archive
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name
from snapshots.reader import Snapshot, open_snapshot
from snapshots.schema import STUDY_KEYS
from snapshots.verify import verify

BATCH = 2_000


def import_snapshot(*, folder: Path, user: Any = None, progress: Progress = lambda done, total: None) -> Study:
    """Makes a closed study out of a snapshot folder, all or nothing. Raises InvalidInput with what is wrong."""
    problems = verify(folder)
    if problems:
        raise InvalidInput(
            f"The snapshot is damaged, so nothing was imported: {' '.join(problems[:5])}", {"file": problems[:50]}
        )
    snapshot = open_snapshot(folder)
    description = snapshot.study
    if missing := [key for key in STUDY_KEYS if key not in description]:
        raise InvalidInput(
            f"The snapshot does not say the study's {', '.join(missing)}, so no study can be made of it; nothing was "
            "imported."
        )
    steps = clean_steps(description["steps"])
    if steps != description["steps"]:
        raise InvalidInput(
            "The snapshot's steps were written by another version of Commonground; nothing was imported."
        )
    care = care_of_snapshot(description)
    for row in description["consents"]:
        if consent_hash(row["markdown"]) != row["hash"]:
            raise InvalidInput(f"Consent text {row['hash'][:12]} does not have this hash; nothing was imported.")
    # before the rows: a study without its images would be half of it, and an image without a study does no harm
    new_images = _images(snapshot)
    with transaction.atomic():
        study = Study.objects.create(
            slug=unique_slug(description["title"]),
            title=description["title"],
            description=description["description"],
            template=description["template"],
            steps=steps,
            wanted_responses=description["wanted_responses"],
            instructions=description["instructions"],
            consent=description.get("consent", ""),
            care=care,
            n_withdrawn_before=description["n_withdrawn"],
            completion_code=random_code(),
            state=Study.CLOSED,
            created_by=user,
        )
        if user is not None:
            Membership.objects.create(study=study, user=user, role=Membership.MANAGER)
        consents = {
            row["hash"]: ConsentText.objects.create(study=study, hash=row["hash"], markdown=row["markdown"])
            for row in description["consents"]
        }
        stimuli = _stimuli(study, snapshot)
        participations = _participations(study, snapshot, consents)
        responses = _responses(study, snapshot, stimuli, participations, parse_steps(steps), progress)
        _revisions(snapshot, responses, parse_steps(steps))
        follow_care(study, {})
        start_derivation(study, new_images)
    return study


def import_archive(
    *, file: IO[bytes], parent: Path, user: Any = None, progress: Progress = lambda done, total: None
) -> Study:
    """The same for a snapshot as one zip, unpacked below `parent`. Raises InvalidInput."""
    try:
        snapshot = extract_archive(file, parent)
    except SnapshotError as error:
        raise InvalidInput(f"{error} Nothing was imported.") from error
    return import_snapshot(folder=snapshot.folder, user=user, progress=progress)


def _stimuli(study: Study, snapshot: Snapshot) -> dict[str, int]:
    accepted: Counter[str] = Counter()
    for batch in snapshot.responses(["stimulus_key"], accepted_only=True):
        accepted.update(batch.column("stimulus_key").to_pylist())
    rows = snapshot.stimuli().to_pylist()
    for start in range(0, len(rows), BATCH):
        made = []
        for row in rows[start : start + BATCH]:
            wanted = max(study.wanted_responses, accepted[row["stimulus_key"]])
            metadata, said = apart(json.loads(row["metadata"]))
            made.append(
                Stimulus(
                    study=study,
                    key=row["stimulus_key"],
                    source_dataset=row["source_dataset"],
                    name=row["name"],
                    description=row["description"],
                    metadata=metadata,
                    **said,
                    image_sha256=row["image_sha256"] or "",
                    width=row["width"],
                    height=row["height"],
                    bytes=row["bytes"],
                    rank=secrets.randbits(63),
                    wanted=wanted,
                    open_slots=wanted,
                )
            )
        Stimulus.objects.bulk_create(made)
    return dict(Stimulus.objects.filter(study=study).values_list("key", "pk"))


def _participations(study: Study, snapshot: Snapshot, consents: dict[str, ConsentText]) -> dict[str, Participation]:
    rows = snapshot.participations().to_pylist()
    pseudonyms = [row["annotator"] for row in rows]
    known = set(Annotator.objects.filter(pseudonym__in=pseudonyms).values_list("pseudonym", flat=True))
    Annotator.objects.bulk_create(
        (
            Annotator(pseudonym=row["annotator"], is_simulated=row["is_simulated"])
            for row in rows
            if row["annotator"] not in known
        ),
        batch_size=BATCH,
    )
    annotators = dict(Annotator.objects.filter(pseudonym__in=pseudonyms).values_list("pseudonym", "pk"))
    for row in rows:
        if row["consent_hash"] not in consents:
            raise InvalidInput(f"Annotator {row['annotator']}: the consent text {row['consent_hash'][:12]} is missing.")
    Participation.objects.bulk_create(
        (
            Participation(
                study=study,
                annotator_id=annotators[row["annotator"]],
                consent=consents[row["consent_hash"]],
                language=row["language"],
                cohort=row["cohort"],
                started_at=row["started_at"],
                finished_at=row["finished_at"],
                is_imported=True,  # the same pseudonym may be somebody's of another study here
            )
            for row in rows
        ),
        batch_size=BATCH,
    )
    found = Participation.objects.filter(study=study).select_related("annotator")
    return {participation.annotator.pseudonym: participation for participation in found}


_ASSIGNMENT_COLUMNS = [
    "id", "study_id", "stimulus_id", "participation_id", "state", "sequence", "leased_at", "expires_at", "skip_reason"
]  # fmt: skip
_RESPONSE_COLUMNS = [
    "id", "assignment_id", "study_id", "stimulus_id", "participation_id", "client_key", "status", "answers", "label",
    "options_shown", "sequence", "duration_ms", "signals", "language", "device", "theme", "consent_hash",
    "is_simulated", "revision", "created_at", "updated_at",
]  # fmt: skip
_COUNTERS = """
    update annotation_participation p set n_answered = d.n, next_sequence = d.last + 1
    from (
      select participation_id, count(*) as n, max(sequence) as last from annotation_response
      where study_id = %s group by participation_id
    ) d
    where p.id = d.participation_id
"""


def _responses(
    study: Study,
    snapshot: Snapshot,
    stimuli: dict[str, int],
    participations: dict[str, Participation],
    steps: list[Step],
    progress: Progress,
) -> dict[str, int]:
    """Returns the database id of each response key that has been revised."""
    revised: dict[str, int] = {}
    people = {pseudonym: participation.pk for pseudonym, participation in participations.items()}
    done = 0
    with connection.cursor() as cursor:
        for batch in snapshot.responses():
            for start in range(0, batch.num_rows, BATCH):
                piece = batch.slice(start, BATCH).to_pylist()
                assignment_ids = next_ids(cursor, "annotation_assignment", len(piece))
                response_ids = next_ids(cursor, "annotation_response", len(piece))
                places = [(study.pk, stimuli[row["stimulus_key"]], people[row["annotator"]]) for row in piece]
                copy_rows(
                    cursor,
                    "annotation_assignment",
                    _ASSIGNMENT_COLUMNS,
                    (
                        (pk, *place, _state(row), row["sequence"], row["created_at"], row["created_at"], "")
                        for pk, place, row in zip(assignment_ids, places, piece, strict=True)
                    ),
                )
                copy_rows(
                    cursor,
                    "annotation_response",
                    _RESPONSE_COLUMNS,
                    (
                        (pk, assignment, *place, *_response(row, steps))
                        for pk, assignment, place, row in zip(response_ids, assignment_ids, places, piece, strict=True)
                    ),
                )
                revised |= {
                    row["response_key"]: pk for pk, row in zip(response_ids, piece, strict=True) if row["revision"]
                }
                done += len(piece)
                progress(done, snapshot.n_responses)
        cursor.execute(_COUNTERS, [study.pk])
    return revised


def _state(row: dict[str, Any]) -> str:
    return Assignment.ANSWERED if row["status"] == Response.ACCEPTED else Assignment.SURPLUS


def _response(row: dict[str, Any], steps: list[Step]) -> tuple[Any, ...]:
    """The cells from client_key on."""
    answers = clean_answers(steps, dict(_answers(steps, row)))
    return (
        row["response_key"],
        row["status"],
        json.dumps(answers, ensure_ascii=False),
        nominal_label(steps, answers),
        row["options_shown"],
        row["sequence"],
        row["duration_ms"],
        row["signals"],
        row["language"],
        row["device"],
        row["theme"],
        row["consent_hash"],
        row["is_simulated"],
        row["revision"],
        row["created_at"],
        row["created_at"],
    )


def _answers(steps: list[Step], row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for step in steps:
        cells = [row[field.name] for field in step.columns()]
        yield step.name, step.kind.answer_from_cells(step.options, cells)


def _revisions(snapshot: Snapshot, responses: dict[str, int], steps: list[Step]) -> None:
    rows = snapshot.revisions().to_pylist()
    ResponseRevision.objects.bulk_create(
        (
            ResponseRevision(
                response_id=responses[row["response_key"]],
                number=row["number"],
                client_key=uuid.uuid4(),
                answers=dict(_answers(steps, row)),
                label=nominal_label(steps, dict(_answers(steps, row))),
                created_at=row["created_at"],
            )
            for row in rows
        ),
        batch_size=BATCH,
    )


def _images(snapshot: Snapshot) -> list[str]:
    """Stored under their hash; one that is there already is the same. Returns the hashes of the others."""
    if not snapshot.has_images:
        return []
    found = {sha256 for sha256 in snapshot.stimuli()["image_sha256"].to_pylist() if sha256}
    new = [sha256 for sha256 in sorted(found) if not default_storage.exists(image_name(sha256))]
    for sha256 in new:
        default_storage.save(image_name(sha256), ContentFile(snapshot.image_bytes(sha256)))
    return new
