"""A person is forgotten: whatever tells who stands behind a pseudonym is deleted, at once and everywhere here.

What stays, and why: docs/researcher/people-and-privacy.md.
"""

import json
import re
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput
from annotation.models import (
    Annotator,
    DemographicAnswers,
    Erasure,
    Identity,
    IdentityReading,
    Invitation,
    InvitationMail,
    Membership,
    Participation,
    Payment,
    Study,
    Visit,
)
from annotation.recruitment.forget import forget_visits
from annotation.recruitment.invitation.addresses import mark_of
from annotation.services.read_identities import log_reading
from annotation.services.withdraw import withdraw_participation
from jobs.models import Job

GONE = "[erased]"
SHORTEST = 4  # a shorter id would be found inside ordinary words

# whatever the case: an address may have been written in another one
_FORGET_IN_JOBS = """
    update jobs_job set
      log = regexp_replace(log, %(pattern)s, %(gone)s, 'gi'),
      message = regexp_replace(message, %(pattern)s, %(gone)s, 'gi'),
      error = regexp_replace(error, %(pattern)s, %(gone)s, 'gi')
    where study_key = any(%(slugs)s) and strpos(lower(log || message || error), %(name)s) > 0
"""
_JOBS_WITH = """
    select id from jobs_job
    where study_key = any(%(slugs)s) and strpos(lower(result::text || arguments::text), %(spelled)s) > 0
"""


def erase_person(*, participation: Participation, with_answers: bool, user: Any = None, reason: str = "") -> Erasure:
    """Deletes who she is; with_answers: also withdraws everything she gave in this study. Twice is as once.

    An identity is one per installation, so her parts in other studies become nameless as well. Of a part that came with
    a snapshot only the answers go. user: the manager who does it on her request; None = she herself.
    """
    with transaction.atomic():
        # her acts come one after the other, and her visits are not written anew meanwhile
        locked = Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)
        if with_answers:
            withdraw_participation(participation=locked)
        if locked.is_imported:
            # who she is belongs to the study that she took part in, here or elsewhere
            return _erasure(locked, user=user, reason=reason, with_answers=with_answers)
        annotator = Annotator.objects.get(pk=locked.annotator_id)
        parts = Participation.objects.filter(annotator=annotator)
        names = _names_of(annotator)
        studies = list(Study.objects.filter(participations__annotator=annotator))
        invited = _invitations_of(annotator)
        forget_visits(annotator)
        Invitation.objects.filter(pk__in=invited).update(email="")
        InvitationMail.objects.filter(invitation__in=invited).update(error="")
        DemographicAnswers.objects.filter(participation__in=parts).delete()
        _forget_in_payments(annotator, names)
        account = Identity.objects.filter(annotator=annotator).values_list("user_id", flat=True).first()
        if account:
            Membership.objects.filter(user_id=account, study__in=studies, role=Membership.ANNOTATOR).delete()
        Identity.objects.filter(annotator=annotator).delete()
        _forget_in_words(studies, names)
        return _erasure(locked, user=user, reason=_without(reason, names), with_answers=with_answers)


def _erasure(participation: Participation, *, user: Any, reason: str, with_answers: bool) -> Erasure:
    return Erasure.objects.create(
        study_id=participation.study_id,
        user=user,
        user_name=user.get_username() if user else "",
        reason=reason[:300],
        with_answers=with_answers,
    )


def erase_on_request(*, study: Study, user: Any, who: str, reason: str, with_answers: bool) -> Erasure:
    """A manager forgets the person who asked her to. who: pseudonym, code, e-mail, panel id or user name.

    Finding her is a reading of identities and logged as one. Right: see_identities, checked by the caller. Raises
    InvalidInput where nobody is found or no reason is given.
    """
    who = who.strip()
    with transaction.atomic():
        found = _find(study, who)
        invited = _forget_invitation(study, who)
        log_reading(
            study=study,
            user=user,
            reason=_without(reason, [who]),
            what="erasure",
            n_people=len(found) or int(bool(invited)),
        )
        if not found and invited:  # she was invited, and never came
            return Erasure.objects.create(
                study=study, user=user, user_name=user.get_username(), reason=_without(reason, [who])[:300]
            )
        if len(found) > 1:
            sentence = _("Several people of this study go by that. Give the pseudonym or the code.")
            raise InvalidInput(sentence, {"who": [sentence]})
    if not found:
        sentence = _("Nobody in this study is known by that; nothing was erased. That you looked is kept.")
        raise InvalidInput(sentence, {"who": [sentence]})
    if found[0].is_imported and not with_answers:
        sentence = _(
            "She came with a snapshot, so this study does not know who she is, and nothing was erased. It can take her "
            "answers back: tick that. Who she is, the study that she took part in can forget."
        )
        raise InvalidInput(sentence, {"with_answers": [sentence]})
    return erase_person(participation=found[0], with_answers=with_answers, user=user, reason=_without(reason, [who]))


def is_known(participation: Participation) -> bool:
    """Whether anything here tells who she is."""
    return Identity.objects.filter(annotator_id=participation.annotator_id).exists() or (
        Visit.objects.filter(participation__annotator_id=participation.annotator_id)
        .exclude(external_id="")
        .exclude(external_id__startswith="erased-")
        .exists()
    )


def n_unpaid(participation: Participation) -> int:
    """Payments that are planned and were not sent: after an erasure no panel can be told to pay them."""
    return Payment.objects.filter(participation=participation, state=Payment.PLANNED).count()


def _find(study: Study, who: str) -> list[Participation]:
    if not who:
        return []
    identity = (
        Q(annotator__identity__email__iexact=who)
        | Q(annotator__identity__panel_id=who)
        | Q(annotator__identity__user__username=who)
        | Q(annotator__identity__user__email__iexact=who)
    )
    if "@" in who:
        identity |= Q(annotator__identity__panel="email", annotator__identity__panel_id=mark_of(who))
    found = Participation.objects.filter(study=study).filter(
        # who stands behind a pseudonym that came with a snapshot is not for this study to find out
        Q(annotator__pseudonym=who) | Q(withdrawal_code=who.upper()) | (identity & Q(is_imported=False))
    )
    return list(found.distinct()[:2])


def _forget_invitation(study: Study, who: str) -> int:
    """Empties an invitation that nobody has followed; its mark stays, so that no list invites her again."""
    if "@" not in who:
        return 0
    rows = Invitation.objects.filter(recruitment__study=study, mark=mark_of(who)).exclude(email="")
    rows.filter(state=Invitation.OPEN).update(state=Invitation.DECLINED)
    return rows.update(email="")


def _invitations_of(annotator: Annotator) -> list[int]:
    """Invitations she followed, by the visits they became, also where Identity does not name them any more."""
    visits = Visit.objects.filter(participation__annotator=annotator, recruitment__kind="invitation")
    return [int(text) for text in visits.values_list("external_id", flat=True) if text.isdecimal()]


def _names_of(annotator: Annotator) -> list[str]:
    """Everything here that tells who she is, the longest first."""
    names: set[str] = set()
    identity = Identity.objects.filter(annotator=annotator).select_related("user").first()
    if identity:
        names |= {identity.email, identity.panel_id}
        user = identity.user
        if isinstance(user, User):
            names |= {user.get_username(), user.email, user.get_full_name()}
    for visit in Visit.objects.filter(participation__annotator=annotator):
        names |= {visit.external_id, *(value for value in visit.details.values() if isinstance(value, str))}
    ids = {name for name in names if not name.startswith("erased-")}
    return sorted((name for name in ids if len(name) >= SHORTEST), key=len, reverse=True)


def _forget_in_payments(annotator: Annotator, names: list[str]) -> None:
    """The ledger keeps amount, currency, kind, dates, state and its own key; what a provider calls her goes."""
    for payment in Payment.objects.filter(participation__annotator=annotator):
        named = any(name in payment.reference for name in names)
        Payment.objects.filter(pk=payment.pk).update(note="", reference="" if named else payment.reference)


def _forget_in_words(studies: list[Study], names: list[str]) -> None:
    """Takes her names out of what jobs said and of the reasons that people gave, in her studies."""
    if not names or not studies:
        return
    slugs = [study.slug for study in studies]
    jobs: set[int] = set()
    for name in names:
        # spelled: as it stands inside JSON
        values: dict[str, Any] = {"slugs": slugs, "name": name.lower(), "spelled": json.dumps(name)[1:-1].lower()}
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_IN_JOBS, {**values, "gone": GONE, "pattern": _pattern(name)})
            cursor.execute(_JOBS_WITH, values)
            jobs |= {row[0] for row in cursor.fetchall()}
    for job in Job.objects.select_for_update(no_key=True).filter(pk__in=jobs).order_by("pk"):
        result, arguments = _without_in(job.result, names), _without_in(job.arguments, names)
        if (result, arguments) != (job.result, job.arguments):
            Job.objects.filter(pk=job.pk).update(result=result, arguments=arguments)
    for reading in IdentityReading.objects.filter(study__in=studies):
        words = _without(reading.reason, names)
        if words != reading.reason:
            IdentityReading.objects.filter(pk=reading.pk).update(reason=words[:300])


def _pattern(name: str) -> str:
    """Of an id of digits, only the whole number: a count or a date that holds the same digits is no name."""
    return rf"(?<!\d){name}(?!\d)" if name.isascii() and name.isdigit() else re.escape(name)


def _without(words: str, names: list[str]) -> str:
    for name in names:
        if len(name) >= SHORTEST:
            words = re.sub(_pattern(name), GONE, words, flags=re.IGNORECASE)
    return words


def _without_in(value: Any, names: list[str]) -> Any:
    """JSON without her names; numbers are counts and keys of rows, never a name."""
    if isinstance(value, str):
        return _without(value, names)
    if isinstance(value, dict):
        return {_without(key, names): _without_in(inner, names) for key, inner in value.items()}
    return [_without_in(inner, names) for inner in value] if isinstance(value, list) else value
