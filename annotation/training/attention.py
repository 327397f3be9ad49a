"""Attention checks: now and then, in place of an image, an open instruction that anybody follows who reads it.

Answers to them are kept apart (AttentionAnswer): no slot, no N, no statistic, no snapshot. Where they come is drawn
from the person's own seed: one in every `attention_every` answers, never before her first image. A check that is
passed over counts neither way. One failed check does nothing by itself: the count is a signal that rules may use.
"""

import hashlib
import random
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from annotation.errors import AssignmentGone, InvalidInput
from annotation.models import AttentionAnswer, AttentionCheck, Participation, Study
from annotation.quality.near_duplicates import words_of
from annotation.services.lock_participation import lock_participation
from annotation.steps import clean_answers

SALT = "annotation.attention"
PREFIX = "check:"
TOKEN_SECONDS = 60 * 24 * 3600
SIGNAL = "attention_check_failed"
MOST_CHECKS = 30


@dataclass(frozen=True)
class DueCheck:
    """token: what an answer to it carries in the place of an offer's. key: stands for the stimulus on the device."""

    token: str
    key: str
    check_id: int
    instruction: str


def place_of(participation: Participation, every: int) -> tuple[int, int]:
    """Which of her checks comes in the present stretch of `every` answers, and after how many answers of it."""
    place = participation.n_answered // every
    return place, random.Random(f"{participation.option_seed}/attention/{place}").randrange(1, every)


def due_check(participation: Participation, study: Study) -> DueCheck | None:
    """The check that comes next, before any image; None where none is due. Nothing is asked where none is near."""
    every = study.limits.get("attention_every")
    if not every:
        return None
    place, after = place_of(participation, every)
    if participation.n_answered % every < after:
        return None
    if AttentionAnswer.objects.filter(participation=participation, place=place).exists():
        return None
    checks = list(AttentionCheck.objects.filter(study=study))
    if not checks:
        return None
    check = random.Random(f"{participation.option_seed}/check/{place}").choice(checks)
    token = PREFIX + signing.dumps([participation.pk, check.pk, place], salt=SALT)
    key = hashlib.sha256(f"check/{participation.pk}/{place}/{check.pk}".encode()).hexdigest()
    return DueCheck(token, key, check.pk, check.instruction)


def is_check(token: str) -> bool:
    return token.startswith(PREFIX)


def answer_check(
    *, study: Study, participation: Participation, token: str, answers: dict[str, Any] | None
) -> AttentionAnswer:
    """Keeps what she did; the first answer stands. answers None: passed over, which counts neither way.

    Raises AssignmentGone (not her token), InvalidInput, NotTakingPart.
    """
    try:
        person, check_id, place = signing.loads(token.removeprefix(PREFIX), salt=SALT, max_age=TOKEN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        person, check_id, place = None, 0, 0
    if person != participation.pk:
        raise AssignmentGone(_("This was not shown to you. Reload the page to go on."))
    cleaned = clean_answers(study.parsed_steps, answers) if answers is not None else {}
    with transaction.atomic():
        locked = lock_participation(participation)
        check = AttentionCheck.objects.filter(pk=check_id, study=study).first()
        passed = follows(check, cleaned) if check is not None and answers is not None else None
        kept, _made = AttentionAnswer.objects.get_or_create(
            participation=locked,
            place=place,
            defaults={"check_shown": check, "answers": cleaned, "passed": passed},
        )
    return kept


def follows(check: AttentionCheck, answers: dict[str, Any]) -> bool:
    """Whether every step that the instruction speaks of was answered so: the option itself, or the word in the text."""
    for name, wanted in check.wanted.items():
        given = str(answers.get(name) or "")
        if given != wanted and not set(words_of(wanted)) <= set(words_of(given)):
            return False
    return True


def n_failed(people: set[int] | list[int]) -> dict[int, int]:
    """How many checks each of these people failed; who was never asked is not in it."""
    asked = AttentionAnswer.objects.filter(participation__in=people, passed__isnull=False)
    counts: dict[int, int] = dict.fromkeys(asked.values_list("participation_id", flat=True), 0)
    failed = asked.filter(passed=False).values("participation_id").annotate(n=Count("pk"))
    return counts | dict(failed.values_list("participation_id", "n"))


def clean_wanted(study: Study, wanted: dict[str, str]) -> dict[str, str]:
    """step -> the option's id, or a word of the text. Raises InvalidInput."""
    errors: dict[str, list[str]] = {}
    kept = {}
    for step in study.parsed_steps:
        value = str(wanted.get(step.name) or "").strip()
        if not value:
            continue
        options = [label["id"] for label in step.labels or ()]
        if options and value not in options:
            errors[step.name] = [_("%(value)r is not an option of this study.") % {"value": value}]
        kept[step.name] = value
    if not errors and not kept:
        errors["wanted"] = [_("Say what the instruction asks for, at least in one step.")]
    if errors:
        raise InvalidInput(_("The check was not saved."), errors)
    return kept


@dataclass(frozen=True)
class ChecksUse:
    """How checks went: people asked, answers, of them failed and passed over."""

    n_people: int
    n_answers: int
    n_failed: int
    n_passed_over: int


def checks_use(study: Study) -> ChecksUse:
    rows = list(AttentionAnswer.objects.filter(participation__study=study).values_list("participation_id", "passed"))
    return ChecksUse(
        len({person for person, _passed in rows}),
        len(rows),
        sum(passed is False for _person, passed in rows),
        sum(passed is None for _person, passed in rows),
    )
