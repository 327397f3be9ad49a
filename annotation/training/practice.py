"""A newcomer's way to the first counted image: practice images one after the other, then the questions.

Practice answers are kept apart (PracticeAnswer) and never become responses. What somebody felt plays no part in it.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.care.themes import declined_themes
from annotation.errors import InvalidInput, StateConflict
from annotation.languages import items_in
from annotation.models import Annotator, Participation, PracticeAnswer, PracticeItem, Study
from annotation.recruitment.leave import screen_out
from annotation.services.lock_participation import lock_participation
from annotation.steps import clean_answers
from annotation.training.options import Question, TrainingOptions
from annotation.training.rules import shortcomings

PRACTICE, FEEDBACK, QUESTIONS, OVER = "practice", "feedback", "questions", "over"


@dataclass(frozen=True)
class Stage:
    """Where a person is. number of n: which of the practice images. again: she may, or must, write once more."""

    name: str
    item: PracticeItem | None = None
    answer: PracticeAnswer | None = None
    number: int = 0
    n: int = 0
    questions: tuple[Question, ...] = ()
    missed: tuple[Question, ...] = ()
    tries_left: int = 0
    missed_rules: list[str] = field(default_factory=list)


def needs_preparation(study: Study) -> bool:
    """Whether newcomers of this study practise, or are asked about the instructions, first."""
    return bool(study.training.get("questions")) or PracticeItem.objects.filter(study=study).exists()


def first_preparation(study: Study, annotator: Annotator | None) -> str:
    """What a new participation begins with. Simulated people have nothing to learn."""
    if annotator is not None and annotator.is_simulated:
        return Participation.NOT_ASKED
    return Participation.DUE if needs_preparation(study) else Participation.NOT_ASKED


def stage_of(participation: Participation, study: Study) -> Stage:
    """Where she is now; OVER where nothing is asked of her (any more)."""
    if participation.preparation != Participation.DUE:
        return Stage(OVER)
    options = TrainingOptions.of(study.training)
    declined = set(declined_themes(participation))
    rows = PracticeItem.objects.filter(study=study).select_related("stimulus")
    items = items_in(study, (row for row in rows if row.stimulus is None or not declined & set(row.stimulus.themes)))
    answers = {answer.item_id: answer for answer in PracticeAnswer.objects.filter(participation=participation)}
    for number, item in enumerate(items, start=1):
        answer = answers.get(item.pk)
        if answer is None:
            return Stage(PRACTICE, item, None, number, len(items), tries_left=options.tries)
        if not answer.is_done:
            left = max(options.tries - answer.n_tries, 0)
            return Stage(
                FEEDBACK, item, answer, number, len(items), tries_left=left, missed_rules=list(answer.shortcomings)
            )
    right = set(participation.training.get("right", ()))
    missed = set(participation.training.get("missed", ()))
    left_over = tuple(question for question in options.questions if question.question not in right)
    if not left_over:
        return Stage(OVER)
    return Stage(
        QUESTIONS,
        n=len(options.questions),
        questions=left_over,
        missed=tuple(question for question in left_over if question.question in missed),
        tries_left=max(options.tries - participation.training.get("question_tries", 0), 0),
    )


def options_of(question: Question, participation: Participation) -> list[str]:
    """The answers to choose from, in an order of this person's own that stays."""
    answers = [question.right, *question.wrong]
    random.Random(f"{participation.option_seed}/{question.question}").shuffle(answers)
    return answers


def answer_practice(*, study: Study, participation: Participation, item_id: int, answers: dict[str, Any]) -> Stage:
    """Keeps a try at a practice image. Whose text still misses a rule after the last try is screened out.

    Raises InvalidInput (an answer cannot be used as it is; no try is counted), StateConflict, NotTakingPart.
    """
    with transaction.atomic():
        locked = lock_participation(participation)
        stage = stage_of(locked, study)
        if stage.item is None or stage.item.pk != item_id:
            raise StateConflict(_("You have been here before, perhaps in another tab. Go on below."))
        cleaned = clean_answers(study.parsed_steps, answers)
        options = TrainingOptions.of(study.training)
        missed = shortcomings(study, options, stage.item, cleaned, locked.language)
        n_tries = (stage.answer.n_tries if stage.answer else 0) + 1
        PracticeAnswer.objects.update_or_create(
            participation=locked,
            item=stage.item,
            defaults={"answers": cleaned, "shortcomings": missed, "n_tries": n_tries, "is_done": False},
        )
        if stage.item.stimulus_id and stage.item.stimulus_id not in locked.care.get("practised", ()):
            # she has read about this image, so her answer to it would not be her first look
            locked.care = {**locked.care, "practised": [*locked.care.get("practised", ()), stage.item.stimulus_id]}
            locked.save(update_fields=["care"])
        if missed and n_tries >= options.tries:
            _screen_out(locked, missed)
    return _now(participation, locked, study)


def go_on(*, study: Study, participation: Participation, item_id: int) -> Stage:
    """She has read the feedback. Raises StateConflict while her text misses a rule. Twice is as once."""
    with transaction.atomic():
        locked = lock_participation(participation)
        answer = PracticeAnswer.objects.filter(participation=locked, item_id=item_id).first()
        if answer is not None and not answer.is_done:
            if answer.shortcomings:
                raise StateConflict(_("Please write once more before you go on."))
            answer.is_done = True
            answer.save(update_fields=["is_done"])
            _pass_if_over(locked, study)
    return _now(participation, locked, study)


def answer_questions(*, study: Study, participation: Participation, given: dict[str, str]) -> Stage:
    """given: question -> the answer chosen. Questions answered right are not asked again.

    Raises InvalidInput where one was left out (no try is counted), StateConflict, NotTakingPart.
    """
    with transaction.atomic():
        locked = lock_participation(participation)
        stage = stage_of(locked, study)
        if stage.name != QUESTIONS:
            return _now(participation, locked, study)
        empty = [question.question for question in stage.questions if not given.get(question.question)]
        if empty:
            raise InvalidInput(_("Answer every question."), {question: [_("Choose one answer.")] for question in empty})
        right = [question.question for question in stage.questions if given[question.question] == question.right]
        missed = [question.question for question in stage.questions if question.question not in right]
        tries = locked.training.get("question_tries", 0) + 1
        locked.training = {
            **locked.training,
            "right": [*locked.training.get("right", ()), *right],
            "missed": missed,
            "question_tries": tries,
        }
        locked.save(update_fields=["training"])
        if missed and tries >= TrainingOptions.of(study.training).tries:
            _screen_out(locked, ["questions"])
        else:
            _pass_if_over(locked, study)
    return _now(participation, locked, study)


def begin(*, study: Study, participation: Participation) -> None:
    """She is done with all that is asked, perhaps since less is asked by now. Twice is as once."""
    with transaction.atomic():
        locked = lock_participation(participation)
        if locked.preparation == Participation.DUE:
            _pass_if_over(locked, study)
    participation.preparation = locked.preparation


def release_waiting(study: Study) -> int:
    """Whoever still practises in a study that asks nothing any more may begin. Returns how many."""
    if needs_preparation(study):
        return 0
    return Participation.objects.filter(study=study, preparation=Participation.DUE).update(
        preparation=Participation.PASSED
    )


def _pass_if_over(locked: Participation, study: Study) -> None:
    if stage_of(locked, study).name == OVER:
        locked.preparation = Participation.PASSED
        locked.save(update_fields=["preparation"])


def _screen_out(locked: Participation, why: list[str]) -> None:
    locked.preparation = Participation.FAILED
    locked.training = {**locked.training, "why": why}
    locked.save(update_fields=["preparation", "training"])
    screen_out(locked)


def _now(participation: Participation, locked: Participation, study: Study) -> Stage:
    participation.preparation, participation.training = locked.preparation, locked.training
    participation.care = locked.care
    return stage_of(locked, study)
