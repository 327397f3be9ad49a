"""Which language a person reads, and a study's texts in it.

The interface speaks the languages of settings.LANGUAGES; a study offers those that its manager switched on and whose
consent is translated. A person's own choice comes first, then what her browser asks for, then the study's own language.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from annotation.models import AttentionCheck, DemographicSettings, Participation, PracticeItem, Study, StudyTexts
from annotation.people.questions import Question, questions_of

COOKIE_SECONDS = 365 * 24 * 3600
# the rest of the site is for researchers and in English
FOR_PARTICIPANTS = ("/s/", "/api/v1/studies/")
API = "/api/"
QUESTION_PARTS = ("question", "right", "explanation")
LANGUAGES = dict(settings.LANGUAGES)


def language_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """English for researchers; for people who take part what they chose or what their browser asks for.

    Pages of a study narrow it down to what the study offers (`read_in`). A call of the API is answered in the language
    of its Accept-Language alone, which static/js/api.js sets to the page's: no question to the database.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        everybody = request.path == "/" or request.path.startswith(FOR_PARTICIPANTS)
        wished = wishes(request, with_cookie=not request.path.startswith(API)) if everybody else []
        activate(request, wished[0] if wished else settings.LANGUAGE_CODE)
        response = get_response(request)
        if everybody:
            patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response

    return middleware


def activate(request: HttpRequest, language: str) -> None:
    translation.activate(language)
    request.LANGUAGE_CODE = language  # type: ignore[attr-defined]  # as Django's own middleware does


def wishes(request: HttpRequest, *, with_cookie: bool = True) -> list[str]:
    """The interface's languages that this browser wants, the most wanted first."""
    found: list[str] = []
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "") if with_cookie else ""
    asked = [code for code, _quality in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:200])]
    for code in [chosen, *asked]:
        known = _known(code)
        if known and known not in found:
            found.append(known)
    return found


def _known(code: str) -> str:
    """The interface's name of a language a browser names: zh-CN and zh are zh-hans, fr-CA is fr; '' = we lack it."""
    try:
        known = translation.get_supported_language_variant(code)
    except LookupError:
        return ""
    return known if known in LANGUAGES else ""


@dataclass(frozen=True)
class Slot:
    """One text of a study that people read. key: where it belongs, such as steps.emotion.labels.awe."""

    key: str
    group: str
    original: str
    is_long: bool = False


def text_slots(study: Study) -> list[Slot]:
    """Every text of the study that is not empty, in the order in which people meet them."""
    care = study.care
    slots = [
        Slot("title", "study", study.title),
        Slot("description", "study", study.description, is_long=True),
        Slot("content_note", "study", str(care.get("content_note", "")), is_long=True),
        Slot("consent", "study", study.consent, is_long=True),
        Slot("instructions", "study", study.instructions, is_long=True),
    ]
    for step in study.steps:
        name, options = step["name"], step["options"]
        for part in ("question", "hint"):
            slots.append(Slot(f"steps.{name}.{part}", name, str(options.get(part, ""))))
        for label in options.get("labels", []):
            slots.append(Slot(f"steps.{name}.labels.{label['id']}", name, str(label["name"])))
    slots.append(Slot("debriefing", "leaving", str(care.get("debriefing", "")), is_long=True))
    for number, line in enumerate(care.get("help_lines", [])):
        for part in ("name", "place"):
            slots.append(Slot(f"help.{number}.{part}", "leaving", str(line.get(part, ""))))
    slots += [*_practice_slots(study), *_about_you_slots(study)]
    return [slot for slot in slots if slot.original.strip()]


def _practice_slots(study: Study) -> list[Slot]:
    slots = []
    for item in PracticeItem.objects.filter(study=study):
        place = f"practice.{item.pk}"
        slots.append(Slot(f"{place}.feedback", "practice", item.feedback, is_long=True))
        slots.append(Slot(f"{place}.description", "practice", item.description, is_long=True))
        slots.append(Slot(f"{place}.visible_words", "practice", item.visible_words, is_long=True))
    for number, question in enumerate(study.training.get("questions", [])):
        for part in QUESTION_PARTS:
            slots.append(Slot(f"questions.{number}.{part}", "practice", str(question[part]), is_long=True))
        for which, wrong in enumerate(question["wrong"]):
            slots.append(Slot(f"questions.{number}.wrong.{which}", "practice", str(wrong), is_long=True))
    slots.append(Slot("screened_out", "practice", str(study.training.get("screened_out", "")), is_long=True))
    for check in AttentionCheck.objects.filter(study=study):
        slots.append(Slot(f"checks.{check.pk}.instruction", "practice", check.instruction, is_long=True))
    return slots


def _about_you_slots(study: Study) -> list[Slot]:
    """Ready questions come translated; the researcher's own, and the consent, do not."""
    settings_row = DemographicSettings.objects.filter(pk=study.pk, is_on=True).first()
    if settings_row is None:
        return []
    slots = [Slot("about_you.consent", "about_you", settings_row.consent, is_long=True)]
    for question in questions_of([one for one in settings_row.questions if "ready" not in one]):
        slots.append(Slot(f"about_you.{question.key}.text", "about_you", question.text, is_long=True))
        for name, words in question.options:
            slots.append(Slot(f"about_you.{question.key}.options.{name}", "about_you", words, is_long=True))
    return slots


def standing_texts(study: Study, kept: StudyTexts | None, slots: Sequence[Slot] | None = None) -> dict[str, str]:
    """{key: translation} of those that still translate what the study says; an outdated one is not shown.

    slots: the study's, where they are known already.
    """
    texts: dict[str, Any] = kept.texts if kept else {}
    return {
        slot.key: texts[slot.key]["text"]
        for slot in (text_slots(study) if slots is None else slots)
        if slot.key in texts and texts[slot.key]["text"] and texts[slot.key]["of"] == slot.original
    }


def has_consent(study: Study, texts: dict[str, str]) -> bool:
    """Whether people can agree in this language: nobody agrees to a text she cannot read."""
    return "consent" in texts or not study.consent.strip()


def offered(study: Study) -> dict[str, dict[str, str]]:
    """{language: its standing texts}, the study's own first. A language whose consent is missing is not offered."""
    own, *others = study.languages or [settings.LANGUAGE_CODE]
    found: dict[str, dict[str, str]] = {own: {}}
    if not others:
        return found
    rows = {row.language: row for row in StudyTexts.objects.filter(study=study, language__in=others)}
    slots = text_slots(study)
    for language in others:
        texts = standing_texts(study, rows.get(language), slots)
        if has_consent(study, texts):
            found[language] = texts
    return found


def with_texts(study: Study, language: str, texts: dict[str, str]) -> Study:
    """A copy to read from, never to save: its texts in another language. What is stored of an answer stays the same."""
    shown = copy.copy(study)
    shown.text_language = language
    shown.title = texts.get("title", study.title)
    shown.description = texts.get("description", study.description)
    shown.consent = texts.get("consent", study.consent)
    shown.instructions = texts.get("instructions", study.instructions)
    shown.steps = copy.deepcopy(study.steps)
    for step in shown.steps:
        place = f"steps.{step['name']}"
        for part in ("question", "hint"):
            if f"{place}.{part}" in texts:
                step["options"][part] = texts[f"{place}.{part}"]
        for label in step["options"].get("labels", []):
            label["name"] = texts.get(f"{place}.labels.{label['id']}", label["name"])
    shown.care = copy.deepcopy(study.care)
    for part in ("content_note", "debriefing"):
        if part in texts:
            shown.care[part] = texts[part]
    for number, line in enumerate(shown.care.get("help_lines", [])):
        for part in ("name", "place"):
            line[part] = texts.get(f"help.{number}.{part}", line.get(part, ""))
    shown.training = copy.deepcopy(study.training)
    for number, question in enumerate(shown.training.get("questions", [])):
        for part in QUESTION_PARTS:
            question[part] = texts.get(f"questions.{number}.{part}", question[part])
        question["wrong"] = [
            texts.get(f"questions.{number}.wrong.{place}", wrong) for place, wrong in enumerate(question["wrong"])
        ]
    if "screened_out" in texts:
        shown.training["screened_out"] = texts["screened_out"]
    shown.texts = texts
    return shown


def items_in(study: Study, items: Iterable[PracticeItem]) -> list[PracticeItem]:
    """Practice images as they are read in the study's copy, to read from and never to save."""
    shown = []
    for item in items:
        one = copy.copy(item)
        one.feedback = study.texts.get(f"practice.{item.pk}.feedback", item.feedback)
        one.description = study.texts.get(f"practice.{item.pk}.description", item.description)
        # words that nobody translated say nothing about a text in another language
        words = "" if study.text_language else item.visible_words
        one.visible_words = study.texts.get(f"practice.{item.pk}.visible_words", words)
        shown.append(one)
    return shown


def about_you_in(study: Study, row: DemographicSettings) -> tuple[str, list[Question]]:
    """The consent to the questions about the person, and these, as they are read in the study's copy."""
    questions = [
        Question(
            question.key,
            study.texts.get(f"about_you.{question.key}.text", question.text),
            [
                (name, study.texts.get(f"about_you.{question.key}.options.{name}", words))
                for name, words in question.options
            ],
        )
        for question in questions_of(row.questions)
    ]
    return study.texts.get("about_you.consent", row.consent), questions


def in_language(study: Study, language: str) -> Study:
    """The study with its texts in this language, if it offers it; else as it is."""
    languages = offered(study)
    if language not in languages or language == next(iter(languages)):
        return study
    return with_texts(study, language, languages[language])


def read_in(request: HttpRequest, study: Study, participation: Participation | None = None) -> Study:
    """Chooses the language of this page, switches the interface to it, and gives the study as it is read in it.

    A person's participation keeps the language her pages showed: an answer is recorded with it.
    """
    languages = offered(study)
    own = next(iter(languages))
    wished = [participation.language] if participation else wishes(request)
    chosen = next((language for language in wished if language in languages), own)
    activate(request, chosen)
    if participation and participation.language != chosen and not participation.withdrawn_at:
        Participation.objects.filter(pk=participation.pk).update(language=chosen)
        participation.language = chosen
    shown = study if chosen == own else with_texts(study, chosen, languages[chosen])
    shown.offered_languages = [(code, name_of(code)) for code in languages]
    return shown


def name_of(language: str) -> str:
    """A language by its own name: what somebody looks for who reads no other."""
    return str(LANGUAGES.get(language, language))


def remember_language(response: HttpResponseBase, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
