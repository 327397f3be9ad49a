"""What people may say about themselves: the settings of it, their consent, their answers, and taking these back."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotation.errors import ConsentChanged, InvalidInput, StateConflict
from annotation.languages import about_you_in
from annotation.models import (
    DemographicAnswers,
    DemographicConsent,
    DemographicSettings,
    Participation,
    Study,
)
from annotation.models.study import consent_hash
from annotation.people.questions import Question, clean_questions, questions_of

MOST_CONSENT = 20_000


def settings_of(study: Study) -> DemographicSettings:
    """The study's settings; not saved where nobody has set any."""
    found = DemographicSettings.objects.filter(pk=study.pk).first()
    return found or DemographicSettings(study=study)


def set_demographics(*, study: Study, **changes: Any) -> DemographicSettings:
    """Changes is_on, moment, questions, consent, least_group. Answers to questions that go are deleted with them.

    Raises InvalidInput; StateConflict where people have answered under a promise of larger groups.
    """
    unknown = set(changes) - {"is_on", "moment", "questions", "consent", "least_group"}
    if unknown:
        raise InvalidInput(_("There is no setting %s.") % ", ".join(sorted(unknown)))
    with transaction.atomic():
        DemographicSettings.objects.get_or_create(study=study)
        row = DemographicSettings.objects.select_for_update().get(pk=study.pk)
        if "questions" in changes:
            changes["questions"] = clean_questions(changes["questions"])
        least = changes.get("least_group", row.least_group)
        if isinstance(least, int) and least < row.least_group and _anybody_answered(study):
            raise StateConflict(
                _(
                    "People have answered and were told that groups of fewer than %s are never shown. "
                    "The number can only go up now; nothing was changed."
                )
                % row.least_group
            )
        for name, value in changes.items():
            setattr(row, name, value)
        try:
            row.full_clean(exclude=["study"])
        except ValidationError as error:
            raise InvalidInput(_("The questions were not saved."), error.message_dict) from error
        if len(row.consent) > MOST_CONSENT:
            sentence = _("At most %s characters.") % MOST_CONSENT
            raise InvalidInput(sentence, {"consent": [sentence]})
        if row.is_on and not row.questions:
            sentence = _("Choose a question, or write one.")
            raise InvalidInput(sentence, {"questions": [sentence]})
        if row.is_on and not row.consent.strip():
            sentence = _("Say what the answers are for. People agree to this text before they answer.")
            raise InvalidInput(sentence, {"consent": [sentence]})
        row.save()
        _drop_other_questions(study, [question.key for question in questions_of(row.questions)])
    return row


def _anybody_answered(study: Study) -> bool:
    return DemographicAnswers.objects.filter(participation__study=study, consent__isnull=False).exists()


def _drop_other_questions(study: Study, keys: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update annotation_demographicanswers d
            set answers = (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(d.answers)
                           where key = any(%(keys)s))
            from annotation_participation p
            where p.id = d.participation_id and p.study_id = %(study)s
              and exists (select 1 from jsonb_object_keys(d.answers) as name where name <> all(%(keys)s))
            """,
            {"keys": keys, "study": study.pk},
        )


def own_answers(participation: Participation) -> DemographicAnswers | None:
    """What she said about herself, if she was asked."""
    return DemographicAnswers.objects.filter(pk=participation.pk).select_related("consent").first()


def asks(study: Study, participation: Participation, moment: str | None = None) -> bool:
    """Whether she has still to be asked (at this moment, if one is given)."""
    row = settings_of(study)
    if not row.is_on or (moment is not None and row.moment != moment):
        return False
    return not DemographicAnswers.objects.filter(pk=participation.pk).exists()


def record_demographics(
    *, study: Study, participation: Participation, agreed_hash: str, given: Mapping[str, Any]
) -> DemographicAnswers:
    """Keeps her answers, the whole new choice; what she leaves out is not known. {} keeps only that she was asked.

    study: as she reads it (annotation/languages.py), so that the consent she agreed to is the one in her language.

    Raises InvalidInput, ConsentChanged (the text is another one by now).
    """
    row = settings_of(study)
    if not row.is_on:
        raise InvalidInput(_("This study asks nothing about you at present; nothing was stored."))
    consent_text, questions = about_you_in(study, row)
    answers = _clean_answers(questions, given)
    if not answers:
        return decline_demographics(participation)
    if agreed_hash != consent_hash(consent_text):
        raise ConsentChanged(_("The text about these questions has changed. Please read it once more."))
    with transaction.atomic():
        consent, _made = DemographicConsent.objects.get_or_create(
            study=study, hash=agreed_hash, defaults={"markdown": consent_text}
        )
        kept, _made = DemographicAnswers.objects.update_or_create(
            participation=participation, defaults={"consent": consent, "answers": answers}
        )
    return kept


def decline_demographics(participation: Participation) -> DemographicAnswers:
    """She would rather not say, now or any more: whatever she said is deleted, and nobody asks again."""
    kept, _made = DemographicAnswers.objects.update_or_create(
        participation=participation, defaults={"consent": None, "answers": {}}
    )
    return kept


def _clean_answers(questions: list[Question], given: Mapping[str, Any]) -> dict[str, str]:
    known = {question.key: question for question in questions}
    cleaned: dict[str, str] = {}
    for key, option in given.items():
        if option in ("", None):
            continue
        if key not in known or not isinstance(option, str) or option not in known[key].names:
            sentence = _("One answer is none of those offered; nothing was stored. Reload the page, then choose again.")
            raise InvalidInput(sentence, {str(key)[:60]: [sentence]})
        cleaned[key] = option
    return cleaned
