"""Prolific: people come with PROLIFIC_PID, STUDY_ID and SESSION_ID, and go back with a completion code.

The participant id goes into Identity; the submission's id (SESSION_ID) is the visit that is approved and paid.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from annotation.errors import InvalidInput
from annotation.models import Recruitment, Visit
from annotation.recruitment.base import (
    Arrival,
    ArrivalRefused,
    Look,
    OptionsForm,
    ProviderRefused,
    ProviderSilent,
    ProviderUnknown,
    RecruitmentSource,
    parameter,
)
from annotation.recruitment.prolific.api import Prolific
from annotation.recruitment.prolific.payer import APPROVED, ProlificPayer
from annotation.whole_number import whole_number

COMPLETE = "https://app.prolific.com/submissions/complete"
OBJECT_ID = re.compile(r"[0-9a-f]{24}")
SUBMISSION_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")


def code_field(label: object, help_text: object = "", *, required: bool = False) -> forms.RegexField:
    return forms.RegexField(
        regex=r"^[0-9A-Za-z_-]{1,64}$",
        label=label,  # type: ignore[arg-type]  # lazy text
        help_text=help_text,  # type: ignore[arg-type]
        required=required,
        error_messages={"invalid": _("A code is letters, digits, - and _, at most 64.")},
    )


class ProlificOptions(OptionsForm):
    prolific_study_id = forms.RegexField(
        regex=r"^[0-9a-f]{24}$",
        required=False,
        label=_("Prolific's id of the study"),
        help_text=_(
            "24 characters, in the address of the study's page on Prolific. Leave empty until it exists there."
        ),
        error_messages={"invalid": _("Prolific's ids are 24 characters out of 0-9 and a-f.")},
    )
    completion_code = code_field(_("Completion code"), _("From Prolific, for people who took part."), required=True)
    screened_out_code = code_field(_("Code for screened out"), _("For people whom the study does not fit."))
    no_consent_code = code_field(_("Code for no consent"), _("For people who do not agree to take part."))
    full_code = code_field(_("Code for study full"), _("For people who come after the last image was taken."))
    stopped_code = code_field(
        _("Code for stopping early"), _("Without it, whoever stops early is asked to return the submission.")
    )
    verify_arrivals = forms.BooleanField(
        required=False,
        label=_("Ask Prolific whether each submission is real"),
        help_text=_("Needs PROLIFIC_TOKEN. If Prolific does not answer, people are let in."),
    )


class ProlificSource(RecruitmentSource):
    kind = "prolific"
    title = _("Prolific")
    help = _("People come from Prolific and go back with a code; submissions are approved and bonuses paid from here.")
    options_form = ProlificOptions
    settings_template = "recruitment/prolific/settings.html"
    pays_by_approval = True

    def place(self, recruitment: Recruitment) -> str:
        return "Prolific"

    def study_url(self, recruitment: Recruitment, site: str) -> str:
        placeholders = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
        return f"{super().study_url(recruitment, site)}?{placeholders}"

    def arrive(self, recruitment: Recruitment, query: Mapping[str, str]) -> Arrival:
        person = parameter(query, "PROLIFIC_PID", OBJECT_ID)
        study = parameter(query, "STUDY_ID", OBJECT_ID)
        submission = parameter(query, "SESSION_ID", SUBMISSION_ID)
        ours = recruitment.options.get("prolific_study_id")
        if ours and study != ours:
            raise ArrivalRefused(
                _now("This link belongs to another study on Prolific. Open the study again from Prolific's page.")
            )
        is_verified = bool(recruitment.options.get("verify_arrivals")) and _verify(person, study, submission)
        return Arrival(recruitment, "prolific", person, submission, {"study_id": study}, is_verified=is_verified)

    def leave_url(
        self, recruitment: Recruitment, outcome: str, *, panel_id: str = "", visit: Visit | None = None
    ) -> str:
        option = "completion_code" if outcome == Visit.COMPLETED else f"{outcome}_code"
        code = recruitment.options.get(option)
        return f"{COMPLETE}?{urlencode({'cc': code})}" if code else ""

    def payer(self, recruitment: Recruitment) -> ProlificPayer | None:
        api = Prolific.of_this_site()
        study_id = str(recruitment.options.get("prolific_study_id") or "")
        return ProlificPayer(api, study_id) if api and study_id else None

    def look(self, recruitment: Recruitment) -> Look | None:
        api, study_id = Prolific.of_this_site(), str(recruitment.options.get("prolific_study_id") or "")
        if api is None or not study_id:
            return None
        study = api.study(study_id)
        facts = {
            "state": study.get("status", ""),
            "name": study.get("internal_name") or study.get("name", ""),
            "places": study.get("total_available_places"),
            "places_taken": study.get("places_taken"),
            "reward": study.get("reward"),
        }
        statuses = [(submission.id, submission.status) for submission in api.submissions(study_id)]
        return Look(facts, statuses, frozenset(APPROVED))

    def act(self, recruitment: Recruitment, action: str, data: Mapping[str, str], site: str) -> str:
        """places: more people may take part. return: asks for a submission back, with a reason she reads."""
        api, study_id = Prolific.of_this_site(), str(recruitment.options.get("prolific_study_id") or "")
        if api is None or not study_id:
            raise InvalidInput(self.why_no_payer(recruitment))
        if action == "places":
            return self._more_places(recruitment, api, study_id, data.get("places", ""))
        if action == "return":
            return self._request_return(recruitment, api, data.get("pseudonym", ""), data.get("reason", ""))
        return super().act(recruitment, action, data, site)

    def _more_places(self, recruitment: Recruitment, api: Prolific, study_id: str, wanted: str) -> str:
        now = int(api.study(study_id).get("total_available_places") or 0)
        places = whole_number(wanted)
        if places <= now:
            raise InvalidInput(
                _now("The study has %(now)s places on Prolific; give a larger number, not %(wanted)r.")
                % {"now": now, "wanted": wanted[:20]}
            )
        answer = api.set_places(study_id, places)
        places = answer.get("total_available_places", places)
        Recruitment.objects.filter(pk=recruitment.pk).update(facts={**recruitment.facts, "places": places})
        return _now("The study has %(now)s places on Prolific now.") % {"now": places}

    def _request_return(self, recruitment: Recruitment, api: Prolific, pseudonym: str, reason: str) -> str:
        visit = (
            Visit.objects.filter(recruitment=recruitment, participation__annotator__pseudonym=pseudonym)
            .exclude(external_id="")
            .order_by("-pk")
            .first()
        )
        if visit is None:
            raise InvalidInput(_now("Nobody called %r came through this source.") % pseudonym[:40])
        if not reason.strip():
            raise InvalidInput(_now("Say why; the person reads it."))
        submission = api.request_return(visit.external_id, [reason.strip()[:300]])
        Visit.objects.filter(pk=visit.pk).update(status=submission.status[:30], status_at=timezone.now())
        return _now("Prolific asks %s to return the submission.") % pseudonym

    def why_no_payer(self, recruitment: Recruitment) -> str:
        if not Prolific.of_this_site():
            return _now("This site has no PROLIFIC_TOKEN, so submissions are approved and paid on Prolific's own page.")
        if not recruitment.options.get("prolific_study_id"):
            return _now("Prolific's id of the study is not entered yet.")
        return ""


def _verify(person: str, study: str, submission: str) -> bool:
    """Whether Prolific vouches for it; False: it could not be asked. Raises ArrivalRefused where it says no."""
    api = Prolific.of_this_site()
    if api is None:
        return False
    try:
        real = api.submission(submission)
    except ProviderUnknown:
        raise ArrivalRefused(
            _now("Prolific does not know this submission. Open the study again from Prolific.")
        ) from None
    except (ProviderRefused, ProviderSilent):
        return False  # away, busy, or our own token does not hold: that is not hers to pay for
    if real.participant != person or (real.study and real.study != study):
        raise ArrivalRefused(
            _now("This link does not fit your submission on Prolific. Open the study from there again.")
        )
    return True
