"""Reads with a name a researcher would use; what other apps may know of this one."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import caches
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from annotation.models import Assignment, Participation, Response, SnapshotRecord, Stimulus, Study
from annotation.people.demographics import settings_of
from annotation.people.questions import questions_of

COUNT_SECONDS = 30


def n_available(study: Study) -> int:
    """Number of the study's stimuli, at most half a minute old: the annotator's progress line needs no more.

    Kept in the process, so that the way of a response needs nothing but the database.
    """
    key = f"n_stimuli/{study.pk}"
    count = caches["local"].get(key)
    if count is None:
        count = Stimulus.objects.filter(study=study).count()
        caches["local"].set(key, count, COUNT_SECONDS)
    return int(count)


def n_wanted(study: Study) -> int:
    """How many responses all stimuli of the study want together, at most half a minute old."""
    key = f"n_wanted/{study.pk}"
    wanted = caches["local"].get(key)
    if wanted is None:
        wanted = Stimulus.objects.filter(study=study).aggregate(n=Sum("wanted"))["n"] or 0
        caches["local"].set(key, wanted, COUNT_SECONDS)
    return int(wanted)


# What changed


@dataclass(frozen=True)
class Changes:
    """Which stimuli had a response inserted, changed or deleted since a reader looked last.

    seen: what the reader has seen with these; it gives this back the next time.
    stimuli: study id -> stimulus ids, ascending.
    started_anew: the database was restored elsewhere and its clock of transactions runs behind the reader's: nothing
        can be said about what changed, count everything.
    """

    seen: str
    stimuli: dict[int, list[int]]
    started_anew: bool = False


# Visible now and not visible in the transaction snapshot that the reader kept: then every change is found exactly
# once, as soon as it is committed, however late that is and however long other transactions run. The first condition
# alone is what the index answers. Rows of the asking transaction count as visible; rows stamped with a number that
# this server has not reached come from another server's backup, which `started_anew` covers.
_CHANGED = """
    select study_id, stimulus_id from {table}
    where changed_xid >= %(oldest)s
      and (changed_xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           or changed_xid = pg_current_xact_id_if_assigned()::text::bigint)
      and not pg_visible_in_snapshot(changed_xid::text::xid8, %(seen)s::pg_snapshot)
"""
_CHANGED_RESPONSES = _CHANGED.format(table="annotation_response")
_CHANGED_TOMBSTONES = _CHANGED.format(table="annotation_responsetombstone")


def _oldest_unseen(seen: str) -> int:
    """xmin of a transaction snapshot in PostgreSQL's spelling, xmin:xmax:running,running."""
    return int(seen.split(":", 1)[0])


def _with_own(snapshot: str, own: str | None) -> str:
    """The snapshot with the asking transaction among the running ones: PostgreSQL leaves it out, as it sees itself.

    What the asker writes after this is then found the next time, too.
    """
    oldest, next_one, running = snapshot.split(":")
    if own is None or int(own) >= int(next_one):
        return snapshot
    ids = sorted({int(own), *(int(number) for number in running.split(",") if number)})
    return f"{oldest}:{next_one}:{','.join(map(str, ids))}"


def has_changed_since(seen: str) -> bool:
    """Whether `changes_since` would find something. One query that reads two indexes from the mark onward."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(%(seen)s::pg_snapshot)"
            f" or exists ({_CHANGED_RESPONSES}) or exists ({_CHANGED_TOMBSTONES})",
            {"seen": seen, "oldest": _oldest_unseen(seen)},
        )
        return bool(cursor.fetchone()[0])


def changes_since(seen: str | None) -> Changes:
    """The stimuli whose responses changed since `seen` (None = never looked: started_anew).

    Call it inside the transaction that stores the new `seen`, or a crash in between loses changes.
    """
    with connection.cursor() as cursor:
        # Asked before the rows are read: what is committed in between is found now, and once more the next time.
        cursor.execute("select pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text")
        now = _with_own(*cursor.fetchone())
        if seen is None or int(now.split(":")[1]) < int(seen.split(":")[1]):
            return Changes(now, {}, started_anew=True)
        cursor.execute(
            f"{_CHANGED_RESPONSES} union {_CHANGED_TOMBSTONES} order by 1, 2",
            {"seen": seen, "oldest": _oldest_unseen(seen)},
        )
        stimuli: dict[int, list[int]] = {}
        for study_id, stimulus_id in cursor:
            stimuli.setdefault(study_id, []).append(stimulus_id)
    return Changes(now, stimuli)


# Studies, stimuli and responses, as plain rows

ACCEPTED, SURPLUS, WITHDRAWN = Response.ACCEPTED, Response.SURPLUS, Response.WITHDRAWN


@dataclass(frozen=True)
class CountedResponse:
    """What statistics need of one response. label: '' where the study has no label step or it was withdrawn."""

    stimulus_id: int
    participation_id: int
    label: str
    status: str
    is_simulated: bool
    created_at: datetime


@dataclass(frozen=True)
class StimulusFace:
    """What a list shows of a stimulus."""

    id: int
    key: str
    name: str
    description: str
    source_dataset: str
    image_sha256: str
    width: int | None
    height: int | None
    wanted: int


def studies_by_ids(study_ids: Iterable[int]) -> dict[int, Study]:
    return Study.objects.in_bulk(list(study_ids))


def studies_with_top_up() -> list[Study]:
    """Studies in which images get more people until their distributions are known (services/top_up.py)."""
    return list(Study.objects.exclude(top_up={}).order_by("pk"))


def studies_with_machine_texts() -> list[Study]:
    """Studies that show what a network wrote, after an answer (annotation/machine_texts)."""
    return list(Study.objects.filter(machine_texts__is_on=True).exclude(state=Study.CLOSED).order_by("pk"))


def study_of_slug(slug: str) -> Study | None:
    """For commands, which have no person to ask for rights."""
    return Study.objects.filter(slug=slug).first()


def ids_of_studies_with_responses() -> list[int]:
    return list(
        Study.objects.filter(pk__in=Response.objects.order_by().values("study_id").distinct())
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def stimulus_keys(stimulus_ids: Sequence[int]) -> dict[int, str]:
    """Key of each stimulus that still exists."""
    return dict(Stimulus.objects.filter(pk__in=stimulus_ids).values_list("pk", "key"))


def stimulus_ids_in_chunks(study: Study, size: int) -> Iterator[list[int]]:
    """The ids of all stimuli of a study, ascending, `size` at a time."""
    last = 0
    while ids := list(
        Stimulus.objects.filter(study=study, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]
    ):
        yield ids
        last = ids[-1]


def responses_to_count(stimulus_ids: Sequence[int]) -> Iterator[CountedResponse]:
    """All responses of these stimuli, of every status, ordered by stimulus and then by age."""
    rows = (
        Response.objects.filter(stimulus_id__in=stimulus_ids)
        .order_by("stimulus_id", "pk")
        .values_list("stimulus_id", "participation_id", "label", "status", "is_simulated", "created_at")
    )
    return (CountedResponse(*row) for row in rows.iterator(chunk_size=5_000))


@dataclass(frozen=True)
class Explained:
    """An accepted response's label ('' where the study has none), its words, and the group its person came in."""

    stimulus_id: int
    label: str
    text: str
    cohort: str


def explained_responses(study: Study, stimulus_ids: Sequence[int]) -> Iterator[Explained]:
    """The accepted responses of these stimuli with what was written in them, all steps but the label's together."""
    steps = [step for step in study.parsed_steps if step.labels is None]
    rows = (
        Response.objects.filter(stimulus_id__in=stimulus_ids, status=Response.ACCEPTED)
        .order_by("stimulus_id", "pk")
        .values_list("stimulus_id", "label", "answers", "participation__cohort")
    )
    for stimulus_id, label, answers, cohort in rows.iterator(chunk_size=5_000):
        text = " ".join(filter(None, (step.plain_text(answers) for step in steps)))
        yield Explained(stimulus_id, label, text, cohort)


def stimuli_with_images(study: Study) -> list[tuple[str, str]]:
    """(key, sha256 of the image) of the stimuli that have an image and an accepted response, ascending by key."""
    answered = Response.objects.filter(stimulus_id=OuterRef("pk"), status=Response.ACCEPTED)
    rows = Stimulus.objects.filter(Exists(answered), study=study).exclude(image_sha256="").order_by("key")
    return list(rows.values_list("key", "image_sha256"))


def texts_of_people(study: Study, stimulus_keys: Sequence[str]) -> tuple[dict[str, list[str]], int]:
    """({stimulus key: what was written about it}, how many of these the simulator made); the first step of words.

    Simulated texts stand in only where no person has written about any of these stimuli.
    """
    step = next((step for step in study.parsed_steps if step.kind.name == "text"), None)
    if step is None:
        return {}, 0
    rows = Response.objects.filter(study=study, status=Response.ACCEPTED, stimulus__key__in=list(stimulus_keys))
    by_people = rows.filter(is_simulated=False)
    simulated = not by_people.exists()
    texts: dict[str, list[str]] = defaultdict(list)
    chosen = (rows if simulated else by_people).order_by("pk").values_list("stimulus__key", "answers")
    for key, answers in chosen.iterator(chunk_size=5_000):
        if text := step.plain_text(answers).strip():
            texts[key].append(text)
    return dict(texts), sum(map(len, texts.values())) if simulated else 0


def stimulus_sources(stimulus_ids: Sequence[int]) -> dict[int, str]:
    return dict(Stimulus.objects.filter(pk__in=stimulus_ids).values_list("pk", "source_dataset"))


def cohorts_of(study: Study) -> list[str]:
    """The groups that people of the study came in, in order; '' (came by no named way) is none of them."""
    rows = Participation.objects.filter(study=study).exclude(cohort="").order_by("cohort")
    return list(rows.values_list("cohort", flat=True).distinct())


def sources_of(study: Study) -> list[str]:
    """The different source datasets of the study's stimuli, ascending."""
    names = Stimulus.objects.filter(study=study).order_by("source_dataset").values_list("source_dataset", flat=True)
    return list(names.distinct())


_FACE = ("id", "key", "name", "description", "source_dataset", "image_sha256", "width", "height", "wanted")


def stimuli_by_ids(stimulus_ids: Iterable[int]) -> dict[int, StimulusFace]:
    rows = Stimulus.objects.filter(pk__in=list(stimulus_ids)).values_list(*_FACE)
    return {row[0]: StimulusFace(*row) for row in rows}


def stimulus_by_key(study: Study, key: str) -> StimulusFace | None:
    row = Stimulus.objects.filter(study=study, key=key).values_list(*_FACE).first()
    return StimulusFace(*row) if row else None


def stimulus_ids_by_key(study: Study, keys: Iterable[str]) -> dict[str, int]:
    """{stimulus key: id}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "pk"))


def images_by_key(study: Study, keys: Iterable[str]) -> dict[str, str]:
    """{stimulus key: sha256 of its image, '' where it has none}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "image_sha256"))


def sources_by_key(study: Study, keys: Iterable[str]) -> dict[str, str]:
    """{stimulus key: the dataset it came from, '' where none is named}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "source_dataset"))


def texts_with_origins(study: Study, keys: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """{stimulus key: (whose it is, the text) as they were shown}, for those that showed texts; for results only."""
    rows = Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "metadata")
    found = {}
    for key, metadata in rows:
        shown, origins = (next(iter(metadata.get(name, {}).values()), []) for name in ("shown", "origins"))
        if shown and len(shown) == len(origins):
            found[key] = list(zip(map(str, origins), map(str, shown), strict=True))
    return found


def responses_of_stimulus(stimulus_id: int) -> QuerySet[Response]:
    """Accepted and surplus responses of a stimulus, the oldest first, with their annotators' pseudonyms."""
    return (
        Response.objects.filter(stimulus_id=stimulus_id)
        .exclude(status=Response.WITHDRAWN)
        .select_related("participation__annotator")
        .order_by("pk")
    )


def responses_to_stimuli(study: Study, keys: Iterable[str]) -> QuerySet[Response]:
    """Accepted responses to the stimuli of these keys, with their stimuli, the oldest first."""
    return (
        Response.objects.filter(study=study, stimulus__key__in=list(keys), status=Response.ACCEPTED)
        .select_related("stimulus")
        .order_by("pk")
    )


@dataclass(frozen=True)
class Said:
    """What one person wrote about a stimulus: all her texts as one, and the label she gave."""

    text: str
    label: str
    language: str
    is_simulated: bool


def accepted_texts_of_stimuli(study: Study, keys: Iterable[str]) -> dict[str, list[Said]]:
    """{stimulus key: what people wrote about it}, of accepted responses, the oldest first. One query."""
    steps = [step for step in study.parsed_steps if step.labels is None]
    responses = responses_to_stimuli(study, keys).select_related(None)
    rows = responses.values_list("stimulus__key", "answers", "label", "language", "is_simulated")
    found: dict[str, list[Said]] = {}
    for key, answers, label, language, is_simulated in rows:
        text = " ".join(text for text in (step.plain_text(answers) for step in steps) if text)
        if text:
            found.setdefault(key, []).append(Said(text, label or "", language, is_simulated))
    return found


def responses_of_participation(participation: Participation) -> QuerySet[Response]:
    """Accepted and surplus responses of one person in one study, the newest first, with their stimuli."""
    return (
        Response.objects.filter(participation=participation)
        .exclude(status=Response.WITHDRAWN)
        .select_related("stimulus")
        .order_by("-pk")
    )


def recent_responses(study: Study, n: int) -> list[Response]:
    """The newest `n` responses that were not withdrawn, with stimuli and pseudonyms."""
    return list(
        Response.objects.filter(study=study)
        .exclude(status=Response.WITHDRAWN)
        .select_related("stimulus", "participation__annotator")
        .order_by("-pk")[:n]
    )


# People, by pseudonym only


@dataclass(frozen=True)
class People:
    """How many take part: joined at all, holding an image at this moment, withdrawn, simulated."""

    n_joined: int
    n_working: int
    n_withdrawn: int
    n_simulated: int


def people_of(study: Study) -> People:
    counts = Participation.objects.filter(study=study).aggregate(
        n_joined=Count("pk"),
        n_withdrawn=Count("pk", filter=Q(withdrawn_at__isnull=False)),
        n_simulated=Count("pk", filter=Q(annotator__is_simulated=True)),
    )
    working = Assignment.objects.filter(study=study, state=Assignment.LEASED, expires_at__gt=timezone.now())
    return People(n_working=working.aggregate(n=Count("participation", distinct=True))["n"], **counts)


@dataclass(frozen=True)
class ParticipationFacts:
    """One person's part in a study. median_seconds: from seeing an image to sending the answer; None = not measured."""

    id: int
    pseudonym: str
    is_simulated: bool
    n_skipped: int
    started_at: datetime
    withdrawn_at: datetime | None
    last_at: datetime | None
    median_seconds: float | None


def participation_facts(participation_ids: Sequence[int]) -> dict[int, ParticipationFacts]:
    """Facts of the given participations; the cost follows their answers."""
    last_and_median: dict[int, tuple[datetime, float | None]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select participation_id, max(created_at), percentile_cont(0.5) within group (order by duration_ms) / 1000"
            " from annotation_response where participation_id = any(%s) and status <> 'withdrawn' group by 1",
            [list(participation_ids)],
        )
        for participation_id, last_at, median in cursor.fetchall():
            last_and_median[participation_id] = (last_at, median)
    facts = {}
    for participation in Participation.objects.filter(pk__in=participation_ids).select_related("annotator"):
        last_at, median = last_and_median.get(participation.pk, (None, None))
        facts[participation.pk] = ParticipationFacts(
            id=participation.pk,
            pseudonym=participation.annotator.pseudonym,
            is_simulated=participation.annotator.is_simulated,
            n_skipped=participation.n_skipped,
            started_at=participation.started_at,
            withdrawn_at=participation.withdrawn_at,
            last_at=last_at,
            median_seconds=median,
        )
    return facts


def participation_of_pseudonym(study: Study, pseudonym: str) -> Participation | None:
    return Participation.objects.filter(study=study, annotator__pseudonym=pseudonym).select_related("annotator").first()


# What people said about themselves, in groups that are large enough


@dataclass(frozen=True)
class DemographicGroup:
    """n people gave this answer; n is never below the study's least group."""

    option: str
    words: str
    n: int


@dataclass(frozen=True)
class DemographicQuestion:
    """A question with its groups, the largest first. leaves_out: smaller groups exist, of which nothing is said."""

    key: str
    text: str
    groups: list[DemographicGroup]
    leaves_out: bool


def demographic_groups(study: Study) -> list[DemographicQuestion]:
    """How many people gave which answer about themselves: what pages may read of these answers.

    The only other way to them is `demographic_partitions`, for a job that compares groups.

    Groups below the study's minimum are not there, and no total is said from which they could be told. People who
    withdrew and simulated ones do not count.
    """
    settings = settings_of(study)
    counts: dict[tuple[str, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select one.key, one.value, count(*) from annotation_demographicanswers d
            join annotation_participation p on p.id = d.participation_id
            join annotation_annotator a on a.id = p.annotator_id
            cross join lateral jsonb_each_text(d.answers) as one
            where p.study_id = %s and p.withdrawn_at is null and not a.is_simulated
            group by 1, 2
            """,
            [study.pk],
        )
        for key, option, n in cursor:
            counts[key, option] = n
    found = []
    for question in questions_of(settings.questions):
        given = [(option, words, counts.get((question.key, option), 0)) for option, words in question.options]
        groups = [DemographicGroup(*one) for one in given if one[2] >= settings.least_group]
        leaves_out = any(0 < n < settings.least_group for _option, _words, n in given)
        found.append(
            DemographicQuestion(question.key, question.text, sorted(groups, key=lambda group: -group.n), leaves_out)
        )
    return found


@dataclass(frozen=True)
class DemographicPartition:
    """For a job's arithmetic, never to be stored or shown: which group each of some people is in.

    groups: as in `demographic_groups`, the sizes counted among these people. place: of each person in groups, in the
    order asked for; -1 = in none that may be told of.
    """

    key: str
    groups: list[DemographicGroup]
    place: list[int]
    least: int


def demographic_partitions(study: Study, pseudonyms: Sequence[str]) -> list[DemographicPartition]:
    """The groups of these people, one partition per question with at least two groups that may be told of.

    The same promise as `demographic_groups`, held twice: a group of fewer than the least number of these people is
    none, and where so few are left over (in small groups, or without an answer) that they could be told by taking the
    groups from everybody, the smallest group goes as well. Withdrawn and simulated people are in none.
    """
    settings = settings_of(study)
    said: dict[str, dict[str, str]] = {}
    real = set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select a.pseudonym, case when d.consent_id is null then null else d.answers::text end
            from annotation_participation p
            join annotation_annotator a on a.id = p.annotator_id
            left join annotation_demographicanswers d on d.participation_id = p.id
            where p.study_id = %s and p.withdrawn_at is null and not a.is_simulated and a.pseudonym = any(%s)
            """,
            [study.pk, list(pseudonyms)],
        )
        for pseudonym, answers in cursor:
            real.add(pseudonym)
            said[pseudonym] = json.loads(answers) if answers else {}
    n_people = sum(pseudonym in real for pseudonym in pseudonyms)
    found = []
    for question in demographic_groups(study):
        chosen = [said.get(pseudonym, {}).get(question.key) for pseudonym in pseudonyms]
        sizes = Counter(chosen)
        kept = [
            DemographicGroup(group.option, group.words, sizes[group.option])
            for group in question.groups
            if sizes[group.option] >= settings.least_group
        ]
        kept.sort(key=lambda group: (-group.n, group.option))
        if kept and 0 < n_people - sum(group.n for group in kept) < settings.least_group:
            kept.pop()
        if len(kept) < 2:
            continue
        places = {group.option: place for place, group in enumerate(kept)}
        place = [places.get(option, -1) if option else -1 for option in chosen]
        found.append(DemographicPartition(question.key, kept, place, settings.least_group))
    return found


# Snapshots


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
