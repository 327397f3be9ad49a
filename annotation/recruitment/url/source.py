"""Any panel that adds a person's id to the link and wants her back at a URL: SONA, CloudResearch, university pools.

Only addresses that a manager wrote down are ever sent to, always https, and the id goes in as one encoded value: a
link cannot send anybody elsewhere.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from annotation.models import Recruitment, Visit
from annotation.recruitment.base import Arrival, OptionsForm, RecruitmentSource, parameter

PARAMETER = r"[A-Za-z][A-Za-z0-9_.\-]{0,39}"
# an id with one of these is the panel's placeholder, such as %SURVEY_CODE% or {{id}}, which it did not fill in: taken
# for an id, it would let everybody in as the same person
PANEL_ID = re.compile(r"[^\s\x00-\x1f\x7f{}\[\]<>%$]{1,120}")
PLACE = "{id}"


class LeaveUrlField(forms.CharField):
    """An https address in which {id} stands for the person's id; not in the host."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=500, required=False, **more)

    def clean(self, value: Any) -> str:
        url = str(super().clean(value))
        if not url:
            return ""
        probe = url.replace(PLACE, "ID")
        if "{" in probe or "}" in probe:
            raise ValidationError(_("Only {id} may stand in braces."))
        try:
            URLValidator(schemes=["https"])(probe)
            parts = urlsplit(url)
        except (ValidationError, ValueError) as error:
            raise ValidationError(_("Give a whole address that begins with https://, not %r.") % url[:80]) from error
        if PLACE in parts.netloc:
            raise ValidationError(_("{id} must not stand in the host, or the link could lead to any site."))
        if parts.username or parts.password:
            raise ValidationError(_("The address must not hold a user name or password."))
        return url


class UrlOptions(OptionsForm):
    panel_title = forms.CharField(
        label=_("Name of the panel"), max_length=60, help_text=_("As people know it, such as SONA.")
    )
    id_parameter = forms.RegexField(
        regex=f"^{PARAMETER}$",
        label=_("Parameter that carries the person's id"),
        initial="id",
        help_text=_("SONA: survey_code, CloudResearch: participantId. The panel adds it to the link."),
        error_messages={"invalid": _("A parameter's name is letters, digits and . _ -, beginning with a letter.")},
    )
    completed_url = LeaveUrlField(
        label=_("Back to, after taking part"), help_text=_("https only; {id} stands for the person's id.")
    )
    screened_out_url = LeaveUrlField(label=_("Back to, if the study does not fit the person"))
    no_consent_url = LeaveUrlField(label=_("Back to, without consent"))
    full_url = LeaveUrlField(label=_("Back to, if the study is full or closed"))


class UrlSource(RecruitmentSource):
    kind = "url"
    title = _("Another panel, by URL")
    help = _("SONA, CloudResearch and any panel that adds an id to the link and wants people back at a URL.")
    options_form = UrlOptions

    def place(self, recruitment: Recruitment) -> str:
        return str(recruitment.options["panel_title"])

    def study_url(self, recruitment: Recruitment, site: str) -> str:
        return f"{super().study_url(recruitment, site)}?{recruitment.options['id_parameter']}="

    def arrive(self, recruitment: Recruitment, query: Mapping[str, str]) -> Arrival:
        panel_id = parameter(query, recruitment.options["id_parameter"], PANEL_ID)
        # ids of one panel mean nobody elsewhere, so they are kept apart by study and source
        return Arrival(recruitment, panel=f"url:{recruitment.pk}", panel_id=panel_id)

    def leave_url(
        self, recruitment: Recruitment, outcome: str, *, panel_id: str = "", visit: Visit | None = None
    ) -> str:
        template = str(recruitment.options.get(f"{outcome}_url") or "")
        if PLACE in template and not panel_id:
            return ""  # her identity was erased
        return template.replace(PLACE, quote(panel_id, safe=""))
