"""Personal links by e-mail: a signed word for one person, sent once, declined in one click.

The address stays in the invitation until she joins, and in Identity from then on; declining forgets it. What is left
is a keyed mark of it, so that nobody is asked again.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from annotation.models import Invitation, Recruitment
from annotation.recruitment.base import Arrival, ArrivalRefused, OptionsForm, RecruitmentSource

SALT = "annotation.invitation"
TEXT = """Hello,

you are invited to take part in a study: {title}.

This link is yours alone:
{link}

If you do not want to take part, this link forgets your address:
{decline_link}
"""


class InvitationOptions(OptionsForm):
    subject = forms.RegexField(
        regex=r"^[^\r\n]+$", max_length=150, initial=_("An invitation to take part in a study"), label=_("Subject")
    )
    text = forms.CharField(
        max_length=10_000,
        initial=TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        label=_("Text of the mail"),
        help_text=_("Plain text. {title}, {link} and {decline_link} are filled in; both links must stand in it."),
    )
    reply_to = forms.EmailField(required=False, label=_("Answers go to"), help_text=_("Your address, for questions."))

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        missing = [name for name in ("{link}", "{decline_link}") if name not in text]
        if missing:
            raise forms.ValidationError(_("The text must hold %s.") % ", ".join(missing))
        return text


class InvitationSource(RecruitmentSource):
    kind = "invitation"
    title = _("Personal invitation")
    help = _("You give addresses; each gets a mail with a link for that person alone.")
    options_form = InvitationOptions
    settings_template = "recruitment/invitation/settings.html"

    def arrive(self, recruitment: Recruitment, query: Mapping[str, str]) -> Arrival:
        invitation = invitation_of(query.get("invitation", ""), recruitment)
        if invitation is None or invitation.state == Invitation.REVOKED:
            raise ArrivalRefused(
                _now("This invitation does not hold any more. If you think it should, answer the mail you got.")
            )
        if invitation.state == Invitation.DECLINED:
            raise ArrivalRefused(_now("You declined this invitation, and your address was forgotten."))
        return Arrival(recruitment, "email", invitation.mark, str(invitation.pk), email=invitation.email)

    def context(self, recruitment: Recruitment) -> dict[str, Any]:
        from annotation.recruitment.invitation.overview import overview  # it needs this file

        return overview(recruitment)

    def joined(self, arrival: Arrival) -> None:
        # the address is in Identity now, the one table that knows people
        joined = Invitation.objects.filter(
            pk=arrival.external_id,
            recruitment=arrival.recruitment,
            state__in=(Invitation.OPEN, Invitation.JOINED),
        ).update(state=Invitation.JOINED, email="")
        if not joined:  # taken back, or declined, between her click and her consent
            raise ArrivalRefused(
                _now("This invitation does not hold any more. If you think it should, answer the mail you got.")
            )


def token_of(invitation: Invitation) -> str:
    return signing.dumps(invitation.pk, salt=SALT)


def invitation_of(token: str, recruitment: Recruitment) -> Invitation | None:
    """The invitation behind a personal link; links do not grow old, they are revoked."""
    try:
        pk = int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Invitation.objects.filter(pk=pk, recruitment=recruitment).first()
