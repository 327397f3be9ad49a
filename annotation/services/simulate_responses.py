"""Lets a simulated crowd answer a study through the same services as people: a dry run before anybody is paid.

Everything it makes carries the mark `is_simulated`; remove_simulated takes it all out again.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from annotation.errors import InvalidInput, StudyNotOpen
from annotation.models import Annotator, Assignment, Participation, Response, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.services.assign import assign_ahead
from annotation.services.join_study import join_study
from annotation.services.revise_response import revise_response
from annotation.services.skip_assignment import skip_assignment
from annotation.services.submit_response import submit_response
from annotation.simulator.crowd import Crowd, CrowdSettings, SimulatedAnnotator, answers
from annotation.simulator.grammar import TextLimits
from annotation.simulator.stimulus_facts import StimulusFacts, UnusableRating, facts_of
from annotation.steps import KINDS

Progress = Callable[[int, int | None], None]
KEYS = uuid.UUID("5a3c6d0e-7d1f-5b52-9a35-3f0e3d3c1f11")  # name space of the simulator's submit keys


@dataclass(frozen=True)
class Simulated:
    """What a dry run did. seconds_worked: what the people would have needed, added up."""

    n_responses: int
    n_skipped: int
    n_revised: int
    n_annotators: int
    seconds_worked: float


def simulate_responses(
    *,
    study: Study,
    n_annotators: int,
    seed: int = 0,
    most_responses: int | None = None,
    settings: CrowdSettings | None = None,
    progress: Progress = lambda done, total: None,
) -> Simulated:
    """The crowd works until nothing is left for anybody, everyone has left, or most_responses are given.

    Killed and started again with the same seed it goes on where it was. Raises StudyNotOpen, InvalidInput.
    """
    if not study.is_open:
        raise StudyNotOpen("The crowd can answer an open study only. Open it first; its simulated answers are marked.")
    if most_responses is not None and most_responses < 1:
        raise InvalidInput(f"A dry run gives at least 1 response; got {most_responses}.")
    try:
        crowd = Crowd(n_annotators, seed, settings)
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    walk = _Walk(study, crowd)
    waiting = list(crowd)
    while waiting and (most_responses is None or walk.n_responses < most_responses):
        for annotator in list(waiting):
            if most_responses is not None and walk.n_responses >= most_responses:
                break
            if not walk.step(annotator):
                waiting.remove(annotator)
            progress(walk.n_responses, most_responses)
    walk.go_home()
    return Simulated(walk.n_responses, walk.n_skipped, walk.n_revised, n_annotators, walk.seconds)


class _Walk:
    """One crowd's way through one study."""

    def __init__(self, study: Study, crowd: Crowd) -> None:
        self.study = study
        self.crowd = crowd
        self.labels = study.labels
        self.limits = text_limits(study)
        self.participations: dict[int, Participation] = {}
        self.n_responses = self.n_skipped = self.n_revised = 0
        self.seconds = 0.0

    def step(self, annotator: SimulatedAnnotator) -> bool:
        """One image for one annotator; False when there is none for her or she has left."""
        participation = self._participation(annotator)
        if annotator.has_left(participation.n_answered):
            return False
        held = assign_ahead(participation=participation, study=self.study)
        if not held:
            return False
        stimulus = Stimulus.objects.get(study=self.study, key=held[0].stimulus_key)
        facts = facts_of_stimulus(stimulus)
        reaction = annotator.react(facts, self.labels, limits=self.limits)
        self.seconds += reaction.seconds
        if reaction.skip_reason:
            skip_assignment(participation=participation, assignment_id=held[0].id, reason=reaction.skip_reason)
            self.n_skipped += 1
            return True
        answerers = {name: kind.simulate for name, kind in KINDS.items()}
        submitted = submit_response(
            study=self.study,
            participation=participation,
            assignment_id=held[0].id,
            client_key=self._key(annotator, facts, "answer"),
            answers=answers(annotator, facts, reaction, self.study.steps, answerers),
            duration_ms=int(reaction.seconds * 1000),
            device="simulated",
        )
        participation.n_answered += 1
        self.n_responses += 1
        if reaction.revises:
            self._revise(annotator, facts, submitted.response)
        return True

    def go_home(self) -> None:
        """Gives back what the crowd still holds, so that people need not wait for its leases to run out."""
        held = Assignment.objects.filter(participation__in=self.participations.values(), state=Assignment.LEASED)
        held.update(state=Assignment.EXPIRED)

    def _revise(self, annotator: SimulatedAnnotator, facts: StimulusFacts, response: Response) -> None:
        reaction = annotator.react(facts, self.labels, limits=self.limits)
        thought = annotator.revise(facts, self.labels, reaction, limits=self.limits)
        answerers = {name: kind.simulate for name, kind in KINDS.items()}
        revise_response(
            study=self.study,
            response=response,
            client_key=self._key(annotator, facts, "revision"),
            answers=answers(annotator, facts, thought, self.study.steps, answerers),
        )
        self.n_revised += 1

    def _participation(self, annotator: SimulatedAnnotator) -> Participation:
        found = self.participations.get(annotator.index)
        if found is None:
            row, _ = Annotator.objects.get_or_create(
                pseudonym=f"sim-{self.crowd.seed}-{annotator.index:04d}", defaults={"is_simulated": True}
            )
            found = join_study(
                study=self.study, agreed_hash=consent_hash(self.study.consent), annotator=row, cohort="simulated"
            )
            self.participations[annotator.index] = found
        return found

    def _key(self, annotator: SimulatedAnnotator, facts: StimulusFacts, act: str) -> uuid.UUID:
        return uuid.uuid5(KEYS, f"{self.crowd.seed}/{annotator.index}/{facts.key}/{act}")


def facts_of_stimulus(stimulus: Stimulus) -> StimulusFacts:
    """What the crowd is told of a stimulus. Raises InvalidInput for a rating that cannot be used."""
    try:
        return facts_of(stimulus.key, name=stimulus.name, description=stimulus.description, metadata=stimulus.metadata)
    except UnusableRating as error:
        raise InvalidInput(f"Stimulus {stimulus.name}: {error}") from error


def text_limits(study: Study) -> TextLimits:
    """The lengths that the study's first text step accepts."""
    for step in study.parsed_steps:
        if step.kind.name == "text":
            return TextLimits(step.options["min_characters"], step.options["max_characters"])
    return TextLimits()
