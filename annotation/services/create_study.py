"""Make a study from a template, and change it while it may be changed."""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F
from django.utils.text import slugify

from annotation.care.options import clean_care
from annotation.care.strength import follow_care
from annotation.errors import InvalidInput, StateConflict
from annotation.models import Assignment, Membership, Response, Stimulus, Study
from annotation.models.annotator import random_code
from annotation.people.consent import follow_consent
from annotation.services.caps import clean_limits
from annotation.services.study_languages import add_built_in_texts, follow_original
from annotation.services.top_up import want_least
from annotation.steps import clean_steps
from annotation.study_templates import study_templates

TEXT_FIELDS = ("title", "description", "instructions", "consent", "completion_code")
SETTING_FIELDS = ("wanted_responses", "lease_seconds", "order", "counterbalance_options", "entry", "care")


def create_study(*, title: str, template: str, user: Any = None, **changes: Any) -> Study:
    """A draft made from a template; its maker is its manager. `changes` override the template's fields.

    Raises InvalidInput.
    """
    source = study_templates().get(template)
    if source is None:
        raise InvalidInput(
            f"There is no template {template!r}.", {"template": [f"Choose one of {', '.join(study_templates())}."]}
        )
    study = Study(
        slug=unique_slug(title),
        template=template,
        steps=clean_steps(changes.pop("steps", None) or source["steps"]),
        completion_code=random_code(),
        created_by=user,
        title=title,
        is_demo=changes.pop("is_demo", False),
        description=changes.pop("description", ""),
        instructions=source["instructions"],
        consent=source["consent"],
        wanted_responses=source["wanted_responses"],
        lease_seconds=source["lease_seconds"],
        care=clean_care(source.get("care", {})).stored(),
        limits=clean_limits(source.get("limits", {})),
    )
    _set(study, changes)
    with transaction.atomic():
        study.save()
        add_built_in_texts(study)
        if user is not None:
            Membership.objects.create(study=study, user=user, role=Membership.MANAGER)
    return study


def update_study(*, study: Study, **changes: Any) -> Study:
    """Changes texts and settings. Steps may change only until the first response is in.

    Raises InvalidInput, StateConflict.
    """
    with transaction.atomic():
        # `no key`: people at work only refer to this row and need not wait
        study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if "steps" in changes:
            steps = clean_steps(changes.pop("steps"))
            if steps != study.steps and Response.objects.filter(study=study).exists():
                raise StateConflict("The steps are frozen since the first response is in. Make a new study instead.")
            study.steps = steps
        before, care_before, consent_before = study.wanted_responses, study.care, study.consent
        _set(study, changes)
        study.save()
        if study.wanted_responses != before:
            _want(study)
        if study.care != care_before:
            follow_care(study, care_before)
        if study.consent != consent_before:
            follow_consent(study)
            follow_original(study)
    return study


def _set(study: Study, changes: dict[str, Any]) -> None:
    unknown = set(changes) - set(TEXT_FIELDS) - set(SETTING_FIELDS)
    if unknown:
        raise InvalidInput(f"A study has no field {', '.join(sorted(unknown))}.")
    if "care" in changes:
        # what is not named stays
        given = changes["care"] if isinstance(changes["care"], dict) else None
        changes["care"] = clean_care({**study.care, **given} if given is not None else changes["care"]).stored()
    for field, value in changes.items():
        setattr(study, field, value)
    try:
        study.full_clean(exclude=["created_by", "slug"])
    except ValidationError as error:
        sentences = " ".join(f"{field}: {said[0]}" for field, said in error.message_dict.items())
        raise InvalidInput(f"The study has errors. {sentences}", error.message_dict) from error


def _want(study: Study) -> None:
    """Moves every stimulus to the study's number. The database refuses less than is lent or answered already."""
    if study.top_up:
        want_least(study)  # images have numbers of their own, and those that have more keep what they have
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # in the order in which everybody locks several stimuli
            cursor.execute(
                "select count(*) from (select id from annotation_stimulus where study_id = %s order by id"
                " for no key update) locked",
                [study.pk],
            )
            Stimulus.objects.filter(study=study).update(
                open_slots=F("open_slots") + (study.wanted_responses - F("wanted")), wanted=study.wanted_responses
            )
    except IntegrityError as error:
        held = Assignment.objects.filter(study=study, state__in=Assignment.HOLDING_A_SLOT)
        most = max(held.values("stimulus").annotate(n=Count("id")).values_list("n", flat=True), default=0)
        sentence = f"One image already has {most} responses or people working on it, so fewer cannot be wanted."
        raise InvalidInput(sentence, {"wanted_responses": [sentence]}) from error


def unique_slug(title: str) -> str:
    """A readable address that cannot be guessed from the title."""
    return f"{slugify(title)[:60] or 'study'}-{secrets.token_hex(4)}"
