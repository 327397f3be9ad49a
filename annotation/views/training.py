"""Practice for newcomers, and the settings of practice, attention checks, caps and top-up."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from annotation.access import get_study, rights_of
from annotation.care.pages import first_page_after_instructions, stimulus_care
from annotation.errors import AnnotationError, InvalidInput
from annotation.images import image_url
from annotation.markdown import to_html
from annotation.models import AttentionCheck, Participation, PracticeItem, Stimulus, Study
from annotation.services.caps import budget_use, set_limits
from annotation.services.pay_plan import money
from annotation.services.shown_texts import texts_of
from annotation.services.top_up import set_top_up, top_up_of, top_up_use
from annotation.training.attention import checks_use
from annotation.training.change_practice import add_check, add_item, change_item, remove_item, save_training
from annotation.training.forms import (
    CheckForm,
    LimitsForm,
    PracticeForm,
    Questions,
    RateForm,
    TopUpForm,
    TrainingForm,
    question_rows,
    questions_of,
)
from annotation.training.options import TrainingOptions
from annotation.training.practice import (
    FEEDBACK,
    OVER,
    PRACTICE,
    QUESTIONS,
    answer_practice,
    answer_questions,
    begin,
    go_on,
    options_of,
    stage_of,
)
from annotation.training.rules import in_words
from annotation.views.annotate import leaving, steps_of, taking_part
from annotation.whole_number import whole_number

# those who take part


@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def practice(request: HttpRequest, slug: str) -> HttpResponse:
    """One page for the whole way: an image, its feedback, the questions; or kind words for whoever is screened out."""
    study, participation = taking_part(request, slug)
    if participation is None:
        return redirect("annotate_welcome", slug=slug)
    problem: AnnotationError | None = None
    if request.method == "POST" and participation.preparation == Participation.DUE:
        try:
            _act(request, study, participation)
        except AnnotationError as error:
            problem = error
        else:
            return redirect("annotate_practice", slug=slug)
    if participation.preparation == Participation.FAILED:
        return _screened_out(request, study, participation)
    stage = stage_of(participation, study)
    if stage.name == OVER:
        begin(study=study, participation=participation)
        return redirect(first_page_after_instructions(study, participation))
    options = TrainingOptions.of(study.training)
    context = {
        "study": study,
        "stage": stage,
        "is_practice": stage.name in (PRACTICE, FEEDBACK),
        "is_feedback": stage.name == FEEDBACK,
        "writes": stage.name == PRACTICE or bool(stage.missed_rules),
        "is_questions": stage.name == QUESTIONS,
        "instructions_html": to_html(study.instructions),
        "problem": problem.message if problem else "",
    }
    if stage.item is not None:
        context |= {
            "steps": steps_of(study, {}),
            "image_url": image_url(study.pk, stage.item.image_sha256),
            "feedback_html": to_html(stage.item.feedback) if stage.answer else "",
            "advice": in_words(stage.missed_rules, options),
            "given": [step.plain_text(stage.answer.answers) for step in study.parsed_steps] if stage.answer else [],
            "answers": stage.answer.answers if stage.answer else {},
        }
        if (stimulus := stage.item.stimulus) is not None:
            context |= {
                "care": stimulus_care(study, stimulus.content_note, stimulus.is_strong),
                "texts": texts_of(study, stimulus),
            }
    if stage.name == QUESTIONS:
        context["questions"] = [
            {
                "field": f"question-{number}",
                "question": question,
                "options": options_of(question, participation),
                "chosen": request.POST.get(f"question-{number}", "") if problem else "",
                "missed": question in stage.missed,
            }
            for number, question in enumerate(stage.questions, start=1)
        ]
    return render(request, "annotate/practice.html", context, status=400 if problem else 200)


def _act(request: HttpRequest, study: Study, participation: Participation) -> None:
    act, item_id = request.POST.get("act", ""), whole_number(request.POST.get("item", ""))
    if act == "answer":
        answer_practice(study=study, participation=participation, item_id=item_id, answers=_answers(request, study))
    elif act == "go_on":
        go_on(study=study, participation=participation, item_id=item_id)
    elif act == "questions":
        questions = stage_of(participation, study).questions
        given = {
            question.question: request.POST.get(f"question-{number}", "")
            for number, question in enumerate(questions, start=1)
        }
        answer_questions(study=study, participation=participation, given=given)
    else:
        raise InvalidInput(_("The page did not say what to do. Reload it and try again."))


def _answers(request: HttpRequest, study: Study) -> dict[str, Any]:
    """What the page's script gathered; without it, the fields themselves."""
    if request.POST.get("answers"):
        try:
            return dict(json.loads(request.POST["answers"]))
        except (ValueError, TypeError, RecursionError):
            raise InvalidInput(_("The answer arrived damaged. Please send it again.")) from None
    names = [step["name"] for step in study.steps]
    return {name: request.POST[name] for name in names if name in request.POST}


def _screened_out(request: HttpRequest, study: Study, participation: Participation) -> HttpResponse:
    options = TrainingOptions.of(study.training)
    why = list(participation.training.get("why", ()))
    context = {
        **leaving(request, study, participation),
        "completion_code": "",
        "asks_mood": False,
        "own_map": None,
        "because_of_questions": "questions" in why,
        "why": in_words(why, options),
        "screened_out_html": to_html(options.screened_out),
    }
    return render(request, "annotate/screened_out.html", context)


# researchers and managers

NAMES_OFFERED = 200


@login_required
@require_http_methods(["GET", "POST"])
def training(request: HttpRequest, slug: str) -> HttpResponse:
    """Researchers read how it went; managers change the settings, one part of the page at a time."""
    study = get_study(request.user, slug, "see_results")
    may_change = "change_study" in rights_of(request.user, study)
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Your role in this study does not include changing it.")
    forms, questions = _forms(request, study)
    if request.method == "POST":
        try:
            done = _change(request, study, forms, questions)
        except InvalidInput as error:
            _refuse(forms, request.POST.get("part", ""), error)
            done = False
        if done:
            messages.success(request, _("Saved."))
            return redirect("study_training", slug=slug)
    people = Participation.objects.filter(study=study)
    use = top_up_use(study)
    is_wrong = any(form.is_bound and form.errors for form in forms.values()) or bool(
        questions.is_bound and questions.total_error_count()
    )
    context = {
        "study": study,
        "may_change": may_change,
        "forms": forms,
        "wrong_form": next((form for form in forms.values() if form.is_bound and form.errors), None),
        "questions": questions,
        "items": [
            (item, image_url(study.pk, item.image_sha256, "320"), to_html(item.feedback))
            for item in PracticeItem.objects.filter(study=study)
        ],
        "checks": [(check, check.wanted.items()) for check in AttentionCheck.objects.filter(study=study)],
        "checks_use": checks_use(study),
        "budget": budget_use(study),
        "top_up_use": use,
        "cost": money(use.cost, use.currency) if use and use.cost is not None else "",
        "names": Stimulus.objects.filter(study=study).order_by("pk").values_list("name", flat=True)[:NAMES_OFFERED],
        "n_due": people.filter(preparation=Participation.DUE).count(),
        "n_passed": people.filter(preparation=Participation.PASSED).count(),
        "n_failed": people.filter(preparation=Participation.FAILED).count(),
        "screened_out_html": to_html(study.training.get("screened_out", "")),
        "options": TrainingOptions.of(study.training),
        "tab": "setup",
    }
    return render(
        request, "studies/training.html", context, status=422 if is_wrong or request.method == "POST" else 200
    )


def _forms(request: HttpRequest, study: Study) -> tuple[dict[str, Any], Any]:
    """The part that was sent is bound, the others show what holds."""
    part = request.POST.get("part", "") if request.method == "POST" else ""

    def given(name: str) -> Any:
        return request.POST if part == name else None

    options = TrainingOptions.of(study.training)
    top_up = top_up_of(study)
    least = max(study.wanted_responses, 1)
    forms: dict[str, Any] = {
        "practice": PracticeForm(given("practice"), request.FILES if part == "practice" else None, prefix="practice"),
        "rules": TrainingForm(given("rules"), initial=options.as_json(), prefix="rules"),
        "check": CheckForm(given("check"), study=study, prefix="check"),
        "rate": RateForm(given("rate"), initial=study.limits, prefix="rate"),
        "limits": LimitsForm(given("limits"), initial=study.limits, prefix="limits"),
        "top_up": TopUpForm(
            given("top_up"),
            prefix="top_up",
            initial={
                "is_on": top_up is not None,
                "least": top_up.least if top_up else least,
                "most": top_up.most if top_up else least + 10,
                "width": top_up.width if top_up else 0.5,
            },
        ),
    }
    rows = question_rows(options.as_json()["questions"])
    return forms, Questions(given("rules"), initial=rows, prefix="questions")


def _change(request: HttpRequest, study: Study, forms: dict[str, Any], questions: Any) -> bool:
    """Does what the sent part asks for; False: its form has errors. Raises InvalidInput."""
    part = request.POST.get("part", "")
    if part == "item":
        return _change_item(request, study)
    if part == "remove-check":
        AttentionCheck.objects.filter(study=study, pk=whole_number(request.POST.get("check", ""))).delete()
        return True
    form = forms.get(part)
    if form is None:
        raise InvalidInput(_("The page did not say what to change. Reload it and try again."))
    if not form.is_valid() or (part == "rules" and not questions.is_valid()):
        return False
    given = dict(form.cleaned_data)
    if part == "practice":
        file = given.pop("file")
        add_item(study=study, file=file, file_name=file.name if file else "", **given)
    elif part == "rules":
        save_training(study=study, training={**given, "questions": questions_of(questions)})
    elif part == "check":
        add_check(study=study, instruction=given["instruction"], wanted=form.wanted)
    elif part in ("rate", "limits"):
        set_limits(study=study, limits=given)
    elif part == "top_up":
        is_on = given.pop("is_on")
        set_top_up(study=study, top_up=given if is_on else None, user=request.user)
    return True


def _change_item(request: HttpRequest, study: Study) -> bool:
    item = PracticeItem.objects.filter(study=study, pk=whole_number(request.POST.get("item", ""))).first()
    if item is None:
        raise InvalidInput(_("This practice image is not there any more."))
    if request.POST.get("remove"):
        remove_item(item=item)
    else:
        change_item(
            item=item,
            feedback=request.POST.get("feedback", ""),
            visible_words=request.POST.get("visible_words", ""),
        )
    return True


def _refuse(forms: dict[str, Any], part: str, error: InvalidInput) -> None:
    form = forms.get({"item": "practice", "remove-check": "check"}.get(part, part)) or forms["rules"]
    if not form.is_bound:
        form.is_bound, form.data = True, {}
        form.full_clean()
        form.errors.clear()
    if "wanted" in error.errors or any(f"wanted-{name}" in form.fields for name in error.errors):
        error.errors = {
            f"wanted-{name}" if f"wanted-{name}" in form.fields else "": sentences
            for name, sentences in error.errors.items()
        }
    form.add_errors(error.errors, error.message)
