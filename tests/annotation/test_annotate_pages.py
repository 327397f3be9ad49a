"""The annotator's pages: welcome and consent, instructions, task, own answers, end; and the researcher's preview."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Assignment, Membership, Participation, Response, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.services.change_state import change_state
from annotation.services.create_study import update_study
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.conftest import annotator_client, make_participation, make_study, make_user, respond

pytestmark = pytest.mark.django_db
INSIDE = ["instructions", "task", "answers", "end"]


def url(study: Study, page: str = "") -> str:
    return f"/s/{study.slug}/{page}"


def agree(client: Client, study: Study, **more: str) -> Any:
    return client.post(url(study), {"consent_hash": consent_hash(study.consent), "answer": "yes", **more})


def config_of(page: Any) -> dict[str, Any]:
    """What the page hands to its script."""
    found = re.search(r'<script id="config" type="application/json">(.*?)</script>', page.content.decode(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


# welcome


def test_the_welcome_page_shows_the_consent_and_sets_the_csrf_cookie(client: Client, study: Study) -> None:
    page = client.get(url(study))
    assert page.status_code == 200
    assert study.title in page.content.decode()
    assert consent_hash(study.consent) in page.content.decode()
    assert "csrftoken" in page.cookies
    assert not Participation.objects.exists()


def test_whoever_agrees_goes_on_to_the_instructions(client: Client, study: Study) -> None:
    agreed = agree(client, study)
    assert (agreed.status_code, agreed["Location"]) == (302, url(study, "instructions"))
    assert Participation.objects.get().consent.hash == consent_hash(study.consent)
    assert client.get(url(study, "instructions")).status_code == 200


def test_whoever_takes_part_already_goes_straight_to_the_task(study: Study, anna: Participation) -> None:
    page = annotator_client(anna).get(url(study))
    assert (page.status_code, page["Location"]) == (302, url(study, "task"))


def test_whoever_declines_leaves_no_trace(client: Client, study: Study) -> None:
    declined = agree(client, study, answer="no")
    assert declined.status_code == 200
    assert not Participation.objects.exists()
    assert f"participation_{study.pk}" not in client.cookies


def test_a_changed_consent_is_shown_again_with_a_sentence(client: Client, study: Study) -> None:
    agreed = consent_hash(study.consent)
    study = update_study(study=study, consent="Another text altogether.")
    page = agree(client, study, consent_hash=agreed)
    assert page.status_code == 409
    assert "The consent text has changed" in page.content.decode()
    assert "Another text altogether." in page.content.decode()
    assert not Participation.objects.exists()


@pytest.mark.parametrize("state", [Study.PAUSED, Study.CLOSED])
def test_a_study_that_is_not_open_says_so_and_takes_nobody_in(client: Client, study: Study, state: str) -> None:
    study = change_state(study=study, state=state)
    assert client.get(url(study)).status_code == 200
    assert "consent_hash" not in client.get(url(study)).content.decode()
    assert agree(client, study).status_code == 200
    assert not Participation.objects.exists()


def test_a_study_for_members_does_not_exist_for_strangers(
    client: Client, mika: User, stan: User, sign_in: Callable[[User], Client]
) -> None:
    study = make_study(mika, entry=Study.MEMBERS)
    ann = make_user("ann")
    Membership.objects.create(study=study, user=ann, role=Membership.ANNOTATOR)
    assert client.get(url(study)).status_code == 404
    assert sign_in(stan).get(url(study)).status_code == 404
    member = sign_in(ann)
    assert member.get(url(study)).status_code == 200
    assert agree(member, study).status_code == 302
    for page in INSIDE:
        assert member.get(url(study, page)).status_code == 200


def test_a_member_who_withdrew_is_told_instead_of_sent_in_a_circle(
    study: Study, rosa: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(rosa)
    agree(client, study)
    withdraw_participation(participation=Participation.objects.get())
    again = agree(client, study)
    assert again.status_code == 409
    assert "You withdrew from this study" in again.content.decode()


def test_without_the_csrf_token_nobody_joins(study: Study) -> None:
    assert agree(Client(enforce_csrf_checks=True), study).status_code == 403
    assert not Participation.objects.exists()


# inside


@pytest.mark.parametrize("page", INSIDE)
def test_a_participant_sees_the_page(study: Study, anna: Participation, page: str) -> None:
    respond(anna)
    assert annotator_client(anna).get(url(study, page)).status_code == 200


@pytest.mark.parametrize("page", INSIDE)
def test_whoever_does_not_take_part_is_led_to_the_welcome_page(
    client: Client, study: Study, bo: Participation, page: str
) -> None:
    for visitor in (client, annotator_client(bo)):
        led = visitor.get(url(study, page))
        assert (led.status_code, led["Location"]) == (302, url(study))


@pytest.mark.parametrize("page", INSIDE)
def test_whoever_withdrew_is_outside(study: Study, anna: Participation, page: str) -> None:
    withdraw_participation(participation=anna)
    assert annotator_client(anna).get(url(study, page))["Location"] == url(study)


@pytest.mark.parametrize("page", INSIDE)
def test_a_participant_still_sees_the_page_of_a_closed_study(study: Study, anna: Participation, page: str) -> None:
    change_state(study=study, state=Study.CLOSED)
    assert annotator_client(anna).get(url(study, page)).status_code == 200


@pytest.mark.parametrize("page", ["", *INSIDE])
def test_a_draft_and_a_missing_study_do_not_exist(client: Client, mika: User, page: str) -> None:
    assert client.get(url(make_study(mika, is_open=False), page)).status_code == 404
    assert client.get(f"/s/no-such-study/{page}").status_code == 404


@pytest.mark.parametrize("page", INSIDE)
def test_the_wrong_method_is_refused(study: Study, anna: Participation, page: str) -> None:
    assert annotator_client(anna).post(url(study, page)).status_code == 405
    assert annotator_client(anna).put(url(study)).status_code == 405


def test_the_task_page_tells_its_script_where_to_go(study: Study, anna: Participation) -> None:
    config = config_of(annotator_client(anna).get(url(study, "task")))
    assert config["work_url"] == f"/api/v1/studies/{study.slug}/work"
    assert config["responses_url"] == f"/api/v1/studies/{study.slug}/responses"
    assert (config["preview"], config["participant"]) == (False, anna.annotator.pseudonym)


def test_the_task_page_comes_with_the_first_images_but_not_where_a_device_keeps_it(
    study: Study, anna: Participation
) -> None:
    kept = config_of(annotator_client(anna).get(url(study, "task") + "?kept"))
    assert kept["work"] is None
    assert not Assignment.objects.exists()
    work = config_of(annotator_client(anna).get(url(study, "task")))["work"]
    assert [held["id"] for held in work["held"]] == list(
        Assignment.objects.order_by("sequence").values_list("pk", flat=True)
    )


def test_the_answers_page_shows_ones_own_and_nothing_withdrawn(study: Study, anna: Participation) -> None:
    respond(anna, {"emotion": "awe", "explanation": "what I wrote about the lake"})
    respond(make_participation(study), {"emotion": "fear", "explanation": "what somebody else wrote"})
    gone = respond(anna, {"emotion": "fear", "explanation": "what I took back again"})
    withdraw_response(response=gone)
    text = annotator_client(anna).get(url(study, "answers")).content.decode()
    assert "what I wrote about the lake" in text
    assert "what somebody else wrote" not in text
    assert "what I took back again" not in text


def test_what_people_write_is_shown_as_text(study: Study, anna: Participation) -> None:
    respond(anna, {"emotion": "awe", "explanation": "<script>alert('a lake')</script>"})
    text = annotator_client(anna).get(url(study, "answers")).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_completion_code_is_for_those_who_answered(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    assert study.completion_code not in client.get(url(study, "end")).content.decode()
    respond(anna)
    assert study.completion_code in client.get(url(study, "end")).content.decode()


def test_the_end_says_whether_there_is_more(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    more, nothing = "Look at more images", "There is nothing left to look at for you in this study."
    for _ in range(3):
        respond(anna)
    # two images are still in her hands
    client.get(url(study, "task"))
    page = client.get(url(study, "end")).content.decode()
    assert (more in page, nothing in page) == (True, False)
    for _ in range(2):
        respond(anna)
    page = client.get(url(study, "end")).content.decode()
    assert (more in page, nothing in page) == (False, True)


def test_the_end_of_a_paused_study_says_that_it_goes_on_later(study: Study, anna: Participation) -> None:
    respond(anna)
    change_state(study=study, state=Study.PAUSED)
    page = annotator_client(anna).get(url(study, "end")).content.decode()
    assert "This study takes a break" in page
    assert "Look at more images" not in page


# preview


def preview(study: Study) -> str:
    return f"/studies/{study.slug}/preview"


def test_the_preview_shows_the_task_and_saves_and_lends_nothing(
    mika: User, rosa: User, study: Study, sign_in: Callable[[User], Client]
) -> None:
    for user in (mika, rosa):
        page = sign_in(user).get(preview(study))
        assert page.status_code == 200
        config = config_of(page)
        assert config["preview"] is True
        first = Stimulus.objects.filter(study=study).order_by("rank")[0]
        assert config["held"][0]["stimulus"]["key"] == first.key
    assert not Assignment.objects.exists()
    assert not Response.objects.exists()


def test_a_draft_may_be_previewed_by_its_manager(mika: User, sign_in: Callable[[User], Client]) -> None:
    assert sign_in(mika).get(preview(make_study(mika, is_open=False))).status_code == 200


def test_the_preview_is_not_for_strangers_nor_for_annotators(
    client: Client, study: Study, stan: User, sign_in: Callable[[User], Client]
) -> None:
    ann = make_user("ann")
    Membership.objects.create(study=study, user=ann, role=Membership.ANNOTATOR)
    assert client.get(preview(study))["Location"] == f"/account/login?next={preview(study)}"
    assert sign_in(stan).get(preview(study)).status_code == 404
    assert sign_in(ann).get(preview(study)).status_code == 403


def test_the_preview_takes_no_post(mika: User, study: Study, sign_in: Callable[[User], Client]) -> None:
    assert sign_in(mika).post(preview(study)).status_code == 405
