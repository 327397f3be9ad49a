"""Quality of a study: the review queue and its decisions, the rules, and what a person reads about her own answers."""

import csv
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext as to_participant
from django.views.decorators.http import require_GET, require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError, InvalidInput
from annotation.models import Participation, PersonMessage, QualityDecision, QualityFlag, QualityRule, Response, Study
from annotation.quality.catalogue import SIGNALS
from annotation.quality.grammar import DEFAULT_LEAST, DEFAULT_WINDOW, MOST_CONDITIONS, of_stored
from annotation.quality.review import (
    answers_of,
    decisions_of,
    most_flagged,
    open_flags,
    rules_of,
    stopped_people,
    to_review,
)
from annotation.services.ask_about_decision import LONGEST, ask_about_decision
from annotation.services.change_rules import remove_rule, save_rule, start_trial, switch_rule
from annotation.services.decide_quality import ON_RESPONSES, decide
from annotation.views.annotate import taking_part
from annotation.whole_number import whole_number
from snapshots.csv_cells import safe_cell

FLAGS_PER_PAGE = 10
DECISIONS_SHOWN = 20
PEOPLE_SHOWN = 20

DONE = {
    QualityDecision.ACCEPT: lambda: _("Kept as it is."),
    QualityDecision.SET_ASIDE: lambda: _("The answer is set aside: kept, exported as surplus, and not counted."),
    QualityDecision.REPLACE: lambda: _("The answer is set aside, and its image is open for another person."),
    QualityDecision.RESTORE: lambda: _("The answer counts again."),
    QualityDecision.PAUSE: lambda: _("The person is paused; she reads why."),
    QualityDecision.BAN: lambda: _("The person is banned; she reads why."),
    QualityDecision.RESUME: lambda: _("The person may go on."),
}


# --- the review queue ---


@login_required
@require_http_methods(["GET", "POST"])
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "review_quality")
    problem = ""
    if request.method == "POST":
        try:
            _decide(request, study)
        except AnnotationError as error:
            problem = error.message
        else:
            back = request.POST.get("back", "")
            return redirect(f"{reverse('study_quality', args=[slug])}{back if back.startswith('?') else ''}")
    pseudonym = request.GET.get("person", "")
    page = Paginator(open_flags(study, pseudonym=pseudonym), FLAGS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "page": page,
        "flags": to_review(study, list(page.object_list)),
        "person": pseudonym,
        "rules": rules_of(study),
        "decisions": decisions_of(study, DECISIONS_SHOWN),
        "people": most_flagged(study, PEOPLE_SHOWN),
        "stopped": stopped_people(study),
        "problem": problem,
        "back": f"?{request.GET.urlencode()}" if request.GET else "",
        "tab": "quality",
    }
    return render(request, "studies/quality_review.html", context, status=422 if problem else 200)


def _decide(request: HttpRequest, study: Study) -> None:
    data = request.POST
    flag = None
    if data.get("flag"):
        flag = get_object_or_404(QualityFlag, pk=whole_number(data["flag"]), study=study)
    if flag is not None:
        participation = flag.participation
    elif not data.get("person"):
        raise InvalidInput(_("Say what the decision is about: something in the queue, or a person."))
    else:
        participation = get_object_or_404(Participation, study=study, annotator__pseudonym=data.get("person", ""))
    response = None
    if data.get("response") and data.get("action") in ON_RESPONSES:
        response = get_object_or_404(Response, pk=whole_number(data["response"]), participation=participation)
    action = data.get("action", "")
    decide(
        participation=participation, action=action, reason=data.get("reason", ""),
        response=response, flag=flag, user=request.user,
    )  # fmt: skip
    messages.success(request, DONE[action]())


@login_required
@require_GET
def quality_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """All flags of the study with what was decided, one row each, for whoever writes the methods section."""
    study = get_study(request.user, slug, "review_quality")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{study.slug}-quality.csv"'
    writer = csv.writer(answer)
    writer.writerow(
        ["flag", "created_at", "rule", "rule_version", "annotator", "stimulus_key", "response", "response_status",
         "found", "state", "decisions", "decided_at"]
    )  # fmt: skip
    flags = (
        QualityFlag.objects.filter(study=study)
        .select_related("rule", "participation__annotator", "response__stimulus")
        .prefetch_related("decisions__by")
        .order_by("pk")
    )
    for flag in flags.iterator(chunk_size=1_000):
        response = flag.response
        found = "; ".join(f"{row['signal']}={row['found']}" for row in flag.found if "signal" in row)
        acts = "; ".join(
            f"{one.action} by {one.by.get_username() if one.by else 'rule'}"
            for one in sorted(flag.decisions.all(), key=lambda one: one.pk)
        )
        writer.writerow(
            [flag.pk, flag.created_at.isoformat(), safe_cell(flag.rule.name) if flag.rule else "question of the person",
             flag.rule_version, flag.participation.annotator.pseudonym, response.stimulus.key if response else "",
             response.pk if response else "", response.status if response else "", found, flag.state, acts,
             flag.decided_at.isoformat() if flag.decided_at else ""]
        )  # fmt: skip
    return answer


# --- the rules ---


@login_required
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of the study: write, try, switch on and off, remove."""
    study = get_study(request.user, slug, "change_study")
    errors: dict[str, list[str]] = {}
    problem = ""
    given: dict[str, Any] | None = None
    if request.method == "POST":
        act = request.POST.get("act", "")
        rule = None
        if request.POST.get("rule"):
            rule = get_object_or_404(QualityRule, pk=whole_number(request.POST["rule"]), study=study, removed_at=None)
        try:
            _change(request, study, rule, act)
        except InvalidInput as error:
            errors, problem, given = error.errors, error.message, _given(request)
        except AnnotationError as error:
            problem = error.message
        else:
            return redirect("study_quality_rules", slug=slug)
    edited = None
    if request.GET.get("edit") or (errors and request.POST.get("rule")):
        pk = whole_number(request.GET.get("edit") or request.POST.get("rule", ""))
        edited = get_object_or_404(QualityRule, pk=pk, study=study, removed_at=None)
    form = given or _form_of(edited)
    rows = [_rule_row(study, rule) for rule in rules_of(study)]
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "rows": rows,
        "edited": edited,
        "form": form,
        "form_rows": _condition_rows(form, errors),
        "errors": errors,
        "problem": problem,
        "signals": list(SIGNALS.values()),
        "actions": QualityRule.ACTIONS,
        "most_conditions": MOST_CONDITIONS,
        "tab": "setup",
        "setup_tab": "rules",
    }
    return render(request, "studies/quality_rules.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, study: Study, rule: QualityRule | None, act: str) -> None:
    if act == "save":
        saved = save_rule(study=study, given=_given(request), rule=rule, user=request.user)
        trial = start_trial(rule=saved, user=request.user)
        messages.success(request, _("Saved. It is being tried on past responses (trial %(n)s).") % {"n": trial.pk})
    elif rule is None:
        raise InvalidInput(_("Name a rule."))
    elif act == "try":
        start_trial(rule=rule, user=request.user)
        messages.success(request, _("The rule is being tried on past responses. Nobody is flagged by this."))
    elif act in ("on", "off"):
        switch_rule(rule=rule, on=act == "on")
        on = _("The rule is on: it looks at every answer that comes from now on.")
        messages.success(request, on if act == "on" else _("The rule is off. What it flagged stays in the queue."))
    elif act == "remove":
        remove_rule(rule=rule)
        messages.success(request, _("The rule is removed. What it flagged stays in the queue."))
    else:
        raise InvalidInput(_("There is no such act."))


def _given(request: HttpRequest) -> dict[str, Any]:
    """The form's fields as the service takes them; rows without a signal are left out. Shares come as percent."""
    data = request.POST
    conditions = []
    for signal, direction, value in zip(
        data.getlist("signal"), data.getlist("is"), data.getlist("value"), strict=False
    ):
        if not signal:
            continue
        number: Any = value.replace(",", ".").strip()
        if signal in SIGNALS and SIGNALS[signal].is_share:
            with suppress(ValueError):  # what is no number is refused with its own words
                number = float(number.removesuffix("%")) / 100
        conditions.append({"signal": signal, "is": direction, "value": number})
    return {
        "name": data.get("name", ""),
        "scope": data.get("scope", ""),
        "match": data.get("match", ""),
        "window": data.get("window", ""),
        "least": data.get("least", ""),
        "action": data.get("action", ""),
        "message": data.get("message", ""),
        "conditions": conditions,
    }


def _form_of(rule: QualityRule | None) -> dict[str, Any]:
    plain = {"scope": "response", "match": "all", "window": DEFAULT_WINDOW, "least": DEFAULT_LEAST, "conditions": []}
    if rule is None:
        return {**plain, "name": "", "action": QualityRule.REVIEW, "message": ""}
    return {**plain, **rule.definition, "name": rule.name, "action": rule.action, "message": rule.message}


def _condition_rows(form: dict[str, Any], errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    rows = []
    for number, row in enumerate(form["conditions"]):
        value = row["value"]
        if isinstance(value, float | int) and row["signal"] in SIGNALS:
            value = f"{100 * value:g}" if SIGNALS[row["signal"]].is_share else f"{value:g}"
        rows.append({**row, "value": value, "error": " ".join(errors.get(f"conditions.{number}", []))})
    return rows or [{"signal": "", "is": "at_most", "value": "", "error": ""}]


def _rule_row(study: Study, rule: QualityRule) -> dict[str, Any]:
    trial = rule.trials.filter(version=rule.version).select_related("job").first()
    examples = []
    if trial and trial.result:
        found = answers_of(study, [row["response_id"] for row in trial.result["examples"][:6]])
        examples = [
            {"answer": found[row["response_id"]], "is_honest_minority": row["is_honest_minority"]}
            for row in trial.result["examples"][:6]
            if row["response_id"] in found
        ]
    result = trial.result if trial else None
    by_signal = [(SIGNALS[name].title, n) for name, n in (result or {}).get("by_signal", {}).items() if name in SIGNALS]
    not_told = [(SIGNALS[name].title, n) for name, n in (result or {}).get("not_told", {}).items() if name in SIGNALS]
    return {
        "rule": rule,
        "sentences": of_stored(rule.definition).sentences(),
        "trial": trial,
        "result": result,
        "by_signal": by_signal,
        "not_told": not_told,
        "examples": examples,
        "is_running": bool(trial and trial.job and not trial.job.has_ended),
    }


# --- what a person reads about her own answers ---


@require_http_methods(["GET", "POST"])
def messages_to_me(request: HttpRequest, slug: str) -> HttpResponse:
    """What was decided about her answers and why, and her own words to the researchers."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    problem = ""
    if request.method == "POST":
        try:
            ask_about_decision(participation=participation, text=request.POST.get("text", ""))
        except InvalidInput as error:
            problem = error.message
        else:
            messages.success(
                request, to_participant("Your words are with the researchers now. The answer will stand on this page.")
            )
            return redirect("annotate_messages", slug=slug)
    told = list(PersonMessage.objects.filter(participation=participation).select_related("rule")[:100])
    context = {
        "study": study,
        "participation": participation,
        "told": told,
        "asked": QualityFlag.objects.filter(participation=participation).exclude(appeal="").order_by("-pk")[:20],
        "problem": problem,
        "text": request.POST.get("text", "") if problem else "",
        "longest": LONGEST,
    }
    answer = render(request, "annotate/messages.html", context, status=422 if problem else 200)
    PersonMessage.objects.filter(pk__in=[one.pk for one in told], read_at__isnull=True).update(read_at=timezone.now())
    return answer
