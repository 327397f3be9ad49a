"""A rehearsal: a simulated crowd works through a copy of the study, by the real services, on a clock of its own.

Everything happens in one transaction that is rolled back: nobody else sees the copy, and nothing of it is left, however
the rehearsal ends. The services run on the real clock; a lease that runs out on the rehearsal's clock is made to have
run out on the real one, and is taken back by the same service as everywhere. So it is with limits per hour and day
(rehearsal_limits.py).
"""

import heapq
import random
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import Annotator, Assignment, Participation, Response, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.services.assign import assign_ahead, expire_leases, nothing_left
from annotation.services.caps import limit_reached, return_promises
from annotation.services.join_study import join_study
from annotation.services.rehearsal_limits import RehearsalLimits, part_of_budget
from annotation.services.rehearse_rules import RuleTrial, try_rules
from annotation.services.revise_response import revise_response
from annotation.services.simulate_responses import facts_of_stimulus, text_limits
from annotation.services.skip_assignment import skip_assignment
from annotation.services.submit_response import submit_response
from annotation.simulator.crowd import Crowd, Reaction, SimulatedAnnotator, answers
from annotation.simulator.rehearsal import RehearsalOptions, Timetable
from annotation.steps import KINDS

Progress = Callable[[int, int], None]

MOST_RESPONSES = 6_000
"""More are not simulated: of a larger study, a random part with as large a part of the people."""
FEWEST_PEOPLE_BEYOND = 2
LOOKS_AGAIN_SECONDS = 600.0
"""Somebody who finds every open image in other people's hands looks again after so long."""
LONGEST_LEASE_SECONDS = 86_400

FINISHED, LEFT_EARLY, NOTHING_LEFT, NOT_DONE = "finished", "left_early", "nothing_left", "not_done"


@dataclass
class Worker:
    """One person of the rehearsal. Seconds on its clock.

    ended: FINISHED (did her part), LEFT_EARLY (dropped out), NOTHING_LEFT (no image was left for her), NOT_DONE.
    """

    arrived: float
    last_act: float = 0.0
    worked_seconds: float = 0.0
    n_answers: int = 0
    n_skips: int = 0
    n_sittings: int = 1
    ended: str = NOT_DONE


@dataclass
class Rehearsed:
    """What happened. moments: of accepted responses, ascending. labels: per stimulus the accepted labels in the order
    in which they came (empty lists where the study asks for none).
    """

    n_stimuli: int
    n_stimuli_of_study: int
    n_people: int
    wanted: int
    workers: list[Worker]
    moments: list[float]
    labels: list[list[str]]
    label_ids: list[str]
    n_surplus: int = 0
    n_expired: int = 0
    n_revised: int = 0
    rules: list[RuleTrial] = field(default_factory=list)
    most_of_study: int | None = None

    @property
    def part(self) -> float:
        """How much of the study was simulated, 0 to 1."""
        return self.n_stimuli / self.n_stimuli_of_study

    @property
    def asked(self) -> int:
        """Responses to the simulated part: what its images want, or its part of the study's budget if that is less."""
        wanted = self.n_stimuli * self.wanted
        return wanted if self.most_of_study is None else min(wanted, part_of_budget(self.most_of_study, self.part))


class _TakenBack(Exception):
    """Ends the transaction of a rehearsal that went well."""


def rehearse_study(
    *, study: Study, options: RehearsalOptions, progress: Progress = lambda done, total: None
) -> Rehearsed:
    """Lets the crowd work until all is answered, or everyone has gone; leaves nothing behind.

    Same options and images: same crowd and timetable. Raises InvalidInput (a study without images, a rating that cannot
    be used), and whatever `progress` raises to end it.
    """
    found: list[Rehearsed] = []
    try:
        with transaction.atomic():
            found.append(_Rehearsal(study, options, progress).run())
            raise _TakenBack
    except _TakenBack:
        return found[0]


class _Rehearsal:
    def __init__(self, study: Study, options: RehearsalOptions, progress: Progress) -> None:
        self.original, self.options, self.progress = study, options, progress
        n_stimuli = Stimulus.objects.filter(study=study).count()
        if not n_stimuli:
            raise InvalidInput("This study has no images yet, so there is nothing to rehearse. Add images first.")
        n_chosen = max(1, min(n_stimuli, MOST_RESPONSES // options.wanted))
        self.part = n_chosen / n_stimuli
        self.n_people = min(
            options.n_people, max(round(options.n_people * self.part), options.wanted + FEWEST_PEOPLE_BEYOND)
        )
        self.study = _copy_of(study, options)
        self.limits_of_study = RehearsalLimits(self.study, self.part)
        self.stimuli = {one.key: one for one in _copy_stimuli(study, self.study, options, n_chosen)}
        self.n_stimuli_of_study = n_stimuli
        self.crowd = Crowd(self.n_people, options.seed, options.crowd)
        self.labels, self.limits = self.study.labels, text_limits(self.study)
        self.answerers = {name: kind.simulate for name, kind in KINDS.items()}
        self.timetables = [Timetable(options, index) for index in range(self.n_people)]
        self.workers = [Worker(table.arrives) for table in self.timetables]
        self.participations: dict[int, Participation] = {}
        self.reactions: dict[int, tuple[int, Reaction]] = {}  # person -> assignment and what she is about to do with it
        self.lease_ends: list[tuple[float, int]] = []  # heap of (moment, assignment)
        self.leased: set[int] = set()
        self.stimulus_of: dict[int, Stimulus] = {}
        self.moments: list[float] = []
        self.n_surplus = self.n_expired = self.n_revised = 0

    def run(self) -> Rehearsed:
        # (moment, person): ties go to the smaller number, so that a run can be repeated
        events = [(table.arrives, index) for index, table in enumerate(self.timetables)]
        heapq.heapify(events)
        wanted, budget = len(self.stimuli) * self.options.wanted, self.limits_of_study.budget
        total = wanted if budget is None else min(wanted, budget)
        while events and len(self.moments) < total:
            now, index = heapq.heappop(events)
            self._take_leases_back(now)
            again = self._act(now, index)
            if again is not None:
                heapq.heappush(events, (again, index))
            self.progress(len(self.moments), total)
        for worker in self.workers:
            if worker.ended == NOT_DONE and len(self.moments) >= total and worker.n_answers:
                worker.ended = NOTHING_LEFT
        return Rehearsed(
            n_stimuli=len(self.stimuli),
            n_stimuli_of_study=self.n_stimuli_of_study,
            n_people=self.n_people,
            wanted=self.options.wanted,
            workers=self.workers,
            moments=self.moments,
            labels=self._labels(),
            label_ids=[label["id"] for label in self.labels],
            n_surplus=self.n_surplus,
            n_expired=self.n_expired,
            n_revised=self.n_revised,
            rules=try_rules(original=self.original, rehearsal=self.study),
            most_of_study=self.original.limits.get("most_of_study"),
        )

    def _act(self, now: float, index: int) -> float | None:
        """One event of one person: she sends what she has written, or looks at an image. Returns her next moment."""
        annotator, worker, table = self.crowd[index], self.workers[index], self.timetables[index]
        if index in self.reactions:
            self._send(now, index)
        done = annotator.has_left(worker.n_answers)
        if done or worker.n_answers >= self.options.most_answers:
            worker.ended = LEFT_EARLY if done else FINISHED
            return None
        if now >= table.sits_until:
            worker.n_sittings += 1
            return table.comes_back(now)
        participation = self._participation(index)
        self.limits_of_study.carry(participation, now, self.leased)
        held = assign_ahead(participation=participation, study=self.study)
        if not held:
            return self._finds_nothing(now, index, participation)
        for one in held:
            if one.id not in self.leased:
                self.leased.add(one.id)
                self.limits_of_study.note_image(one.id, now)
                heapq.heappush(self.lease_ends, (now + self.original.lease_seconds, one.id))
                self.stimulus_of[one.id] = self.stimuli[one.stimulus_key]
        facts = facts_of_stimulus(self.stimulus_of[held[0].id])
        reaction = annotator.react(facts, self.labels, limits=self.limits)
        self.reactions[index] = held[0].id, reaction
        return now + reaction.seconds

    def _finds_nothing(self, now: float, index: int, participation: Participation) -> float | None:
        """She is lent nothing: for good, until a limit of hers ends, or until others give images back."""
        worker, reached = self.workers[index], limit_reached(participation, self.study)
        if reached is not None and reached.is_final:
            worker.ended = NOTHING_LEFT if reached.limit == "most_of_study" else FINISHED
            return None
        if nothing_left(participation=participation, study=self.study):
            worker.ended = NOTHING_LEFT
            return None
        if reached is not None:
            worker.n_sittings += 1
            return self.timetables[index].comes_back(now, self.limits_of_study.ends(participation, now))
        return now + LOOKS_AGAIN_SECONDS

    def _send(self, now: float, index: int) -> None:
        assignment_id, reaction = self.reactions.pop(index)
        annotator, worker, participation = self.crowd[index], self.workers[index], self._participation(index)
        stimulus = self.stimulus_of[assignment_id]
        worker.last_act = now
        worker.worked_seconds += reaction.seconds
        self.leased.discard(assignment_id)
        self.limits_of_study.note_image(assignment_id, now)
        if reaction.skip_reason:
            worker.n_skips += 1
            skip_assignment(participation=participation, assignment_id=assignment_id, reason=reaction.skip_reason)
            return
        facts = facts_of_stimulus(stimulus)
        submitted = submit_response(
            study=self.study,
            participation=participation,
            assignment_id=assignment_id,
            client_key=uuid.uuid4(),
            answers=answers(annotator, facts, reaction, self.study.steps, self.answerers),
            duration_ms=int(reaction.seconds * 1000),
            device="simulated",
        )
        worker.n_answers += 1
        self.limits_of_study.note_answer(participation, now)
        if submitted.response.status == Response.ACCEPTED:
            self.moments.append(now)
        else:
            self.n_surplus += 1
        if reaction.revises:
            self._revise(annotator, stimulus, reaction, submitted.response)

    def _revise(
        self, annotator: SimulatedAnnotator, stimulus: Stimulus, reaction: Reaction, response: Response
    ) -> None:
        facts = facts_of_stimulus(stimulus)
        thought = annotator.revise(facts, self.labels, reaction, limits=self.limits)
        revise_response(
            study=self.study,
            response=response,
            client_key=uuid.uuid4(),
            answers=answers(annotator, facts, thought, self.study.steps, self.answerers),
        )
        self.n_revised += 1

    def _take_leases_back(self, now: float) -> None:
        """What ran out on the rehearsal's clock by `now` is made to have run out, and taken back by the service."""
        due = []
        while self.lease_ends and self.lease_ends[0][0] <= now:
            _, assignment_id = heapq.heappop(self.lease_ends)
            if assignment_id in self.leased:
                self.leased.discard(assignment_id)
                due.append(assignment_id)
        if due:
            past = timezone.now() - timedelta(seconds=1)
            Assignment.objects.filter(pk__in=due, state=Assignment.LEASED).update(expires_at=past)
            self.n_expired += expire_leases(study=self.study)
            return_promises(study=self.study)

    def _participation(self, index: int) -> Participation:
        found = self.participations.get(index)
        if found is None:
            # a name that no other transaction can be waiting for
            row = Annotator.objects.create(pseudonym=f"rehearsal-{uuid.uuid4().hex}", is_simulated=True)
            found = join_study(
                study=self.study, agreed_hash=consent_hash(self.study.consent), annotator=row, cohort="simulated"
            )
            # where in the ring she begins is drawn anew each time; here it follows from the seed
            found.ring_place = random.Random(f"{self.options.seed}/{index}").getrandbits(62)
            found.save(update_fields=["ring_place"])
            self.participations[index] = found
        return found

    def _labels(self) -> list[list[str]]:
        by_stimulus: dict[int, list[str]] = defaultdict(list)
        rows = Response.objects.filter(study=self.study, status=Response.ACCEPTED).order_by("pk")
        for stimulus_id, label in rows.values_list("stimulus_id", "label"):
            by_stimulus[stimulus_id].append(label)
        return [by_stimulus[stimulus.pk] if self.labels else [] for stimulus in self.stimuli.values()]


def _copy_of(study: Study, options: RehearsalOptions) -> Study:
    """An open study with the same steps and settings that nobody knows of."""
    copy = Study(**{one.attname: getattr(study, one.attname) for one in Study._meta.concrete_fields})
    copy.pk = None
    copy.slug = f"rehearsal-{uuid.uuid4().hex}"
    copy.state, copy.entry, copy.opened_at = Study.OPEN, Study.LINK, timezone.now()
    copy.created_by_id = None
    copy.wanted_responses = options.wanted
    # real leases must outlive the rehearsal; those of its own clock end when that says so
    copy.lease_seconds = LONGEST_LEASE_SECONDS
    copy._state.adding = True
    copy.save(force_insert=True)
    return copy


def _copy_stimuli(study: Study, copy: Study, options: RehearsalOptions, n: int) -> list[Stimulus]:
    ids = sorted(Stimulus.objects.filter(study=study).values_list("pk", flat=True))
    chosen = random.Random(options.seed).sample(ids, n) if n < len(ids) else ids
    rows = []
    for stimulus in Stimulus.objects.filter(pk__in=chosen).order_by("pk"):
        stimulus.pk = None
        stimulus._state.adding = True
        stimulus.study = copy
        stimulus.wanted = stimulus.open_slots = options.wanted
        rows.append(stimulus)
    return Stimulus.objects.bulk_create(rows, batch_size=1000)
