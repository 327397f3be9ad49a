"""Practice and questions: from consent to the first counted image, or a kind way out."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from analysis.models import StudyStatistics
from analysis.services.refresh_statistics import refresh_statistics
from annotation.care.options import clean_care
from annotation.care.themes import decline_themes
from annotation.models import (
    Annotator,
    Assignment,
    Participation,
    PracticeAnswer,
    PracticeItem,
    Recruitment,
    Response,
    Stimulus,
    Study,
    Visit,
)
from annotation.services.assign import assign_ahead
from annotation.training.options import TrainingOptions, clean_training
from annotation.training.practice import first_preparation
from tests.conftest import annotator_client, answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db
QUESTIONS = [
    {
        "question": "Is there a right feeling?",
        "right": "No, feelings differ",
        "wrong": ["Yes, the one most people have"],
        "explanation": "People feel differently about the same image.",
    },
    {
        "question": "What does a good explanation do?",
        "right": "It names what can be seen",
        "wrong": ["It is as short as possible", "It guesses what others feel"],
        "explanation": "Name things in the image.",
    },
]


def practising(n_images: int = 1, **training: Any) -> tuple[Study, Participation, Client]:
    study = make_study()
    study.training = clean_training(training).stored()
    study.save()
    for number in range(n_images):
        PracticeItem.objects.create(
            study=study, place=number + 1, name=f"practice {number}", feedback="People feel in many ways here.",
            visible_words="lake, boat",
        )  # fmt: skip
    anna = make_participation(study)
    return study, anna, annotator_client(anna)


def page_of(study: Study) -> str:
    return f"/s/{study.slug}/practice"


def send(client: Client, study: Study, item: PracticeItem, emotion: str, text: str) -> Any:
    given = {"act": "answer", "item": item.pk, "answers": json.dumps(answer(emotion, text))}
    return client.post(page_of(study), given, follow=True)


def choose(client: Client, study: Study, anna: Participation, answers: list[str]) -> Any:
    given = {f"question-{number}": text for number, text in enumerate(answers, start=1)}
    return client.post(page_of(study), {"act": "questions", **given}, follow=True)


def test_a_newcomer_practises_reads_the_feedback_answers_and_begins() -> None:
    study, anna, client = practising(n_images=1, questions=QUESTIONS)
    item = PracticeItem.objects.get()
    assert client.get(f"/s/{study.slug}/task").url == page_of(study)  # type: ignore[attr-defined]
    assert page_of(study) in client.get(f"/s/{study.slug}/instructions").content.decode()
    first = client.get(page_of(study)).content.decode()
    assert "Practice image 1 of 1" in first
    assert "many ways" not in first  # feedback comes after the answer, never before
    page = send(client, study, item, "fear", "the lake is dark and deep").content.decode()
    assert "People feel in many ways here." in page
    page = client.post(page_of(study), {"act": "go_on", "item": item.pk}, follow=True).content.decode()
    assert "Is there a right feeling?" in page
    done = choose(client, study, anna, [QUESTIONS[0]["right"], QUESTIONS[1]["right"]])  # type: ignore[list-item]
    assert done.redirect_chain[-1][0] == f"/s/{study.slug}/task"
    assert len(client.get(f"/api/v1/studies/{study.slug}/work").json()["held"]) == 2


def test_nothing_is_lent_before_the_practice_is_over() -> None:
    study, anna, client = practising()
    assert assign_ahead(participation=anna, study=study) == []
    work = client.get(f"/api/v1/studies/{study.slug}/work").json()
    assert (work["held"], work["finished"], work["end_url"]) == ([], True, page_of(study))
    assert client.get(f"/api/v1/studies/{study.slug}/offers").json()["offers"] == []
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("emotion", ["amusement", "awe", "sadness", "something_else"])
def test_no_emotion_is_wrong(emotion: str) -> None:
    study, anna, client = practising(least_words=3, names_visible=True, asked_language=True)
    item = PracticeItem.objects.get()
    send(client, study, item, emotion, "the boat on the lake drifts along so quietly")
    client.post(page_of(study), {"act": "go_on", "item": item.pk})
    anna.refresh_from_db()
    assert anna.preparation == Participation.PASSED


def test_the_settings_cannot_speak_of_an_emotion() -> None:
    assert set(TrainingOptions().as_json()) == {
        "questions", "tries", "least_words", "names_visible", "asked_language", "screened_out"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "text", "sentence"),
    [
        ({"least_words": 6}, "a lovely boat there", "at least 6 words"),
        ({"names_visible": True}, "it simply makes me feel warm", "can be seen"),
        ({"asked_language": True}, "das ruhige Wasser macht mich still und zufrieden", "in the language"),
    ],
)
def test_a_text_that_misses_a_rule_may_be_written_again(rules: dict[str, Any], text: str, sentence: str) -> None:
    study, anna, client = practising(**rules)
    item = PracticeItem.objects.get()
    page = send(client, study, item, "awe", text).content.decode()
    assert sentence in page
    assert client.post(page_of(study), {"act": "go_on", "item": item.pk}).status_code == 400
    send(client, study, item, "awe", "the small boat lies on the calm lake, far from every shore")
    client.post(page_of(study), {"act": "go_on", "item": item.pk})
    anna.refresh_from_db()
    assert anna.preparation == Participation.PASSED
    assert PracticeAnswer.objects.get().n_tries == 2


def test_only_wrong_answers_are_asked_again_with_their_explanation() -> None:
    study, anna, client = practising(n_images=0, questions=QUESTIONS, tries=3)
    page = choose(client, study, anna, ["No, feelings differ", "It is as short as possible"]).content.decode()
    assert "Name things in the image." in page
    assert "Is there a right feeling?" not in page
    choose(client, study, anna, ["It names what can be seen"])
    anna.refresh_from_db()
    assert anna.preparation == Participation.PASSED


def test_a_question_left_out_costs_no_try() -> None:
    study, anna, client = practising(n_images=0, questions=QUESTIONS)
    assert client.post(page_of(study), {"act": "questions", "question-1": "No, feelings differ"}).status_code == 400
    anna.refresh_from_db()
    assert anna.training == {}


def test_who_does_not_qualify_is_told_why_and_goes_back_with_the_code_for_it() -> None:
    study, anna, client = practising(
        n_images=0, questions=QUESTIONS, tries=1, screened_out="You are paid **0.50** for your time."
    )
    source = Recruitment.objects.create(
        study=study, name="prolific", kind="prolific",
        options={"completed_code": "DONE", "screened_out_code": "SCREEN", "no_consent_code": "NO"},
    )  # fmt: skip
    visit = Visit.objects.create(recruitment=source, participation=anna, external_id="s1")
    page = choose(client, study, anna, ["Yes, the one most people have", "It names what can be seen"]).content.decode()
    assert "some answers about the instructions did not fit them" in page
    assert "<strong>0.50</strong>" in page
    assert "wrong feeling" not in page
    visit.refresh_from_db()
    assert visit.outcome == Visit.SCREENED_OUT
    anna.refresh_from_db()
    assert anna.preparation == Participation.FAILED
    assert client.get(f"/s/{study.slug}/task").url == page_of(study)  # type: ignore[attr-defined]
    assert assign_ahead(participation=anna, study=study) == []


def test_practice_is_in_no_statistic_and_no_n() -> None:
    study, anna, client = practising()
    item = PracticeItem.objects.get()
    before = list(study.stimuli.values_list("open_slots", flat=True))
    send(client, study, item, "awe", "the calm lake")
    refresh_statistics(wait=True)
    assert not Response.objects.exists()
    assert not StudyStatistics.objects.filter(n_responses__gt=0).exists()
    assert list(study.stimuli.values_list("open_slots", flat=True)) == before
    anna.refresh_from_db()
    assert anna.n_answered == 0


def test_an_image_of_the_study_that_was_practised_on_is_not_asked_about_again() -> None:
    study, anna, client = practising(n_images=0)
    first = study.stimuli.order_by("pk").first()
    assert first is not None
    item = PracticeItem.objects.create(study=study, stimulus=first, name=first.name, feedback="Look closely.")
    Participation.objects.filter(pk=anna.pk).update(preparation=Participation.DUE)
    send(client, study, item, "awe", "the calm lake")
    client.post(page_of(study), {"act": "go_on", "item": item.pk})
    anna.refresh_from_db()
    seen = [respond(anna).stimulus_id for _number in range(4)]
    assert first.pk not in seen
    assert assign_ahead(participation=anna, study=study) == []


def test_simulated_people_and_studies_without_practice_begin_at_once() -> None:
    study, _anna, _client = practising()
    assert first_preparation(study, Annotator(is_simulated=True)) == Participation.NOT_ASKED
    assert first_preparation(make_study(title="Another"), None) == Participation.NOT_ASKED


def test_another_tab_that_is_behind_changes_nothing() -> None:
    study, _anna, client = practising(n_images=2)
    first, second = PracticeItem.objects.all()
    send(client, study, first, "awe", "the calm lake")
    client.post(page_of(study), {"act": "go_on", "item": first.pk})
    assert send(client, study, first, "fear", "again, from the other tab").status_code == 400
    assert PracticeAnswer.objects.get().answers["emotion"] == "awe"
    assert not PracticeAnswer.objects.filter(item=second).exists()


def test_withdrawing_removes_what_she_wrote_for_practice() -> None:
    study, _anna, client = practising()
    send(client, study, PracticeItem.objects.get(), "awe", "the calm lake")
    assert client.post(f"/api/v1/studies/{study.slug}/withdrawal").status_code == 200
    assert not PracticeAnswer.objects.exists()


def test_nobody_practises_on_an_image_of_a_theme_she_left_out() -> None:
    study, anna, client = practising(n_images=2)
    image = Stimulus.objects.filter(study=study).earliest("pk")
    Stimulus.objects.filter(pk=image.pk).update(themes=["spiders"])
    PracticeItem.objects.filter(place=1).update(stimulus=image)
    study.care = clean_care({"theme_opt_out": True}).stored()
    study.save()
    assert "Practice image 1 of 2" in client.get(page_of(study)).content.decode()
    decline_themes(study=study, participation=anna, themes=["spiders"])
    page = client.get(page_of(study)).content.decode()
    assert "Practice image 1 of 1" in page
    assert "practice 1" in page
    PracticeItem.objects.filter(place=2).delete()
    assert client.get(page_of(study)).url == f"/s/{study.slug}/task"  # type: ignore[attr-defined]


def test_a_strong_practice_image_is_opened_by_a_click_only() -> None:
    study, _anna, client = practising()
    image = Stimulus.objects.filter(study=study).earliest("pk")
    Stimulus.objects.filter(pk=image.pk).update(content_note="a dead bird")
    PracticeItem.objects.update(stimulus=image)
    shown = re.compile(r"<figure.*?</figure>", re.DOTALL)
    [figure] = shown.findall(client.get(page_of(study)).content.decode())
    assert "details" not in figure
    assert "a dead bird" in client.get(page_of(study)).content.decode()
    study.care = clean_care({"blur_strong": True}).stored()
    study.save()
    [figure] = shown.findall(client.get(page_of(study)).content.decode())
    assert "<details><summary>Look at the image <small" in figure
    assert "a dead bird" in figure


def test_a_refusal_during_the_practice_is_in_the_persons_language() -> None:
    study, anna, client = practising(least_words=6)
    Participation.objects.filter(pk=anna.pk).update(language="fr")
    Study.objects.filter(pk=study.pk).update(languages=["fr"])
    send(client, study, PracticeItem.objects.get(), "awe", "un joli petit lac bleu")
    page = client.post(page_of(study), {"act": "go_on", "item": PracticeItem.objects.get().pk}).content.decode()
    assert "Veuillez écrire encore une fois avant de continuer." in page
