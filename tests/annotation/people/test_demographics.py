"""Questions about the person: optional, under their own consent, apart from responses, read as groups only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from annotation.errors import ConsentChanged, InvalidInput, StateConflict
from annotation.models import DemographicAnswers, DemographicConsent, DemographicSettings, Participation, Study
from annotation.models.study import consent_hash
from annotation.people.demographics import record_demographics, set_demographics
from annotation.people.questions import clean_questions, from_text, questions_of
from annotation.queries import demographic_groups
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.withdraw import withdraw_participation
from snapshots.local_copy import snapshot_folder
from tests.conftest import annotator_client, make_participation, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
WHY = "We want to know whom we reached."
PETS = {"text": "Do you live with animals?", "options": ["yes", "no", "once did"]}


@pytest.fixture
def asking(study: Study) -> Study:
    set_demographics(
        study=study,
        is_on=True,
        moment="before",
        consent=WHY,
        questions=[{"ready": "gender"}, {"ready": "country"}, PETS],
        least_group=5,
    )
    return study


def say(study: Study, person: Participation, **answers: Any) -> DemographicAnswers:
    return record_demographics(study=study, participation=person, agreed_hash=consent_hash(WHY), given=answers)


def groups(study: Study, key: str) -> dict[str, int]:
    (question,) = [one for one in demographic_groups(study) if one.key == key]
    return {group.option: group.n for group in question.groups}


def test_a_person_is_asked_after_the_consent_and_may_pass_over_everything(asking: Study) -> None:
    browser = Client()
    joined = browser.post(f"/s/{asking.slug}/", {"answer": "yes", "consent_hash": consent_hash(asking.consent)})
    assert joined["Location"] == f"/s/{asking.slug}/about-you"
    page = browser.get(joined["Location"]).content.decode()
    assert page.count("I would rather not say") == 3
    assert WHY in page
    assert browser.post(joined["Location"], {"answer": "no"})["Location"] == f"/s/{asking.slug}/instructions"
    row = DemographicAnswers.objects.get()
    assert (row.answers, row.consent) == ({}, None)


def test_answers_are_kept_apart_with_the_hash_of_their_own_consent(asking: Study, anna: Participation) -> None:
    browser = annotator_client(anna)
    given = {"consent_hash": consent_hash(WHY), "gender": "woman", "country": "PT"}
    assert browser.post(f"/s/{asking.slug}/about-you", given).status_code == 302
    row = DemographicAnswers.objects.get(participation=anna)
    assert row.answers == {"gender": "woman", "country": "PT"}
    assert row.consent is not None
    assert (row.consent.hash, row.consent.markdown) == (consent_hash(WHY), WHY)
    assert "Portugal" in browser.get(f"/s/{asking.slug}/my-data").content.decode()


def test_a_changed_text_is_shown_again_before_anything_is_stored(asking: Study, anna: Participation) -> None:
    set_demographics(study=asking, consent="Another purpose.")
    with pytest.raises(ConsentChanged):
        say(asking, anna, gender="man")
    assert not DemographicAnswers.objects.exists()


def test_an_answer_that_was_not_offered_is_refused(asking: Study, anna: Participation) -> None:
    for given in ({"gender": "cat"}, {"shoe_size": "1"}, {"gender": 1}):
        with pytest.raises(InvalidInput):
            say(asking, anna, **given)
    assert not DemographicAnswers.objects.exists()


def test_she_deletes_them_herself_at_any_time(asking: Study, anna: Participation) -> None:
    say(asking, anna, gender="woman")
    browser = annotator_client(anna)
    browser.post(f"/s/{asking.slug}/my-data", {"do": "forget_answers"})
    row = DemographicAnswers.objects.get()
    assert (row.answers, row.consent) == ({}, None)
    url = f"/api/v1/studies/{asking.slug}/about-me"
    browser.put(url, {"consent_hash": consent_hash(WHY), "answers": {"gender": "man"}}, content_type="application/json")
    assert browser.get(url).json()["answers"] == {"gender": "man"}
    assert browser.delete(url).json() == {"answers": {}}


def test_only_groups_of_the_least_size_are_told(asking: Study) -> None:
    people = [make_participation(asking) for _ in range(9)]
    for person in people[:5]:
        say(asking, person, gender="woman")
    for person in people[5:]:
        say(asking, person, gender="man")
    assert groups(asking, "gender") == {"woman": 5}
    assert next(one for one in demographic_groups(asking) if one.key == "gender").leaves_out
    withdraw_participation(participation=people[0])
    assert groups(asking, "gender") == {}


def test_pages_files_and_api_show_the_same_and_no_small_group(
    asking: Study, mika: User, rosa: User, sign_in: SignIn
) -> None:
    for person in [make_participation(asking) for _ in range(5)]:
        say(asking, person, country="PT")
    for person in [make_participation(asking) for _ in range(4)]:
        say(asking, person, country="IS")
    page = sign_in(rosa).get(f"/studies/{asking.slug}/demographics").content.decode()
    assert "Portugal" in page
    assert "Iceland" not in page
    said = sign_in(rosa).get(f"/api/v1/studies/{asking.slug}/demographics").json()
    country = next(one for one in said["groups"] if one["question"] == "country")
    assert country["groups"] == [{"option": "PT", "words": "Portugal", "n": 5}]
    csv = sign_in(mika).get(f"/studies/{asking.slug}/demographics.csv").content.decode()
    assert "country,In which country do you live?,PT,Portugal,5" in csv
    assert "Iceland" not in csv
    assert sign_in(rosa).get(f"/studies/{asking.slug}/demographics.csv").status_code == 403


def test_no_snapshot_holds_them(asking: Study, anna: Participation, settings: Any) -> None:
    respond(anna)
    say(asking, anna, country="PT", **{questions_of([PETS])[0].key: "1"})
    record = freeze_snapshot(study=asking)
    folder = settings.MEDIA_ROOT / snapshot_folder(record.snapshot_id)
    for file in folder.iterdir():
        content = file.read_bytes()
        assert WHY.encode() not in content
        assert b"animals" not in content
        assert b'"PT"' not in content


def test_they_go_with_a_withdrawal(asking: Study, anna: Participation) -> None:
    say(asking, anna, gender="woman")
    withdraw_participation(participation=anna)
    assert not DemographicAnswers.objects.exists()


def test_a_promise_about_groups_is_not_broken_afterwards(asking: Study, anna: Participation) -> None:
    with pytest.raises(InvalidInput):
        set_demographics(study=asking, least_group=4)
    set_demographics(study=asking, least_group=20)
    say(asking, anna, gender="woman")
    with pytest.raises(StateConflict):
        set_demographics(study=asking, least_group=19)
    assert set_demographics(study=asking, least_group=25).least_group == 25


def test_answers_to_a_question_that_goes_are_deleted(asking: Study, anna: Participation) -> None:
    own = questions_of([PETS])[0].key
    say(asking, anna, gender="woman", **{own: "1"})
    set_demographics(study=asking, questions=[{"ready": "gender"}, {**PETS, "options": ["yes", "no"]}])
    assert DemographicAnswers.objects.get().answers == {"gender": "woman"}


def test_the_manager_writes_questions_and_is_told_what_is_wrong(study: Study, mika: User, sign_in: SignIn) -> None:
    url, browser = f"/studies/{study.slug}/demographics", sign_in(mika)
    form = {"is_on": "on", "moment": "after", "ready": ["age_band"], "consent": WHY, "least_group": "10"}
    refused = browser.post(url, {**form, "own": "Only a question"})
    assert refused.status_code == 422
    assert "give 2 to 60 different answers" in refused.content.decode()
    assert browser.post(url, {**form, "consent": ""}).status_code == 422
    assert browser.post(url, {**form, "own": "Cats?\nyes\nno\n\n\nDogs?\nyes\nno"}).status_code == 302
    questions = browser.get(f"/api/v1/studies/{study.slug}/demographics").json()["questions"]
    assert questions == [
        {"ready": "age_band"},
        {"text": "Cats?", "options": ["yes", "no"]},
        {"text": "Dogs?", "options": ["yes", "no"]},
    ]


def test_at_the_end_she_is_asked_once(asking: Study, anna: Participation) -> None:
    set_demographics(study=asking, moment="after")
    respond(anna)
    browser = annotator_client(anna)
    assert "about-you" in browser.get(f"/s/{asking.slug}/end").content.decode()
    browser.post(f"/s/{asking.slug}/about-you", {"answer": "no"})
    assert "about-you" not in browser.get(f"/s/{asking.slug}/end").content.decode()


@pytest.mark.parametrize(
    "questions",
    ["no list", [{"ready": "income"}], [{"ready": ["gender"]}], [{"text": "A?", "options": ["x"]}],
     [{"text": "A?", "options": ["x", "x"]}],
     [{"ready": "gender"}, {"ready": "gender"}], [{"text": "", "options": ["x", "y"]}], [{"text": "A?", "options": 3}],
     [{"ready": "gender"}] * 21],
)  # fmt: skip
def test_questions_that_cannot_be_asked_are_refused(questions: Any) -> None:
    with pytest.raises(InvalidInput):
        clean_questions(questions)


def test_countries_and_languages_have_their_names_and_no_regions() -> None:
    country, language = questions_of([{"ready": "country"}, {"ready": "first_language"}])
    names = dict(country.options)
    assert names["PT"] == "Portugal"
    assert not {"EU", "UN", "ZZ", "001"} & set(names)
    assert 200 < len(names) < 270
    assert dict(language.options)["ar"] == "Arabic"


def test_own_questions_are_blocks_of_lines() -> None:
    assert from_text("\n A? \nx\ny\n\n\nB?\nz\n") == [
        {"text": "A?", "options": ["x", "y"]},
        {"text": "B?", "options": ["z"]},
    ]


def test_the_database_refuses_groups_below_five(asking: Study) -> None:
    with pytest.raises(IntegrityError, match="groups_of_five_at_least"), transaction.atomic():
        DemographicSettings.objects.update(least_group=4)


def test_a_wording_is_kept_once(asking: Study) -> None:
    for person in [make_participation(asking) for _ in range(2)]:
        say(asking, person, gender="woman")
    assert DemographicConsent.objects.count() == 1
