"""What every source of people must know about itself: its options, how somebody arrives, where she is sent at the end.

A person's id at a panel goes into Identity and nowhere else, and only once she has agreed to take part; until then it
is in her own browser, signed (annotation/recruitment/arrival.py).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.errors import AnnotationError, InvalidInput
from annotation.models import Payment, Recruitment, Visit

PANEL_ID = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,118}[^\s\x00-\x1f\x7f])?")

ERASED = "erased-"  # stands for a provider's id of a visit that was erased


class ArrivalRefused(AnnotationError):
    """The link somebody followed does not say what it must; the text is for her."""

    type = "arrival_refused"
    status = 400


class ProviderRefused(AnnotationError):
    """The provider said no, so nothing was done there."""

    type = "provider_refused"
    status = 502


class ProviderUnknown(ProviderRefused):
    """There is no such thing at the provider."""


class ProviderAway(ProviderRefused):
    """The provider could not be reached: the request was never sent."""

    type = "provider_away"
    status = 502


class ProviderSilent(AnnotationError):
    """The request was sent and no answer came that says what happened: it may have been done."""

    type = "provider_silent"
    status = 502


@dataclass(frozen=True)
class Arrival:
    """What a link said about the person who followed it.

    panel, panel_id: who she is there ('' = the source knows nobody). external_id: the provider's id of this visit.
    details: what is needed to send her back or to pay her; nothing that names her. is_verified: the panel was asked,
    and says that the visit is this person's.
    """

    recruitment: Recruitment
    panel: str = ""
    panel_id: str = ""
    external_id: str = ""
    details: dict[str, str] = field(default_factory=dict)
    email: str = ""
    is_verified: bool = False


@dataclass(frozen=True)
class Found:
    """What the provider's own list says of a payment. is_paid None: the list does not settle it."""

    is_paid: bool | None
    note: str = ""


@dataclass(frozen=True)
class Look:
    """What the provider says now. facts: kept with the source and shown; statuses: (visit's id, its word) each."""

    facts: dict[str, Any]
    statuses: Iterable[tuple[str, str]] = ()
    approved: frozenset[str] = frozenset()  # the words that mean that the reward is paid


class Payer:
    """How a provider pays. `prepare` may be called again without harm, `pay` may not."""

    most_at_once = 1
    refuses_what_it_paid = False  # so a refusal is looked up before it is believed

    def prepare(self, payments: Sequence[Payment]) -> str:
        """Whatever comes before paying; returns the provider's reference. Raises Provider... errors."""
        return ""

    def pay(self, reference: str, payments: Sequence[Payment]) -> str:
        """Pays. Returns the reference to keep. Raises ProviderRefused (nothing paid), ProviderSilent (nobody knows)."""
        raise ProviderRefused(_("This source cannot pay."))

    def find(self, payment: Payment) -> Found:
        """Looks the payment up in the provider's list; changes nothing."""
        return Found(None)


def paid_visit(payment: Payment) -> Visit:
    """The visit that a payment is for. Raises ProviderRefused where the provider's id of it is gone."""
    visit = payment.visit
    if visit is None or not visit.external_id or visit.external_id.startswith(ERASED):
        raise ProviderRefused(_("The provider's id of this person's visit is gone, so she cannot be paid from here."))
    return visit


class OptionsForm(forms.Form):
    """The settings of a source: the page shows this form, the API checks with it."""


class RecruitmentSource:
    """One kind of source. Its folder holds this class, its form, its API client, and settings.html if it shows more."""

    kind: str
    title: Any
    help: Any
    options_form: type[OptionsForm] = OptionsForm
    settings_template = ""  # below the form on the recruitment page
    has_several = True  # a study may have more than one
    pays_by_approval = False  # the reward is paid by approving a visit at the provider, in full

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Completes the options. Raises InvalidInput with the errors by field."""
        form = self.options_form(dict(options))
        unknown = sorted(set(options) - set(form.fields))
        errors = {name: [f"This source has no option {name!r}."] for name in unknown}
        if not form.is_valid():
            errors |= {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        if errors:
            sentences = "; ".join(f"{name}: {texts[0]}" for name, texts in errors.items())
            raise InvalidInput(f"The source was not saved. {sentences}", errors)
        return {name: _plain(value) for name, value in form.cleaned_data.items()}

    def place(self, recruitment: Recruitment) -> str:
        """What people call the place they came from; '' = nowhere in particular."""
        return ""

    def study_url(self, recruitment: Recruitment, site: str) -> str:
        """The address to give away or to enter at the provider. site: scheme and host, no slash at the end."""
        return site + reverse("annotate_arrive", args=[recruitment.study.slug, recruitment.name])

    def arrive(self, recruitment: Recruitment, query: Mapping[str, str]) -> Arrival:
        """Reads the link's parameters. Raises ArrivalRefused."""
        return Arrival(recruitment)

    def joined(self, arrival: Arrival) -> None:
        """She has agreed and takes part; called in the transaction that writes it down."""

    def show_frame(self, request: HttpRequest, recruitment: Recruitment) -> HttpResponse | None:
        """A page of its own instead of the way in, for sources that show the study inside their own page."""
        return None

    def leave_url(
        self, recruitment: Recruitment, outcome: str, *, panel_id: str = "", visit: Visit | None = None
    ) -> str:
        """Where she is sent at the end; '' = nowhere, the page says what to do instead."""
        return ""

    def payer(self, recruitment: Recruitment) -> Payer | None:
        """Who pays visits of this source; None: by hand."""
        return None

    def look(self, recruitment: Recruitment) -> Look | None:
        """Asks the provider how the visits stand; None: there is nobody to ask. Raises Provider... errors."""
        return None

    def act(self, recruitment: Recruitment, action: str, data: Mapping[str, str], site: str) -> str:
        """Does what a form of settings.html asks for; says what was done. Raises AnnotationError."""
        raise InvalidInput(_("This source cannot do %r.") % action[:40])

    def context(self, recruitment: Recruitment) -> dict[str, Any]:
        """What settings.html needs besides the source itself."""
        return {}

    def why_no_payer(self, recruitment: Recruitment) -> str:
        """What is missing before this source can pay, for the manager."""
        return ""


def _plain(value: Any) -> Any:
    """A cleaned value as JSON keeps it."""
    return value if isinstance(value, bool | int | float | str | type(None)) else str(value)


def parameter(query: Mapping[str, str], name: str, pattern: re.Pattern[str] = PANEL_ID) -> str:
    """One parameter of the link a person followed. Raises ArrivalRefused if it is missing or cannot be one."""
    value = query.get(name, "").strip()
    if not value:
        raise ArrivalRefused(
            _(
                "This link is incomplete: %(name)s is missing. Open the study again from where you found it; "
                "nothing about you was stored."
            )
            % {"name": name}
        )
    if not pattern.fullmatch(value):
        raise ArrivalRefused(
            _(
                "This link is damaged: %(name)s does not look as it should. Open the study again from where you found "
                "it; nothing about you was stored."
            )
            % {"name": name}
        )
    return value
