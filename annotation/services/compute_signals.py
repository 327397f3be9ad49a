"""Brings the signals of every study up to what people have answered, at a cost that follows the change.

Two steps, each safe to end anywhere: what changed is put into a queue (SignalQueue), and the queue is worked off in
batches, study by study, so that a large import in one study holds up no other. Nothing of this runs while an answer is
stored. One process at a time does it, by the lock of the mark: two could overlook each other's texts.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from annotation.models import (
    ExplanationText,
    PersonSignals,
    QualityRule,
    Response,
    ResponseSignals,
    SignalMark,
    SignalQueue,
    Stimulus,
    Study,
)
from annotation.quality.catalogue import measure_all
from annotation.quality.explanation_index import Copies, Written, compare_and_add
from annotation.quality.explanation_store import forget_unused
from annotation.quality.near_duplicates import is_same_writing, words_of
from annotation.quality.signal import Given
from annotation.quality.signals.one_emotion import FEWEST_ANSWERS, MOST_ANSWERS, variety
from annotation.quality.signals.visible_words import FEWEST_OTHERS, common_stems, stems_of
from annotation.queries import changes_since, has_changed_since
from annotation.services.act_on_flags import act_on_due_flags
from annotation.services.raise_flags import raise_flags

logger = logging.getLogger(__name__)

BATCH = 300
MOST_SECONDS = 15.0
#: A person's own signals are counted anew once so many of her answers are new.
PERSON_EVERY = 5
SAMPLE_TEXTS = 400

_QUEUE_CHANGED = """
    insert into annotation_signalqueue (response_id, study_id)
    select r.id, r.study_id from annotation_response r
    where r.stimulus_id = any(%(stimuli)s)
      and not pg_visible_in_snapshot(r.changed_xid::text::xid8, %(seen)s::pg_snapshot)
    union
    select s.response_id, s.study_id from annotation_responsesignals s
    where s.stimulus_id = any(%(stimuli)s)
      and not exists (select 1 from annotation_response r where r.id = s.response_id)
    on conflict (response_id) do nothing
"""
_QUEUE_EVERYTHING = """
    insert into annotation_signalqueue (response_id, study_id)
    select id, study_id from annotation_response
    union
    select response_id, study_id from annotation_responsesignals
    on conflict (response_id) do nothing
"""
_NEXT_STUDY = "select min(study_id) from annotation_signalqueue where study_id > %s"
# by their digests, which are as good as drawn by lot; ids are shared with all other studies
_SAMPLE = "select words from annotation_explanationtext where study_id = %(study)s order by digest limit %(n)s"
_ANSWERS = """
    select a.participation_id, a.stimulus_id, a.label from unnest(%(people)s::bigint[]) as p (id)
    cross join lateral (
      select s.participation_id, s.stimulus_id, s.label, s.response_id from annotation_responsesignals s
      where s.participation_id = p.id order by s.response_id desc limit %(n)s
    ) a order by a.participation_id, a.response_id
"""
_LABELS = """
    select stimulus_id, label, count(*) from annotation_response
    where stimulus_id = any(%s) and status = 'accepted' and label <> '' group by 1, 2
"""


@dataclass(frozen=True)
class Computed:
    """What one call did. busy: another one is at work. n_left: responses still in the queue when the time was up."""

    n_responses: int = 0
    n_flags: int = 0
    n_left: int = 0
    busy: bool = False


def compute_signals(*, most_seconds: float = MOST_SECONDS, study: Study | None = None, wait: bool = False) -> Computed:
    """Computes what is due until nothing is, or the time is up; then acts on what the rules found.

    study: only of this one. wait: wait for another process that is at work, instead of leaving the changes to it.
    Where nothing changed it costs one look at the mark, one at two indexes and one at the empty queue.
    """
    until = time.monotonic() + most_seconds
    if not note_changes(wait=wait):
        return Computed(busy=True)
    n_responses = n_flags = 0
    last = 0
    while time.monotonic() < until:
        study_id = study.pk if study else _next_study(last)
        if study_id is None:
            if last == 0:
                break
            last = 0
            continue
        with transaction.atomic():
            if _lock_mark(wait=wait) is None:
                return Computed(n_responses, n_flags, busy=True)
            n, n_found = _compute_batch(study_id)
        n_responses, n_flags, last = n_responses + n, n_flags + n_found, study_id
        if study and not n:
            break
    act_on_due_flags()
    left = SignalQueue.objects.filter(**({"study_id": study.pk} if study else {}))
    return Computed(n_responses, n_flags, left.count() if time.monotonic() >= until else 0)


def note_changes(*, wait: bool = False) -> bool:
    """Puts every response that changed since the last look into the queue. False: somebody else is at it."""
    seen = SignalMark.objects.filter(name=SignalMark.CHANGES).values_list("seen", flat=True).first()
    if seen and not has_changed_since(seen):
        return True
    with transaction.atomic():
        mark = _lock_mark(wait=wait)
        if mark is None:
            return False
        changes = changes_since(mark.seen or None)
        with connection.cursor() as cursor:
            if changes.started_anew:
                cursor.execute(_QUEUE_EVERYTHING)
            else:
                stimuli = [stimulus_id for ids in changes.stimuli.values() for stimulus_id in ids]
                cursor.execute(_QUEUE_CHANGED, {"stimuli": stimuli, "seen": mark.seen})
        mark.seen = changes.seen
        mark.save(update_fields=["seen"])
    return True


def compute_unseen(*, study: Study) -> None:
    """Computes the signals of all responses of a study that no other transaction sees (a rehearsal's copy).

    Without the queue and its lock, which would hold up the signals of all studies until the caller's transaction ends.
    """
    ids = list(Response.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _compute(study, ids[start : start + BATCH])


def _lock_mark(*, wait: bool) -> SignalMark | None:
    SignalMark.objects.get_or_create(name=SignalMark.CHANGES)
    return SignalMark.objects.select_for_update(skip_locked=not wait).filter(name=SignalMark.CHANGES).first()


def _next_study(last: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_STUDY, [last])
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] is not None else None


def _compute_batch(study_id: int) -> tuple[int, int]:
    """The study's oldest responses in the queue. Returns how many there were, and how many flags they raised."""
    ids = list(
        SignalQueue.objects.filter(study_id=study_id)
        .order_by("study_id", "response_id")
        .values_list("response_id", flat=True)[:BATCH]
    )
    n_flags = 0
    try:
        with transaction.atomic():
            study = Study.objects.filter(pk=study_id).first()
            n_flags = _compute(study, ids) if study else _forget(ids)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the queue stays as it is
    except Exception:
        # a fault in one study's answers must not hold up all others: said loudly, and tried again when they change
        logger.exception("The signals of %s responses of study %s cannot be computed.", len(ids), study_id)
    SignalQueue.objects.filter(pk__in=ids).delete()
    return len(ids), n_flags


def _compute(study: Study, ids: list[int]) -> int:
    responses = list(
        Response.objects.filter(pk__in=ids)
        .exclude(status=Response.WITHDRAWN)
        .order_by("pk")
        .only(
            "pk", "study_id", "stimulus_id", "participation_id", "answers", "label", "revision", "duration_ms",
            "signals", "language", "status",
        )
    )  # fmt: skip
    before = ResponseSignals.objects.in_bulk(ids)
    _forget(set(ids) - {response.pk for response in responses})
    if not responses:
        return 0
    texts = _texts(study, responses)
    copies = _compare(study, responses, texts, before)
    text_steps = [step.name for step in study.parsed_steps if step.kind.name == "text"]
    visible, common = _surroundings(study, responses, copies) if text_steps else ({}, None)
    now = timezone.now()
    rows = []
    for response in responses:
        found = copies[response.pk]
        given = Given(
            text=texts[response.pk],
            words=found.words,
            duration_ms=response.duration_ms,
            page=response.signals,
            text_steps=text_steps,
            language=response.language,
            copies=found,
            visible=visible.get(response.pk),
            common=common,
        )
        rows.append(
            ResponseSignals(
                response_id=response.pk,
                study_id=study.pk,
                stimulus_id=response.stimulus_id,
                participation_id=response.participation_id,
                revision=response.revision,
                label=response.label,
                text_id=found.text_id,
                copied_from_self_id=found.self_response,
                copied_from_other_id=found.other_response,
                signals=measure_all(given),
                computed_at=now,
            )
        )
    ResponseSignals.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["response_id"],
        update_fields=[
            "revision", "label", "text_id", "copied_from_self_id", "copied_from_other_id", "signals", "computed_at",
        ],
    )  # fmt: skip
    forget_unused(
        old.text_id for pk, old in before.items() if pk in copies and old.text_id and old.text_id != copies[pk].text_id
    )
    _compute_people(study, {row.participation_id for row in rows})
    if not QualityRule.objects.filter(study=study, is_on=True).exists():
        return 0
    return raise_flags(study=study, rows=rows)


def _forget(ids: Iterable[int]) -> int:
    """Deletes the signals of responses that were withdrawn or deleted, and texts that nobody else has written."""
    gone = ResponseSignals.objects.filter(pk__in=list(ids))
    text_ids = [text_id for text_id in gone.values_list("text_id", flat=True) if text_id]
    gone.delete()
    forget_unused(text_ids)
    return 0


def _texts(study: Study, responses: Sequence[Response]) -> dict[int, str]:
    names = [step.name for step in study.parsed_steps if step.kind.name == "text"]
    return {
        response.pk: "\n".join(str(response.answers[name]) for name in names if response.answers.get(name))
        for response in responses
    }


def _compare(
    study: Study, responses: Sequence[Response], texts: dict[int, str], before: dict[int, ResponseSignals]
) -> dict[int, Copies]:
    """What was found for each response. A text that did not change is not compared again: later ones may be like it.

    Nor is one that only had a slip mended: what others wrote meanwhile came after it.
    """
    found: dict[int, Copies] = {}
    fresh = []
    for response in responses:
        old = before.get(response.pk)
        if old is not None and old.revision == response.revision:
            found[response.pk] = Copies(
                text_id=old.text_id,
                words=words_of(texts[response.pk]),
                from_self=old.signals.get("copied_from_self"),
                from_other=old.signals.get("copied_from_other"),
                self_response=old.copied_from_self_id,
                other_response=old.copied_from_other_id,
            )
        else:
            fresh.append(response)
    written = [Written(response.pk, response.participation_id, texts[response.pk]) for response in fresh]
    words_before = _words_before(before[response.pk] for response in fresh if response.pk in before)
    for response, copies in zip(fresh, compare_and_add(study.pk, written), strict=True):
        old = before.get(response.pk)
        if old is not None and is_same_writing(words_before.get(old.text_id, []), copies.words):
            copies.from_self, copies.self_response = old.signals.get("copied_from_self"), old.copied_from_self_id
            copies.from_other, copies.other_response = old.signals.get("copied_from_other"), old.copied_from_other_id
        found[response.pk] = copies
    return found


def _words_before(rows: Iterable[ResponseSignals]) -> dict[int | None, list[str]]:
    """By text, the words that these responses had."""
    ids = [row.text_id for row in rows if row.text_id]
    if not ids:
        return {}
    return {pk: words.split(" ") for pk, words in ExplanationText.objects.filter(pk__in=ids).values_list("pk", "words")}


def _surroundings(
    study: Study, responses: Sequence[Response], copies: dict[int, Copies]
) -> tuple[dict[int, frozenset[str] | None], frozenset[str] | None]:
    """By response the words that stand for what can be seen on its stimulus; and the study's usual words."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"study": study.pk, "n": SAMPLE_TEXTS})
        common = common_stems(row[0].split(" ") for row in cursor.fetchall())
    if common is None:
        return {}, None
    stimulus_ids = list({response.stimulus_id for response in responses})
    own_words = {
        pk: _words_of_stimulus(name, description, metadata)
        for pk, name, description, metadata in Stimulus.objects.filter(pk__in=stimulus_ids).values_list(
            "pk", "name", "description", "metadata"
        )
    }
    written: dict[int, list[tuple[int, set[str]]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.stimulus_id, s.response_id, t.words from annotation_responsesignals s"
            " join annotation_explanationtext t on t.id = s.text_id where s.stimulus_id = any(%s)",
            [stimulus_ids],
        )
        for stimulus_id, response_id, words in cursor:
            if response_id not in copies:
                written[stimulus_id].append((response_id, stems_of(words.split(" "))))
    for response in responses:
        written[response.stimulus_id].append((response.pk, stems_of(copies[response.pk].words)))
    visible: dict[int, frozenset[str] | None] = {}
    for response in responses:
        others = [stems for pk, stems in written[response.stimulus_id] if pk != response.pk]
        own = own_words.get(response.stimulus_id, set())
        if own or len(others) >= FEWEST_OTHERS:
            visible[response.pk] = frozenset(own.union(*others))
    return visible, common


def _words_of_stimulus(name: str, description: str, metadata: dict[str, Any]) -> set[str]:
    said = [description, *(value for value in metadata.values() if isinstance(value, str))]
    if not any(said):
        said = [name.rsplit("/", 1)[-1].rpartition(".")[0].replace("_", " ")]
    # numbers and file names of a camera name nothing
    return {stem for stem in stems_of(words_of(" ".join(said))) if not any(sign.isdigit() for sign in stem)}


def _compute_people(study: Study, people: set[int]) -> None:
    """Counts the signals of those who have given enough new answers since the last time."""
    if not study.labels:
        return
    n_answers = _n_answers(people)
    counted = dict(PersonSignals.objects.filter(pk__in=people).values_list("pk", "n_answers"))
    due = [
        pk for pk in people
        if n_answers.get(pk, 0) >= FEWEST_ANSWERS and abs(n_answers[pk] - counted.get(pk, 0)) >= PERSON_EVERY
    ]  # fmt: skip
    if not due:
        return
    answers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"people": due, "n": MOST_ANSWERS})
        for person, stimulus_id, label in cursor:
            answers[person].append((stimulus_id, label))
        labels: dict[int, Counter[str]] = defaultdict(Counter)
        cursor.execute(_LABELS, [list({stimulus_id for rows in answers.values() for stimulus_id, _ in rows})])
        for stimulus_id, label, n in cursor:
            labels[stimulus_id][label] = n
    now = timezone.now()
    rows = []
    for person, given in answers.items():
        others = [labels[stimulus_id] - Counter([label]) for stimulus_id, label in given]
        found = variety([label for _, label in given], others, seed=person)
        rows.append(
            PersonSignals(
                participation_id=person,
                study_id=study.pk,
                signals={"one_emotion": round(found.high, 3) if found else None},
                details={"one_emotion": found.__dict__} if found else {},
                n_answers=n_answers[person],
                computed_at=now,
            )
        )
    PersonSignals.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["participation_id"],
        update_fields=["signals", "details", "n_answers", "computed_at"],
    )


def _n_answers(people: set[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select participation_id, count(*) from annotation_responsesignals"
            " where participation_id = any(%s) group by 1",
            [list(people)],
        )
        return dict(cursor.fetchall())
