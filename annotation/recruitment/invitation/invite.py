"""Invites people, reminds them, takes invitations back. A mail is a row before it is sent, and sent at most once."""

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.errors import AnnotationError, InvalidInput
from annotation.models import Invitation, InvitationMail, Recruitment
from annotation.recruitment.invitation.addresses import mark_of, read_addresses
from annotation.recruitment.invitation.source import token_of
from jobs.models import Job

MOST_REMINDERS = 3
ADDRESS = re.compile(r"[^\s<>\"'(){}\[\],;:]+@[^\s<>\"'(){}\[\],;:]+")


class MailServerAway(AnnotationError):
    type = "mail_server_away"
    status = 502


@dataclass(frozen=True)
class Invited:
    """n_known: invited before, whatever became of it; they get no second mail."""

    n_new: int
    n_known: int
    n_doubles: int


def mails_reach_people() -> bool:
    """Whether a mail server is set; else mails only become files on this machine."""
    return str(settings.EMAIL_BACKEND).endswith(("smtp.EmailBackend", "locmem.EmailBackend"))


def invite(*, recruitment: Recruitment, text: str) -> Invited:
    """Writes the rows; sending is the job's. Raises InvalidInput, InvalidRows: then nobody is invited."""
    given = read_addresses(text)
    marks = {mark_of(address): address for address in given.addresses}
    with transaction.atomic():
        known = set(Invitation.objects.filter(recruitment=recruitment, mark__in=marks).values_list("mark", flat=True))
        Invitation.objects.bulk_create(
            [
                Invitation(recruitment=recruitment, email=address, mark=mark)
                for mark, address in marks.items()
                if mark not in known
            ],
            ignore_conflicts=True,  # the same list, sent twice at the same moment
        )
        new = Invitation.objects.filter(recruitment=recruitment, mark__in=set(marks) - known)
        InvitationMail.objects.bulk_create(
            [InvitationMail(invitation=invitation, number=0) for invitation in new], ignore_conflicts=True
        )
    return Invited(len(marks) - len(known), len(known), given.n_doubles)


def remind(*, recruitment: Recruitment) -> int:
    """One more mail for everybody who was written to and has neither joined nor declined. Returns how many."""
    with transaction.atomic():
        waiting = (
            Invitation.objects.filter(recruitment=recruitment, state=Invitation.OPEN)
            .exclude(mails__state__in=(InvitationMail.WAITING, InvitationMail.SENDING, InvitationMail.FAILED))
            .annotate(last=Max("mails__number"))
            .filter(last__lt=MOST_REMINDERS)
        )
        mails = [InvitationMail(invitation=invitation, number=invitation.last + 1) for invitation in waiting]
        InvitationMail.objects.bulk_create(mails, ignore_conflicts=True)
    return len(mails)


def revoke(*, recruitment: Recruitment, invitation_id: int) -> None:
    """The link does not hold any more and the address is forgotten. Who has joined, has joined."""
    changed = Invitation.objects.filter(pk=invitation_id, recruitment=recruitment, state=Invitation.OPEN).update(
        state=Invitation.REVOKED, email="", changed_at=timezone.now()
    )
    if not changed:
        raise InvalidInput(_("Only an invitation that is open can be taken back."))


def decline(*, invitation: Invitation) -> None:
    """Forgets the address at once; no mail is sent any more. Twice is as once."""
    Invitation.objects.filter(pk=invitation.pk, state=Invitation.OPEN).update(
        state=Invitation.DECLINED, email="", changed_at=timezone.now()
    )


def send_mails(
    *, recruitment: Recruitment, site: str, job_id: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Sends what waits. A mail that a dead worker had in hand is not sent again: it may have gone out."""
    ended = Job.objects.filter(state__in=Job.ENDED).values("pk")
    in_hand = InvitationMail.objects.filter(invitation__recruitment=recruitment, state=InvitationMail.SENDING)
    left = in_hand.filter(job_id=job_id) | in_hand.filter(job_id__in=ended)
    left.update(state=InvitationMail.UNKNOWN, error=_("The worker ended while it sent this mail."))
    waiting = InvitationMail.objects.filter(
        invitation__recruitment=recruitment, invitation__state=Invitation.OPEN, state=InvitationMail.WAITING
    )
    counts = {"n_sent": 0, "n_failed": 0, "n_unknown": 0}
    total = waiting.count()
    if not total:
        return counts
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerAway(
            _("The mail server cannot be used (%(error)s). No mail was sent; %(n)s wait. Check EMAIL_URL.")
            % {"error": error, "n": total}
        ) from error
    try:
        while (mail := _claim(waiting, job_id)) is not None:
            counts[f"n_{_send(mail, recruitment, site, server)}"] += 1
            progress(sum(counts.values()), total)
    finally:
        server.close()
    return counts


def _claim(waiting: Any, job_id: int) -> InvitationMail | None:
    with transaction.atomic():
        mail: InvitationMail | None = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .select_related("invitation")
            .order_by("pk")
            .first()
        )
        if mail is not None:
            InvitationMail.objects.filter(pk=mail.pk).update(state=InvitationMail.SENDING, job_id=job_id)
    return mail


def _send(mail: InvitationMail, recruitment: Recruitment, site: str, server: BaseEmailBackend) -> str:
    """sent, failed or unknown: how it ended."""
    try:
        message_to(mail, recruitment, site, server).send()
    except (
        smtplib.SMTPRecipientsRefused,
        smtplib.SMTPSenderRefused,
        smtplib.SMTPResponseException,
        ValueError,
    ) as error:
        state, said = InvitationMail.FAILED, str(error)
    except (OSError, smtplib.SMTPException) as error:
        state, said = InvitationMail.UNKNOWN, str(error)
        server.close()  # the next one opens it anew
    else:
        state, said = InvitationMail.SENT, ""
    # no address must be kept in what the server said about it, however it spells it
    said = ADDRESS.sub("...", said)[:300]
    InvitationMail.objects.filter(pk=mail.pk).update(state=state, error=said, sent_at=timezone.now())
    return state


def message_to(
    mail: InvitationMail, recruitment: Recruitment, site: str, server: BaseEmailBackend | None = None
) -> EmailMessage:
    options, token = recruitment.options, token_of(mail.invitation)
    names = [recruitment.study.slug, recruitment.name]
    link = f"{site}{reverse('annotate_arrive', args=names)}?invitation={token}"
    decline_link = f"{site}{reverse('annotate_decline', args=names)}?invitation={token}"
    text = str(options["text"])
    for name, value in (("{title}", recruitment.study.title), ("{link}", link), ("{decline_link}", decline_link)):
        text = text.replace(name, value)
    subject = str(options["subject"])
    return EmailMessage(
        subject=f"{_('Reminder')}: {subject}" if mail.number else subject,
        body=text,
        to=[mail.invitation.email],
        reply_to=[options["reply_to"]] if options.get("reply_to") else None,
        # mail programs show a button for it (RFC 8058)
        headers={"List-Unsubscribe": f"<{decline_link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        connection=server,
    )
