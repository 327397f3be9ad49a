"""A person answers an assignment. One transaction; after it the answer is there, whatever happens."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.care.lending import limits_now
from annotation.errors import AlreadyAnswered, AssignmentGone
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.people.consent import consent_changed
from annotation.prepared import from_row, insert_values
from annotation.services.answer_statements import COUNT, LOCK, LOCK_SLOTS, SAVE, SHOWN, save_and_lend
from annotation.services.assign import (
    HELD_AHEAD,
    HeldAssignment,
    gets_work,
    lend_ahead,
    lend_values,
    note_lent,
    options_shown,
    ring_parts,
)
from annotation.services.caps import keep_promise, note_answer, use_promise
from annotation.services.lock_participation import lock_participation, taking_part
from annotation.services.offers import assignment_of_offer
from annotation.steps import clean_answers, nominal_label

MOST_SIGNALS = 40
MOST_SIGNAL_CHARACTERS = 100


@dataclass(frozen=True)
class Submitted:
    """response: with its stimulus and, if it is new, with the participation as it is now.
    held: what the person holds afterwards; None = not asked for, or nothing new was saved.
    """

    response: Response
    repeated: bool
    held: list[HeldAssignment] | None = None


def submit_response(
    *,
    study: Study,
    participation: Participation,
    assignment_id: int | None = None,
    offer: str = "",
    client_key: uuid.UUID,
    answers: dict[str, Any],
    duration_ms: int | None = None,
    signals: dict[str, Any] | None = None,
    device: str = "",
    theme: str = "",
    lend: bool = False,
) -> Submitted:
    """Keeps the answer to an assignment, or to an offer (its token, services/offers.py) that was shown without one.

    The same key again finds the first answer; nothing a person wrote is thrown away.

    A live lease keeps its slot. A lease that ran out takes a slot if one is open, else the answer is kept as surplus.
    lend: also lend ahead, in the same transaction; the counts of the given `participation` are brought up to date.
    Raises InvalidInput, AlreadyAnswered (another key was first), AssignmentGone, NotTakingPart, ConsentChanged (the
    text is another one by now: she agrees to it first, and the answer waits on her device).
    """
    steps = study.parsed_steps
    cleaned = clean_answers(steps, answers)
    try:
        with transaction.atomic():
            locked = None
            if offer:
                locked = lock_participation(participation)
                assignment_id = assignment_of_offer(locked, offer)
            row = LOCK.row(assignment=assignment_id, participation=participation.pk, study=study.pk)
            if assignment_id is None or row is None or row[0] not in (Assignment.LEASED, Assignment.EXPIRED):
                locked = lock_participation(participation)
                return Submitted(_first_answer(locked, assignment_id, client_key), repeated=True)
            state, sequence, is_simulated, consent_hash, must_agree_again = row[:5]
            stimulus = from_row(Stimulus, row[5 : 5 + len(SHOWN)], SHOWN)
            locked = locked or taking_part(from_row(Participation, row[5 + len(SHOWN) :]))
            if must_agree_again:
                raise consent_changed()
            promised = not study.limits or use_promise(locked, study)
            holds_slot = promised and (state == Assignment.LEASED or _slot_is_open(stimulus))
            if promised and not holds_slot:
                keep_promise(locked, study)
            now = timezone.now()
            if study.limits:
                note_answer(locked, study, now)
            response = Response(
                assignment_id=assignment_id,
                study=study,
                stimulus=stimulus,
                participation=locked,
                client_key=client_key,
                status=Response.ACCEPTED if holds_slot else Response.SURPLUS,
                answers=cleaned,
                label=nominal_label(steps, cleaned),
                options_shown=options_shown(locked, study),
                sequence=sequence,
                duration_ms=duration_ms,
                signals=_kept_signals(signals),
                language=locked.language,
                device=device[:12],
                theme=theme[:12],
                consent_hash=consent_hash,
                is_simulated=is_simulated,
                created_at=now,
                updated_at=now,
            )
            held = _save(response, study, lend=lend)
    except IntegrityError:
        # the key was used for another assignment before; everything above is undone
        used = Response.objects.filter(participation=participation, client_key=client_key).first()
        if used is None:
            raise
        return Submitted(used, repeated=True)
    participation.n_answered, participation.n_skipped = locked.n_answered, locked.n_skipped
    return Submitted(response, repeated=False, held=held)


def _save(response: Response, study: Study, *, lend: bool) -> list[HeldAssignment] | None:
    """Stores the new response, its assignment's end and the person's counts; lend: the next image, too.

    Returns what she holds afterwards, None where that was not asked for.
    """
    locked = response.participation
    accepted = response.status == Response.ACCEPTED
    values = insert_values(response)
    values["state"] = Assignment.ANSWERED if accepted else Assignment.SURPLUS
    locked.n_answered += 1
    if lend and accepted and gets_work(locked, study) and not study.limits:
        held = _save_and_lend(response, study, values)
        if len(held) == HELD_AHEAD:
            return held
        before = locked.next_sequence
        held = lend_ahead(locked, study, held=held)
        if locked.next_sequence != before:
            _count(locked)
        return held
    [(response.pk,)] = SAVE.rows(**values)
    all_held = lend_ahead(locked, study) if lend else None
    _count(locked)
    return all_held


def _count(locked: Participation) -> None:
    COUNT.rows(
        n_answered=locked.n_answered, next_sequence=locked.next_sequence, ring_place=locked.ring_place, id=locked.pk
    )


def _save_and_lend(response: Response, study: Study, values: dict[str, Any]) -> list[HeldAssignment]:
    """The usual case in one statement: one image is answered, the next comes from her place in the ring on."""
    locked, n_held = response.participation, HELD_AHEAD - 1
    limits = limits_now(locked, study, n_held)
    rows = save_and_lend(ring_parts(locked, study)[0] + limits.sql).rows(
        **values, **lend_values(locked, study, limits, again=False), n_answered=locked.n_answered, n_held=n_held
    )
    response.pk = rows[0][0]
    held = []
    for _pk, *of_held, ring_place in rows:
        if of_held[0] is None:
            continue
        held.append(HeldAssignment(*of_held))
        if ring_place is not None:
            note_lent(locked, study, held[-1], n_held, ring_place)
    return held


def _kept_signals(signals: dict[str, Any] | None) -> dict[str, Any]:
    """What the page measured: named numbers, yes or no, short words. Anything else is dropped, never the answer."""
    kept: dict[str, Any] = {}
    for name, value in (signals or {}).items():
        is_number = isinstance(value, bool | int | float) and abs(value) < 1e15
        is_word = isinstance(value, str) and len(value) <= MOST_SIGNAL_CHARACTERS and value.isprintable()
        if (is_number or is_word) and name.isidentifier() and len(name) <= MOST_SIGNAL_CHARACTERS:
            kept[name] = value
        if len(kept) == MOST_SIGNALS:
            break
    return kept


def _first_answer(locked: Participation, assignment_id: int | None, client_key: uuid.UUID) -> Response:
    """What this key saved before; if it saved nothing, says why it cannot now."""
    used = Response.objects.filter(participation=locked, client_key=client_key).select_related("stimulus").first()
    if used:
        return used
    assignment = Assignment.objects.filter(pk=assignment_id or 0, participation=locked).first()
    if assignment is None:
        raise AssignmentGone(_("This image is not assigned to you. Reload the page to go on."))
    if assignment.state in (Assignment.ANSWERED, Assignment.SURPLUS):
        response = Response.objects.select_related("stimulus").get(assignment=assignment)
        raise AlreadyAnswered(_("You have answered this image already; that answer stands."), response=response)
    raise AssignmentGone(_("You skipped or took back this image before; your answer to it was not stored."))


def _slot_is_open(stimulus: Stimulus) -> bool:
    """Whether an answer whose lease ran out may count. Locks the stimulus, so that nobody takes the slot in between."""
    row = LOCK_SLOTS.row(stimulus=stimulus.pk)
    return bool(row and row[0] > 0)
