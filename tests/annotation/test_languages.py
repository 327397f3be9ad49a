"""Which language a person reads, what she agreed to in it, and how a manager fills it in."""

import json

import pytest
from django.conf import settings
from django.test import Client

from annotation.errors import InvalidInput
from annotation.languages import in_language, items_in, offered
from annotation.models import (
    ConsentText,
    DemographicAnswers,
    Membership,
    Participation,
    PracticeItem,
    Study,
    StudyTexts,
)
from annotation.models.study import consent_hash
from annotation.people.consent import must_agree_again
from annotation.people.demographics import set_demographics
from annotation.people.questions import questions_of
from annotation.services.create_study import create_study, update_study
from annotation.services.study_languages import change_languages, text_table, write_texts
from annotation.training.change_practice import save_training
from tests.conftest import annotator_client, answer, make_participation, make_stimuli, make_user, respond

pytestmark = pytest.mark.django_db
ALL = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def study() -> Study:
    """Open, of the built-in template, offered in all five languages."""
    study = create_study(title="Harbours", template="affective_explanation")
    study = change_languages(study=study, own="en", others=ALL)
    Study.objects.filter(pk=study.pk).update(state=Study.OPEN)
    study.refresh_from_db()
    return study


def join(client: Client, study: Study) -> Participation:
    page = client.get(f"/s/{study.slug}/")
    agreed = page.context["consent_hash"]
    client.post(f"/s/{study.slug}/", {"answer": "yes", "consent_hash": agreed})
    return Participation.objects.select_related("consent").latest("pk")


@pytest.mark.parametrize("language", ALL)
def test_a_page_comes_in_the_language_the_browser_asks_for(client: Client, study: Study, language: str) -> None:
    page = client.get(f"/s/{study.slug}/", headers={"Accept-Language": f"{language},en;q=0.5"})
    body = page.content.decode()
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in body
    assert page.headers["Content-Language"] == language
    assert page.context["study"].consent == in_language(study, language).consent


def test_a_language_the_study_does_not_offer_is_not_forced_on_anybody(client: Client, study: Study) -> None:
    change_languages(study=study, own="en", others=["fr"])
    page = client.get(f"/s/{study.slug}/", headers={"Accept-Language": "ar,fr;q=0.5"})
    assert page.headers["Content-Language"] == "fr"
    page = client.get(f"/s/{study.slug}/", headers={"Accept-Language": "ar,de"})
    assert page.headers["Content-Language"] == "en"


def test_the_consent_that_is_kept_is_the_text_she_saw(client: Client, study: Study) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    joined = join(client, study)
    assert joined.language == "zh-hans"
    assert joined.consent.language == "zh-hans"
    assert joined.consent.markdown == in_language(study, "zh-hans").consent
    assert joined.consent.hash == consent_hash(joined.consent.markdown)


def test_her_own_choice_comes_before_the_browsers_and_stays_with_her_part(client: Client, study: Study) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    client.post(f"/s/{study.slug}/language", {"language": "es"})
    assert client.get(f"/s/{study.slug}/").headers["Content-Language"] == "es"
    joined = join(client, study)
    client.post(f"/s/{study.slug}/language", {"language": "ar", "from": "task"})
    joined.refresh_from_db()
    assert joined.language == "ar"
    assert 'dir="rtl"' in client.get(f"/s/{study.slug}/instructions").content.decode()


def test_a_choice_that_is_not_offered_changes_nothing(client: Client, study: Study) -> None:
    joined = join(client, study)
    client.post(f"/s/{study.slug}/language", {"language": "tlh"})
    joined.refresh_from_db()
    assert joined.language == "en"
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_the_api_answers_in_the_pages_language(client: Client, study: Study) -> None:
    answered = client.get(f"/api/v1/studies/{study.slug}/work", headers={"Accept-Language": "es"})
    assert answered.json()["message"].startswith("No participa en este estudio")


def test_joining_by_the_api_keeps_the_text_of_that_language(client: Client, study: Study) -> None:
    shown = in_language(study, "fr")
    given = {"consent_hash": consent_hash(shown.consent), "language": "fr"}
    answered = client.post(f"/api/v1/studies/{study.slug}/join", given, content_type="application/json")
    assert answered.status_code == 201
    joined = Participation.objects.select_related("consent").latest("pk")
    assert (joined.language, joined.consent.language, joined.consent.hash) == ("fr", "fr", given["consent_hash"])


def test_a_label_is_shown_in_her_language_and_stored_as_ever(study: Study) -> None:
    shown = in_language(study, "ar")
    assert [label["name"] for label in shown.labels][6] == "الخوف"
    assert [label["id"] for label in shown.labels] == [label["id"] for label in study.labels]
    assert [label["name"] for label in study.labels][6] == "Fear"


def test_a_language_without_its_consent_cannot_be_offered(study: Study) -> None:
    write_texts(study=study, language="fr", texts={"consent": ""})
    with pytest.raises(InvalidInput, match="Français cannot be offered: the consent is not translated"):
        change_languages(study=study, own="en", others=["fr"])
    study.refresh_from_db()
    assert study.languages == ALL
    assert "fr" not in offered(study)


def test_a_new_original_makes_the_translation_outdated_until_somebody_says_it_fits(
    study: Study, client: Client
) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    joined = join(client, study)
    study = update_study(study=study, consent=study.consent + "\n\nOne more thing.")
    assert "fr" not in offered(study)
    assert [row["state"] for row in text_table(study, "fr") if row["slot"].key == "consent"] == ["outdated"]
    joined = Participation.objects.select_related("consent").get(pk=joined.pk)
    assert must_agree_again(joined)
    french = StudyTexts.objects.get(study=study, language="fr").texts["consent"]["text"]
    write_texts(study=study, language="fr", texts={"consent": french}, still_fit=["consent"])
    assert "fr" in offered(study)
    assert not must_agree_again(Participation.objects.select_related("consent").get(pk=joined.pk))


def test_a_new_translation_of_the_consent_is_agreed_to_again(study: Study, client: Client) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    joined = join(client, study)
    write_texts(study=study, language="fr", texts={"consent": "Un autre texte."})
    assert must_agree_again(Participation.objects.select_related("consent").get(pk=joined.pk))
    page = client.get(f"/s/{study.slug}/")
    client.post(f"/s/{study.slug}/", {"answer": "yes", "consent_hash": page.context["consent_hash"]})
    joined = Participation.objects.select_related("consent").get(pk=joined.pk)
    assert (joined.consent.markdown, joined.consent.language) == ("Un autre texte.", "fr")
    assert ConsentText.objects.filter(study=study).count() == 2


def test_a_text_of_nobody_and_a_text_that_is_too_long_are_refused_together(study: Study) -> None:
    with pytest.raises(InvalidInput) as refused:
        write_texts(study=study, language="fr", texts={"title": "t" * 401, "steps.colour.question": "Quoi ?"})
    assert set(refused.value.errors) == {"title", "steps.colour.question"}


def test_the_page_shows_what_is_missing_and_saves_what_is_filled_in(client: Client) -> None:
    mika = make_user("mika")
    study = create_study(title="Harbours", template="affective_explanation", user=mika)
    client.force_login(mika)
    address = f"/studies/{study.slug}/languages?language=es"
    page = client.get(address)
    assert [row["slot"].key for row in page.context["table"] if row["state"] == "missing"] == ["title"]
    saved = client.post(address, {"do": "texts", "language": "es", "text:title": "Puertos"})
    assert saved.status_code == 302
    assert in_language(change_languages(study=study, own="en", others=["es"]), "es").title == "Puertos"


def test_the_page_says_why_a_language_cannot_be_offered(client: Client) -> None:
    mika = make_user("mika")
    study = create_study(title="Harbours", template="affective_explanation", user=mika)
    write_texts(study=study, language="fr", texts={"consent": ""})
    client.force_login(mika)
    page = client.post(f"/studies/{study.slug}/languages", {"do": "offer", "own": "en", "offer": ["fr", "es"]})
    assert page.status_code == 422
    assert "the consent is not translated" in page.content.decode()


def test_only_managers_see_the_page(client: Client) -> None:
    study = create_study(title="Harbours", template="affective_explanation", user=make_user("mika"))
    address = f"/studies/{study.slug}/languages"
    assert client.get(address).status_code == 302
    client.force_login(make_user("stan"))
    assert client.get(address).status_code == 404
    rosa = make_user("rosa")
    Membership.objects.create(study=study, user=rosa, role=Membership.RESEARCHER)
    client.force_login(rosa)
    assert client.get(address).status_code == 403


def test_practice_checks_and_questions_about_the_person_come_in_her_language(client: Client, study: Study) -> None:
    own = {"text": "Do you live with animals?", "options": ["yes", "no"]}
    save_training(
        study=study,
        training={"questions": [{"question": "Why?", "right": "So", "wrong": ["No"], "explanation": "Because."}]},
    )
    study.refresh_from_db()
    item = PracticeItem.objects.create(study=study, name="lake", feedback="It varies.", visible_words="lake")
    set_demographics(study=study, is_on=True, moment="before", consent="What for.", questions=[own])
    key = questions_of([own])[0].key
    write_texts(
        study=study,
        language="fr",
        texts={
            f"practice.{item.pk}.feedback": "Cela varie.",
            "questions.0.question": "Pourquoi ?",
            "questions.0.right": "Ainsi",
            "about_you.consent": "Pourquoi ces questions.",
            f"about_you.{key}.text": "Vivez-vous avec des animaux ?",
            f"about_you.{key}.options.1": "oui",
        },
    )
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    joined = join(client, study)
    about = client.get(f"/s/{study.slug}/about-you")
    assert "Vivez-vous avec des animaux" in about.content.decode()
    agreed = about.context["consent_hash"]
    assert agreed == consent_hash("Pourquoi ces questions.")
    client.post(f"/s/{study.slug}/about-you", {"consent_hash": agreed, key: "1"})
    kept = DemographicAnswers.objects.select_related("consent").get(participation=joined)
    assert kept.answers == {key: "1"}, "an answer is stored the same in every language"
    assert kept.consent is not None
    assert kept.consent.markdown == "Pourquoi ces questions."
    page = f"/s/{study.slug}/practice"
    client.post(page, {"act": "answer", "item": item.pk, "answers": json.dumps(answer())})
    assert "Cela varie." in client.get(page).content.decode()
    client.post(page, {"act": "go_on", "item": item.pk})
    asked = client.get(page).content.decode()
    assert "Pourquoi ?" in asked
    assert ">No<" in asked, "what is not translated is shown as it is"
    client.post(page, {"act": "questions", "question-1": "Ainsi"})
    joined.refresh_from_db()
    assert joined.preparation == Participation.PASSED


def test_words_that_nobody_translated_judge_no_text_in_another_language(study: Study) -> None:
    item = PracticeItem.objects.create(study=study, name="lake", feedback="It varies.", visible_words="lake")
    assert items_in(study, [item])[0].visible_words == "lake"
    assert items_in(in_language(study, "fr"), [item])[0].visible_words == ""
    write_texts(study=study, language="fr", texts={f"practice.{item.pk}.visible_words": "lac"})
    assert items_in(in_language(study, "fr"), [item])[0].visible_words == "lac"


def test_how_others_felt_is_said_in_her_language(study: Study) -> None:
    study = update_study(study=study, care={"show_others": True})
    make_stimuli(study, 1)
    for emotion in ("awe", "fear", "fear"):
        respond(make_participation(study), answer(emotion))
    anna = make_participation(in_language(study, "fr"), language="fr")
    mine = respond(anna, answer("fear"))
    told = annotator_client(anna).post(f"/api/v1/studies/{study.slug}/responses/{mine.pk}/others").json()["labels"]
    assert {row["name"] for row in told if row["n"]} == {"Émerveillement", "Peur"}
