"""Personal invitations: one mail per address and never two, a link for one person, an address that is forgotten."""

import re
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from annotation.errors import InvalidInput, InvalidRows
from annotation.models import Identity, Invitation, InvitationMail, Participation, Recruitment, Study
from annotation.recruitment.invitation.addresses import read_addresses
from annotation.recruitment.invitation.invite import MailServerAway, invite, remind, revoke, send_mails
from annotation.recruitment.invitation.overview import masked
from annotation.recruitment.invitation.source import TEXT, token_of
from annotation.services.change_recruitment import add_recruitment
from jobs.models import Job
from tests.annotation.recruitment.conftest import agree

pytestmark = pytest.mark.django_db
SITE = "https://site.example.org"


@pytest.fixture
def letters(study: Study) -> Recruitment:
    options = {"subject": "Feelings", "text": TEXT, "reply_to": "rosa@example.org"}
    return add_recruitment(study=study, kind="invitation", name="letters", options=options)


def send(recruitment: Recruitment, job_id: int = 1) -> dict[str, int]:
    return send_mails(recruitment=recruitment, site=SITE, job_id=job_id)


def link_in(message: Any, word: str = "") -> str:
    links = re.findall(r"https://site\.example\.org(\S+)", message.body)
    return str(next(link for link in links if ("/decline" in link) == bool(word)))


def test_each_address_gets_one_mail_with_a_link_of_its_own(letters: Recruitment) -> None:
    invited = invite(recruitment=letters, text="anna@example.org\nBo <bo@example.org>\nANNA@example.org\n")
    assert (invited.n_new, invited.n_known, invited.n_doubles) == (2, 0, 1)
    assert send(letters) == {"n_sent": 2, "n_failed": 0, "n_unknown": 0}
    assert sorted(message.to[0] for message in mail.outbox) == ["anna@example.org", "bo@example.org"]
    assert len({link_in(message) for message in mail.outbox}) == 2
    message = mail.outbox[0]
    assert message.reply_to == ["rosa@example.org"]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    again = invite(recruitment=letters, text="anna@example.org")
    assert (again.n_new, again.n_known) == (0, 1)
    send(letters)
    assert len(mail.outbox) == 2


def test_whoever_joins_is_known_in_identity_only(study: Study, letters: Recruitment) -> None:
    invite(recruitment=letters, text="anna@example.org")
    send(letters)
    link = link_in(mail.outbox[0])
    client = Client()
    assert client.get(link).headers["Location"] == f"/s/{study.slug}/"
    agree(client, study)
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.email) == (Invitation.JOINED, "")
    assert Identity.objects.get().email == "anna@example.org"
    assert Participation.objects.get().cohort == "letters"
    assert Client().get(link).headers["Location"] == f"/s/{study.slug}/task"  # in another browser, too
    assert remind(recruitment=letters) == 0


def test_one_click_forgets_the_address_and_nobody_is_asked_again(study: Study, letters: Recruitment) -> None:
    invite(recruitment=letters, text="anna@example.org")
    send(letters)
    link = link_in(mail.outbox[0], "decline")
    looked = Client(enforce_csrf_checks=True)
    assert "Decline and forget" in looked.get(link).content.decode()
    assert Invitation.objects.get().state == Invitation.OPEN  # a mail scanner looks, and nothing happens
    assert "is forgotten" in looked.post(link, {"List-Unsubscribe": "One-Click"}).content.decode()
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.email) == (Invitation.DECLINED, "")
    assert "anna" not in str(Invitation.objects.values().get())
    assert invite(recruitment=letters, text="anna@example.org").n_known == 1
    assert remind(recruitment=letters) == 0
    assert send(letters)["n_sent"] == 0
    assert Client().get(link_in(mail.outbox[0])).status_code == 400


def test_a_link_that_was_taken_back_or_forged_leads_nowhere(study: Study, letters: Recruitment) -> None:
    invite(recruitment=letters, text="anna@example.org")
    invitation = Invitation.objects.get()
    way_in = f"/s/{study.slug}/from/letters?invitation="
    assert Client().get(way_in + token_of(invitation)).status_code == 302
    assert Client().get(way_in + token_of(invitation)[:-1] + "x").status_code == 400
    revoke(recruitment=letters, invitation_id=invitation.pk)
    assert Client().get(way_in + token_of(invitation)).status_code == 400
    assert Invitation.objects.get().email == ""
    assert send(letters)["n_sent"] == 0
    with pytest.raises(InvalidInput):
        revoke(recruitment=letters, invitation_id=invitation.pk)


def test_an_invitation_taken_back_or_declined_before_she_agreed_lets_nobody_in(
    study: Study, letters: Recruitment
) -> None:
    for address, end in (("anna@example.org", "revoke"), ("bo@example.org", "decline")):
        invite(recruitment=letters, text=address)
        send(letters)
        client, message = Client(), mail.outbox[-1]
        client.get(link_in(message))
        if end == "revoke":
            revoke(recruitment=letters, invitation_id=Invitation.objects.get(email=address).pk)
        else:
            client.post(link_in(message, "decline"))
        assert "does not hold any more" in agree(client, study).content.decode()
    assert not Participation.objects.exists()
    assert not Identity.objects.exists()  # above all not the address that was forgotten
    assert set(Invitation.objects.values_list("state", "email")) == {("revoked", ""), ("declined", "")}


def test_reminders_go_to_who_has_not_answered_and_end(letters: Recruitment) -> None:
    invite(recruitment=letters, text="anna@example.org")
    assert remind(recruitment=letters) == 0  # not before the first is sent
    send(letters)
    for number in (1, 2, 3):
        assert remind(recruitment=letters) == 1
        assert remind(recruitment=letters) == 0  # twice pressed
        send(letters)
        assert mail.outbox[-1].subject == "Reminder: Feelings"
        assert len(mail.outbox) == 1 + number
    assert remind(recruitment=letters) == 0


def test_bad_addresses_come_back_with_row_and_reason(letters: Recruitment) -> None:
    with pytest.raises(InvalidRows) as caught:
        invite(
            recruitment=letters, text="name,email\nAnna,anna@example.org\nBo,bo(at)example.org\nCy,\nDi,di@nowhere\n"
        )
    assert [row["row"] for row in caught.value.rows] == [3, 4, 5]
    assert "no @" in caught.value.rows[0]["message"]
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@example.org, b@example.org;c@example.org", None),
        ("a@example.org, b@example.org", ["a@example.org", "b@example.org"]),
        ("Name;E-Mail\nAnna;a@example.org\n\nBo;b@example.org", ["a@example.org", "b@example.org"]),
        ("\n a@example.org \n", ["a@example.org"]),
        ("Anna <a@example.org>\n", ["a@example.org"]),
    ],
)
def test_lists_are_read_as_people_write_them(text: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(InvalidRows):
            read_addresses(text)
    else:
        assert read_addresses(text).addresses == found


def test_a_mail_in_the_hand_of_a_dead_worker_is_not_sent_again(letters: Recruitment) -> None:
    invite(recruitment=letters, text="anna@example.org\nbo@example.org")
    first = InvitationMail.objects.order_by("pk").first()
    assert first is not None
    dead = Job.objects.create(kind="send_invitations", state=Job.FAILED)
    InvitationMail.objects.filter(pk=first.pk).update(state=InvitationMail.SENDING, job_id=dead.pk)
    assert send(letters, job_id=dead.pk + 1)["n_sent"] == 1
    first.refresh_from_db()
    assert first.state == InvitationMail.UNKNOWN


def test_without_a_mail_server_everything_waits(letters: Recruitment, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    invite(recruitment=letters, text="anna@example.org")
    with pytest.raises(MailServerAway, match="No mail was sent; 1 wait"):
        send(letters)
    assert InvitationMail.objects.get().state == InvitationMail.WAITING


def test_an_address_that_the_server_refuses_is_named_and_not_kept(letters: Recruitment, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({"anna@example.org": (550, b"no such user anna@example.org")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    invite(recruitment=letters, text="anna@example.org")
    assert send(letters)["n_failed"] == 1
    row = InvitationMail.objects.get()
    assert row.state == InvitationMail.FAILED
    assert "anna" not in row.error


def test_however_the_server_spells_an_address_it_is_not_kept(letters: Recruitment, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({"Anna@Example.org": (550, b"5.1.1 <anna@EXAMPLE.org>: no such user")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    invite(recruitment=letters, text="Anna@Example.org")
    send(letters)
    error = InvitationMail.objects.get().error
    assert "no such user" in error
    assert "anna" not in error.lower()


def test_a_text_without_its_links_is_refused(study: Study) -> None:
    with pytest.raises(InvalidInput) as caught:
        add_recruitment(study=study, kind="invitation", name="a", options={"subject": "Hello", "text": "Come: {link}"})
    assert "{decline_link}" in caught.value.errors["text"][0]


def test_addresses_are_shown_only_as_far_as_one_needs() -> None:
    assert (masked("anna@example.org"), masked("")) == ("a…@example.org", "")
