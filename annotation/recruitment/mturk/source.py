"""Mechanical Turk: a HIT shows our page in a frame; the study itself opens in a tab of its own.

Inside the frame no cookie of ours is needed or sent: browsers keep third-party cookies away, and a page that can be
framed should act on nothing. So the frame shows the study, opens it beside (a signed token in that one link says who
comes), and gives the assignment back to Mechanical Turk when the person is through. Before a worker accepts, the
assignment's id is ASSIGNMENT_ID_NOT_AVAILABLE: then the page only shows, takes no answer and lends no image.
"""

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from annotation.errors import InvalidInput
from annotation.models import Identity, PayPlan, Recruitment, Visit
from annotation.recruitment.base import Arrival, ArrivalRefused, Look, OptionsForm, RecruitmentSource, parameter
from annotation.recruitment.mturk.api import MechanicalTurk
from annotation.recruitment.mturk.payer import MechanicalTurkPayer
from annotation.whole_number import whole_number

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
SUBMIT_HOSTS = ("www.mturk.com", "workersandbox.mturk.com")
# whose pages may show ours in a frame: where workers work and requesters look, in production and in the sandbox
FRAME_HOSTS = (
    "www.mturk.com",
    "worker.mturk.com",
    "workersandbox.mturk.com",
    "requester.mturk.com",
    "requestersandbox.mturk.com",
)
AWS_ID = re.compile(r"[A-Z0-9]{1,64}")


class MechanicalTurkOptions(OptionsForm):
    sandbox = forms.BooleanField(
        required=False, initial=True, label=_("Sandbox"), help_text=_("For trying out: nobody is paid.")
    )
    title = forms.CharField(max_length=128, label=_("Title of the HIT"))
    description = forms.CharField(
        max_length=2000, label=_("Description of the HIT"), widget=forms.Textarea(attrs={"rows": 3})
    )
    keywords = forms.CharField(max_length=1000, required=False, initial="images, feelings, survey", label=_("Keywords"))
    places = forms.IntegerField(
        min_value=1,
        max_value=100_000,
        initial=10,
        label=_("Places"),
        help_text=_("How many people may take it. A HIT that begins with fewer than 10 never gets to 10 or more."),
    )
    minutes_allowed = forms.IntegerField(
        min_value=1, max_value=525_600, initial=120, label=_("Minutes a worker has for it")
    )
    days_open = forms.IntegerField(min_value=1, max_value=365, initial=7, label=_("Days it can be found"))
    days_until_approval = forms.IntegerField(
        min_value=0, max_value=30, initial=3, label=_("Days until it is approved by itself")
    )
    frame_height = forms.IntegerField(
        min_value=0,
        max_value=5000,
        initial=0,
        label=_("Height of the frame in pixels"),
        help_text=_("0 fills the page."),
    )
    qualification_type_id = forms.RegexField(
        regex=r"^[A-Z0-9]{1,64}$",
        required=False,
        label=_("Only workers with this qualification"),
        help_text=_("The id of a qualification type; one can be made below."),
        error_messages={"invalid": _("An id of Mechanical Turk is capital letters and digits.")},
    )


class MechanicalTurkSource(RecruitmentSource):
    kind = "mturk"
    title = _("Mechanical Turk")
    help = _("Workers find the study as a HIT; assignments are approved and bonuses paid from here.")
    options_form = MechanicalTurkOptions
    settings_template = "recruitment/mturk/settings.html"
    pays_by_approval = True

    def place(self, recruitment: Recruitment) -> str:
        return "Mechanical Turk"

    def arrive(self, recruitment: Recruitment, query: Mapping[str, str]) -> Arrival:
        assignment = parameter(query, "assignmentId", re.compile(r"[A-Z0-9_]{1,64}"))
        if assignment == PREVIEW:
            raise ArrivalRefused(_now("This is a preview. Accept the HIT on Mechanical Turk to take part."))
        worker = parameter(query, "workerId", AWS_ID)
        hit = parameter(query, "hitId", AWS_ID)
        ours = recruitment.facts.get("hit_id")
        if ours and hit != ours:
            raise ArrivalRefused(_now("This link belongs to another HIT. Open the HIT again on Mechanical Turk."))
        return Arrival(recruitment, "mturk", worker, assignment, {"hit_id": hit, "submit_to": submit_to(query)})

    def show_frame(self, request: HttpRequest, recruitment: Recruitment) -> HttpResponse | None:
        from annotation.recruitment.mturk.frame import frame  # it needs the table of sources, which needs this file

        return frame(request, recruitment, self)

    def payer(self, recruitment: Recruitment) -> MechanicalTurkPayer | None:
        api = self.api(recruitment)
        return MechanicalTurkPayer(api) if api else None

    def why_no_payer(self, recruitment: Recruitment) -> str:
        if self.api(recruitment):
            return ""
        return _now("This site has no MTURK_ACCESS_KEY and MTURK_SECRET_KEY, so workers are paid on AWS's own page.")

    def api(self, recruitment: Recruitment) -> MechanicalTurk | None:
        return MechanicalTurk.of_this_site(sandbox=bool(recruitment.options.get("sandbox")))

    def look(self, recruitment: Recruitment) -> Look | None:
        api, hit_id = self.api(recruitment), str(recruitment.facts.get("hit_id") or "")
        if api is None or not hit_id:
            return None
        hit = api.hit(hit_id)
        facts = {
            "hit_id": hit_id,
            "state": hit.get("HITStatus", ""),
            "places": hit.get("MaxAssignments"),
            "places_taken": hit.get("NumberOfAssignmentsCompleted"),
            "reward": hit.get("Reward"),
        }
        statuses = [(row["AssignmentId"], row["AssignmentStatus"]) for row in api.assignments(hit_id)]
        return Look(facts, statuses, frozenset({"Approved"}))

    def act(self, recruitment: Recruitment, action: str, data: Mapping[str, str], site: str) -> str:
        """hit: opens the HIT. places: adds some. qualification: makes one, and gives it to everybody who took part."""
        api = self.api(recruitment)
        if api is None:
            raise InvalidInput(self.why_no_payer(recruitment))
        if action == "hit":
            return self._open_hit(recruitment, api, site)
        if action == "places":
            return _more_places(recruitment, api, data.get("places", ""), data.get("request_key", ""))
        if action == "qualification":
            return _qualify(recruitment, api, data.get("name", ""))
        return super().act(recruitment, action, data, site)

    def _open_hit(self, recruitment: Recruitment, api: MechanicalTurk, site: str) -> str:
        if recruitment.facts.get("hit_id"):
            raise InvalidInput(_now("The HIT is open already: %s") % recruitment.facts["hit_id"])
        if not site.startswith("https://"):
            raise InvalidInput(_now("Mechanical Turk shows only pages with https; this site is reached at %s.") % site)
        plan = PayPlan.objects.filter(study=recruitment.study).first()
        if plan is None or not plan.reward or plan.currency != "USD":
            raise InvalidInput(_now("Say on the page Pay first what the study pays, in USD: it is the HIT's reward."))
        hit = api.create_hit(
            options=recruitment.options,
            url=self.study_url(recruitment, site),
            reward=plan.reward,
            key=str(recruitment.request_key),
        )
        facts = {**recruitment.facts, "hit_id": hit["HITId"], "hit_group_id": hit.get("HITGroupId", "")}
        Recruitment.objects.filter(pk=recruitment.pk).update(facts=facts)
        return _now("The HIT is open: %s") % str(hit["HITId"])

    def context(self, recruitment: Recruitment) -> dict[str, Any]:
        # one key per page shown, so that a double click adds places once
        return {"request_key": uuid.uuid4()}

    def leave_url(
        self, recruitment: Recruitment, outcome: str, *, panel_id: str = "", visit: Visit | None = None
    ) -> str:
        return ""  # she goes back to the frame's tab, where the assignment is handed in


def _more_places(recruitment: Recruitment, api: MechanicalTurk, more: str, request_key: str) -> str:
    hit_id = recruitment.facts.get("hit_id")
    if not hit_id:
        raise InvalidInput(_now("There is no HIT yet; open it first."))
    n_places = whole_number(more)
    if not 1 <= n_places <= 100_000:
        raise InvalidInput(_now("Give how many places are to be added, from 1 on, not %r.") % more[:20])
    try:
        key = str(uuid.UUID(request_key))
    except ValueError:
        raise InvalidInput(_now("This page is out of date. Reload it, then try again.")) from None
    api.add_places(hit_id, n_places, key)
    return _now("%s places are added.") % n_places


def _qualify(recruitment: Recruitment, api: MechanicalTurk, name: str) -> str:
    """So that another HIT can ask for, or leave out, the people of this one."""
    type_id = str(recruitment.facts.get("own_qualification_id") or "")
    if not type_id:
        if not name.strip():
            raise InvalidInput(_now("Give the qualification a name; workers read it."))
        type_id = api.create_qualification(
            name=name.strip()[:128], description=_now("Took part in the study: %s") % recruitment.study.title[:200]
        )
        facts = {**recruitment.facts, "own_qualification_id": type_id}
        Recruitment.objects.filter(pk=recruitment.pk).update(facts=facts)
    workers = Identity.objects.filter(
        panel="mturk", annotator__participations__visits__recruitment=recruitment
    ).distinct()
    n = 0
    for n, worker in enumerate(workers.values_list("panel_id", flat=True), start=1):  # noqa: B007  # counted
        api.grant_qualification(qualification_type_id=type_id, worker_id=worker)
    return _now("%(n)s people have the qualification %(id)s.") % {"n": n, "id": type_id}


def submit_to(query: Mapping[str, Any]) -> str:
    """The origin to hand the assignment in at, if it is one of Mechanical Turk's. Raises ArrivalRefused."""
    try:
        parts = urlsplit(str(query.get("turkSubmitTo", "")).strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "https" or parts.netloc not in SUBMIT_HOSTS or port is not None:
        raise ArrivalRefused(
            _now("This link is damaged: turkSubmitTo must be one of Mechanical Turk's addresses. Open the HIT again.")
        )
    return f"https://{parts.netloc}"
