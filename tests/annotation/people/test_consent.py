"""A changed consent text: who agreed to the earlier one is asked again before her next answer."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.errors import ConsentChanged
from annotation.models import Assignment, Participation, Response, Study
from annotation.models.study import consent_hash
from annotation.people.consent import consent_versions, difference
from annotation.services.assign import assign_ahead
from annotation.services.create_study import update_study
from tests.conftest import annotator_client, answer, make_participation, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NEW = "We look at feelings.\n\nYour answers will be **published**."


def submit(study: Study, person: Participation) -> Any:
    held = assign_ahead(participation=person, study=study)[0]
    return annotator_client(person).post(
        f"/api/v1/studies/{study.slug}/responses",
        {"assignment": held.id, "client_key": str(uuid.uuid4()), "answers": answer()},
        content_type="application/json",
    )


def test_the_next_answer_waits_until_she_agreed_to_the_new_text(study: Study, anna: Participation) -> None:
    before = respond(anna)
    update_study(study=study, consent=NEW)
    refused = submit(study, anna)
    assert (refused.status_code, refused.json()["type"]) == (409, "consent_changed")
    assert Response.objects.count() == 1
    browser = annotator_client(anna)
    assert browser.get(f"/s/{study.slug}/task")["Location"] == f"/s/{study.slug}/"
    page = browser.get(f"/s/{study.slug}/").content.decode()
    assert "has changed since you agreed" in page
    assert "will be <strong>published" in page
    old = browser.post(f"/s/{study.slug}/", {"answer": "yes", "consent_hash": before.consent_hash})
    assert old.status_code == 409
    agreed = browser.post(f"/s/{study.slug}/", {"answer": "yes", "consent_hash": consent_hash(NEW)})
    assert agreed["Location"] == f"/s/{study.slug}/task"
    assert submit(study, anna).status_code == 201
    hashes = list(Response.objects.order_by("pk").values_list("consent_hash", flat=True))
    assert hashes == [before.consent_hash, consent_hash(NEW)]


def test_nothing_new_is_lent_to_whoever_must_agree_again(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    update_study(study=study, consent=NEW)
    browser = annotator_client(anna)
    for address in ("work", "offers"):
        refused = browser.get(f"/api/v1/studies/{study.slug}/{address}")
        assert (refused.status_code, refused.json()["type"]) == (409, "consent_changed")
    passed_over = browser.post(
        f"/api/v1/studies/{study.slug}/skips",
        {"assignment": held[0].id, "reason": "not this one"},
        content_type="application/json",
    )
    assert passed_over.status_code == 200, "passing over is never refused"
    assert [each["id"] for each in passed_over.json()["work"]["held"]] == [held[1].id]
    assert not passed_over.json()["work"]["finished"]
    assert Assignment.objects.filter(participation=anna).count() == len(held)


def test_the_same_answer_again_is_found_though_the_text_changed(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)[0]
    given = {"assignment": held.id, "client_key": str(uuid.uuid4()), "answers": answer()}
    url, browser = f"/api/v1/studies/{study.slug}/responses", annotator_client(anna)
    assert browser.post(url, given, content_type="application/json").status_code == 201
    update_study(study=study, consent=NEW)
    assert browser.post(url, given, content_type="application/json").json()["repeated"] is True


def test_a_wording_that_comes_back_stands_again(study: Study, anna: Participation) -> None:
    first = study.consent
    update_study(study=study, consent=NEW)
    assert submit(study, anna).status_code == 409
    update_study(study=study, consent=first)
    assert submit(study, anna).status_code == 201


def test_whoever_says_no_keeps_her_answers_and_may_take_them_back(study: Study, anna: Participation) -> None:
    respond(anna)
    update_study(study=study, consent=NEW)
    browser = annotator_client(anna)
    assert browser.post(f"/s/{study.slug}/", {"answer": "no"})["Location"] == f"/s/{study.slug}/my-data"
    assert browser.get(f"/s/{study.slug}/answers").status_code == 200
    assert browser.post(f"/api/v1/studies/{study.slug}/withdrawal").json() == {"withdrawn": 1}


def test_joining_over_the_api_again_agrees_to_the_new_text(study: Study, anna: Participation) -> None:
    update_study(study=study, consent=NEW)
    url = f"/api/v1/studies/{study.slug}/join"
    old = annotator_client(anna).post(url, {"consent_hash": "0" * 64}, content_type="application/json")
    assert old.status_code == 409
    new = annotator_client(anna).post(url, {"consent_hash": consent_hash(NEW)}, content_type="application/json")
    assert new.status_code == 201
    assert submit(study, anna).status_code == 201


def test_the_manager_reads_versions_people_and_what_changed(
    study: Study, mika: User, rosa: User, sign_in: SignIn
) -> None:
    first = study.consent
    people = [make_participation(study) for _ in range(2)]
    study = update_study(study=study, consent=NEW)
    people.append(make_participation(study))
    present, earlier = consent_versions(study)
    assert (present.hash, present.n_agreed, present.stands) == (consent_hash(NEW), 1, True)
    assert (earlier.hash, earlier.n_agreed, earlier.stands) == (consent_hash(first), 2, False)
    page = sign_in(mika).get(f"/studies/{study.slug}/consent").content.decode()
    assert earlier.hash[:12] in page
    assert "2 people agreed to an earlier wording" in page
    assert page.count("<ins") == page.count("</ins>") > 0
    said = sign_in(mika).get(f"/api/v1/studies/{study.slug}/consents?before={earlier.hash}&after={present.hash}").json()
    assert [version["n_agreed"] for version in said["versions"]] == [1, 2]
    assert {"kind": "added", "text": "Your answers will be **published**."} in said["difference"]
    assert sign_in(rosa).get(f"/studies/{study.slug}/consent").status_code == 403


def test_the_difference_of_equal_texts_is_empty() -> None:
    assert difference("a\nb", "a\nb") == []
    assert [(line.kind, line.text) for line in difference("a", "b")] == [
        ("gap", ""), ("removed", "a"), ("added", "b"),
    ]  # fmt: skip


def test_a_version_nobody_agreed_to_is_shown_as_such(study: Study) -> None:
    (only,) = consent_versions(study)
    assert (only.n_agreed, only.first_agreed_at, only.stands) == (0, None, True)
    anna = make_participation(study)
    update_study(study=study, consent=NEW)
    with pytest.raises(ConsentChanged):
        respond(anna)
