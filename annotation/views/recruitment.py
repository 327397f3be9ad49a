"""Where a study's people come from: its sources, their options, what can be asked of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError, InvalidInput, InvalidRows
from annotation.models import IdentityReading, Recruitment, Study, Visit
from annotation.recruitment import SOURCES, RecruitmentSource
from annotation.recruitment.invitation.invite import invite, remind, revoke
from annotation.services.change_recruitment import (
    add_recruitment,
    change_recruitment,
    link_of,
    remove_recruitment,
)
from annotation.services.start_checks import start_check
from annotation.whole_number import whole_number
from jobs.models import Job
from jobs.queries import newest_job
from jobs.services import start_job

MOST_UPLOAD = 2_000_000
JOBS = ("send_invitations", "check_recruitment")


@dataclass
class Card:
    """One source on the page: its row (not saved for a plain link nobody has switched), form and numbers."""

    recruitment: Recruitment
    source: RecruitmentSource
    form: Form
    url: str
    n_visits: int = 0
    context: dict[str, Any] = field(default_factory=dict)


@login_required
@require_http_methods(["GET", "POST"])
def recruitment(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "recruit")
    failed: dict[str, Any] = {}
    if request.method == "POST":
        does = _DOES.get(request.POST.get("do", ""), _nothing)
        try:
            said = does(request, study)
        except InvalidRows as error:
            failed = {"problem": error.message, "rows": error.rows}
        except AnnotationError as error:
            failed = {"problem": error.message}
        else:
            if said:
                messages.success(request, said)
            return redirect("study_recruitment", slug=slug)
    return render(request, "studies/recruitment.html", _context(request, study, failed), status=422 if failed else 200)


def _nothing(request: HttpRequest, study: Study) -> str:
    raise InvalidInput(_("The form did not say what to do. Reload the page, then try again."))


def _options(request: HttpRequest, source: RecruitmentSource, prefix: str) -> dict[str, str]:
    """What the form of a source holds; a box that is not ticked is not sent, which is a no."""
    names = source.options_form().fields
    return {name: request.POST[f"{prefix}-{name}"] for name in names if f"{prefix}-{name}" in request.POST}


def _its(request: HttpRequest, study: Study) -> Recruitment:
    name = request.POST.get("source", "")
    found = Recruitment.objects.filter(study=study, name=name).first()
    if found is None and name == "link":
        found = link_of(study)
    if found is None:
        raise Http404("There is no such source.")
    found.study = study
    return found


def site_of(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _add(request: HttpRequest, study: Study) -> str:
    kind = request.POST.get("kind", "")
    options = _options(request, SOURCES[kind], "new") if kind in SOURCES else {}
    added = add_recruitment(study=study, kind=kind, name=request.POST.get("name", "").strip(), options=options)
    return _("The source %s is there. Its link stands below.") % added.name


def _save(request: HttpRequest, study: Study) -> str:
    chosen = _its(request, study)
    options = _options(request, SOURCES[chosen.kind], f"s{chosen.pk}")
    change_recruitment(recruitment=chosen, options=options)
    return _("Saved.")


def _switch(request: HttpRequest, study: Study) -> str:
    chosen = change_recruitment(recruitment=_its(request, study), is_active=request.POST.get("on") == "yes")
    if chosen.is_active:
        return _("People may come through %s again.") % chosen.name
    return _("Nobody new comes in through %s. Whoever takes part already goes on.") % chosen.name


def _remove(request: HttpRequest, study: Study) -> str:
    remove_recruitment(recruitment=_its(request, study))
    return _("The source is removed.")


def _act(request: HttpRequest, study: Study) -> str:
    chosen = _its(request, study)
    data: Mapping[str, str] = {name: str(value) for name, value in request.POST.items()}
    return SOURCES[chosen.kind].act(chosen, request.POST.get("action", ""), data, site_of(request))


def _invite(request: HttpRequest, study: Study) -> str:
    chosen = _its(request, study)
    text = request.POST.get("addresses", "")
    file = request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > MOST_UPLOAD:
            raise InvalidInput(_("The file is larger than 2 MB; nobody was invited. Split it."))
        try:
            text = f"{file.read().decode('utf-8-sig')}\n{text}".strip()
        except UnicodeDecodeError as error:
            raise InvalidInput(
                _("The file is not text in UTF-8; nobody was invited. Save it as CSV, UTF-8.")
            ) from error
    invited = invite(recruitment=chosen, text=text)
    _start_mails(request, chosen)
    words = _("%(new)s people are invited; %(known)s had been invited before and get no second mail.")
    return words % {"new": invited.n_new, "known": invited.n_known}


def _remind(request: HttpRequest, study: Study) -> str:
    chosen = _its(request, study)
    n = remind(recruitment=chosen)
    _start_mails(request, chosen)
    return _("%s people are reminded.") % n


def _send(request: HttpRequest, study: Study) -> str:
    _start_mails(request, _its(request, study))
    return _("Mails that wait are sent.")


def _start_mails(request: HttpRequest, chosen: Recruitment) -> Job:
    arguments = {"recruitment": chosen.pk, "site": site_of(request)}
    return start_job("send_invitations", study_key=chosen.study.slug, arguments=arguments, user=request.user)


def _revoke(request: HttpRequest, study: Study) -> str:
    revoke(recruitment=_its(request, study), invitation_id=whole_number(request.POST.get("invitation", "")))
    return _("The invitation is taken back, and the address forgotten.")


def _check(request: HttpRequest, study: Study) -> str:
    start_check(study=study, user=request.user)
    return ""


_DOES: dict[str, Callable[[HttpRequest, Study], str]] = {
    "add": _add,
    "save": _save,
    "switch": _switch,
    "remove": _remove,
    "act": _act,
    "invite": _invite,
    "remind": _remind,
    "send": _send,
    "revoke": _revoke,
    "check": _check,
}


def _context(request: HttpRequest, study: Study, failed: dict[str, Any]) -> dict[str, Any]:
    rows = list(Recruitment.objects.filter(study=study).order_by("pk"))
    if not any(row.kind == "link" for row in rows):
        rows.insert(0, Recruitment(study=study, name="link", kind="link"))
    rows.sort(key=lambda row: row.kind != "link")
    adding = request.POST.get("kind") if failed and request.POST.get("do") == "add" else request.GET.get("add")
    job = newest_job(study.slug, *JOBS)
    return {
        "study": study,
        "rights": rights_of(request.user, study),
        "tab": "setup",
        "cards": [_card(request, study, row, failed) for row in rows],
        "kinds": [source for source in SOURCES.values() if source.has_several],
        "adding": SOURCES.get(adding or ""),
        "adding_form": _adding_form(request, adding or "", failed),
        "adding_name": request.POST.get("name", adding or ""),
        "job": job,
        "readings": IdentityReading.objects.filter(study=study).order_by("-id")[:20],
        "typed_addresses": request.POST.get("addresses", "") if failed else "",
        **failed,
    }


def _adding_form(request: HttpRequest, kind: str, failed: dict[str, Any]) -> Form | None:
    if kind not in SOURCES:
        return None
    return SOURCES[kind].options_form(request.POST if failed else None, prefix="new")


def _card(request: HttpRequest, study: Study, row: Recruitment, failed: dict[str, Any]) -> Card:
    source = SOURCES[row.kind]
    row.study = study
    typed = failed and request.POST.get("do") == "save" and request.POST.get("source") == row.name
    form = source.options_form(request.POST if typed else None, prefix=f"s{row.pk}", initial=row.options)
    return Card(
        row,
        source,
        form,
        source.study_url(row, site_of(request)),
        Visit.objects.filter(recruitment=row).count() if row.pk else 0,
        {**source.context(row), "no_payer": source.why_no_payer(row)} if row.pk else {},
    )
