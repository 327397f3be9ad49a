"""Researchers and managers make a study and run it in the browser."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from annotation.models import Membership, Participation, Response, Study
from annotation.services.study_overview import study_overviews
from tests.conftest import make_participation, make_stimuli, make_study, respond

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def setup_form(study: Study, **changes: Any) -> dict[str, Any]:
    """What the browser would send if nothing but `changes` were changed."""
    fields = ("title", "description", "instructions", "consent", "wanted_responses", "lease_seconds", "order", "entry")
    return {
        **{field: getattr(study, field) for field in fields},
        "completion_code": study.completion_code,
        "steps": json.dumps(study.steps),
        **changes,
    }


def maker(user: User) -> User:
    user.groups.add(Group.objects.get(name="Study creators"))
    return user


# --- the list ---


def test_the_list_shows_my_studies_with_state_and_progress(study: Study, rosa: User, sign_in: SignIn) -> None:
    respond(make_participation(study))
    page = sign_in(rosa).get("/studies/").content.decode()
    assert study.title in page
    assert "Open" in page
    assert "of 15 responses" in page
    assert "With simulated responses" not in page


def test_simulated_responses_are_marked_in_the_list(study: Study, rosa: User, sign_in: SignIn) -> None:
    respond(make_participation(study, is_simulated=True))
    assert "With simulated responses" in sign_in(rosa).get("/studies/").content.decode()


def test_others_studies_are_not_in_the_list(study: Study, stan: User, sign_in: SignIn) -> None:
    page = sign_in(stan).get("/studies/").content.decode()
    assert study.title not in page
    assert "No studies yet" in page


def test_annotators_by_account_see_no_study_to_look_into(study: Study, stan: User) -> None:
    Membership.objects.create(study=study, user=stan, role=Membership.ANNOTATOR)
    assert study_overviews(stan) == []


def test_the_list_costs_the_same_for_many_studies(
    mika: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_study(mika, title=f"Study {number}", n_stimuli=1)
    client = sign_in(mika)
    client.get("/studies/")
    with django_assert_max_num_queries(10):
        client.get("/studies/")


# --- a new one ---


def test_a_study_creator_makes_a_study_and_is_its_manager(stan: User, sign_in: SignIn) -> None:
    answer = sign_in(maker(stan)).post("/studies/new", {"title": "Clouds", "template": "affective_explanation"})
    study = Study.objects.get()
    assert answer.headers["Location"] == f"/studies/{study.slug}/setup"
    assert (study.title, study.state, study.created_by) == ("Clouds", Study.DRAFT, stan)
    assert study.memberships.get().role == Membership.MANAGER


def test_who_may_not_make_studies_gets_403(stan: User, sign_in: SignIn) -> None:
    assert sign_in(stan).get("/studies/new").status_code == 403
    assert sign_in(stan).post("/studies/new", {"title": "x", "template": "affective_explanation"}).status_code == 403
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("title", "template"), [("", "affective_explanation"), ("x" * 201, "affective_explanation"), ("x", "no")]
)
def test_a_new_study_needs_a_title_and_a_template(stan: User, sign_in: SignIn, title: str, template: str) -> None:
    answer = sign_in(maker(stan)).post("/studies/new", {"title": title, "template": template})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert not Study.objects.exists()


# --- setup ---


def test_a_manager_changes_texts_and_numbers(study: Study, mika: User, sign_in: SignIn) -> None:
    answer = sign_in(mika).post(
        f"/studies/{study.slug}/setup", setup_form(study, title="New title", wanted_responses=5, entry="members")
    )
    assert answer.status_code == 302
    study.refresh_from_db()
    assert (study.title, study.wanted_responses, study.entry) == ("New title", 5, "members")
    assert set(study.stimuli.values_list("open_slots", flat=True)) == {5}


def test_the_preview_shows_what_annotators_will_see(study: Study, mika: User, sign_in: SignIn) -> None:
    Study.objects.update(instructions="Look **closely**.\n\n<script>alert(1)</script>")
    page = sign_in(mika).get(f"/studies/{study.slug}/setup").content.decode()
    assert "<strong>closely</strong>" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "This field is required"),
        ({"wanted_responses": 0}, "greater than or equal to 1"),
        ({"wanted_responses": "many"}, "whole number"),
        ({"lease_seconds": 5}, "greater than or equal to 30"),
        ({"order": "backwards"}, "Select a valid choice"),
        ({"steps": "[{"}, "This is not JSON"),
        ({"steps": '[{"name": "a", "kind": "dance"}]'}, "step 1: &#x27;dance&#x27; is no kind of step"),
        ({"steps": '{"name": "a"}'}, "at least one step"),
        ({"steps": "[" * 5_000}, "This is not JSON"),
        ({"steps": '[{"name": "a", "kind": "text", "options": {"hint": "\\u0000"}}]'}, "A text of it holds a NUL"),
        ({"steps": '[{"name": "a", "kind": "text", "options": {"hint": "\\ud83d"}}]'}, "holds half of a character"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    study: Study, mika: User, sign_in: SignIn, changes: dict[str, Any], sentence: str
) -> None:
    answer = sign_in(mika).post(
        f"/studies/{study.slug}/setup", setup_form(study, instructions="Typed a while", **changes)
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert "Typed a while" in page
    study.refresh_from_db()
    assert study.instructions != "Typed a while"


def test_the_form_as_the_page_shows_it_can_be_sent_back(study: Study, mika: User, sign_in: SignIn) -> None:
    """What a browser sends when somebody changes one number and presses Save."""
    client = sign_in(mika)
    page = client.get(f"/studies/{study.slug}/setup")
    form = page.context["form"]
    shown = {field.html_name: field.value() for field in form if field.value() is not None}
    text = re.search(r"<textarea[^>]*name=.steps.[^>]*>(.*?)</textarea>", page.content.decode(), re.DOTALL)
    assert text is not None
    shown |= {"steps": html.unescape(text.group(1)), "wanted_responses": "4"}
    shown.pop("counterbalance_options")
    assert client.post(f"/studies/{study.slug}/setup", shown).status_code == 302
    study.refresh_from_db()
    assert (study.wanted_responses, study.steps) == (4, Study.objects.get(pk=study.pk).steps)
    assert study.steps[0]["name"] == "emotion"


def test_steps_can_be_changed_until_the_first_response_and_not_after(study: Study, mika: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/studies/{study.slug}/setup"
    steps = [{"name": "emotion", "kind": "choice", "options": {"labels": ["yes", "no"]}}]
    assert client.post(address, setup_form(study, steps=json.dumps(steps))).status_code == 302
    study.refresh_from_db()
    assert [label["id"] for label in study.labels] == ["yes", "no"]
    respond(make_participation(study), {"emotion": "yes"})
    page = client.get(address).content.decode()
    assert "The steps are frozen" in page
    other = [{"name": "emotion", "kind": "choice", "options": {"labels": ["a", "b"]}}]
    client.post(address, setup_form(study, steps=json.dumps(other)))
    study.refresh_from_db()
    assert [label["id"] for label in study.labels] == ["yes", "no"]


def test_fewer_responses_than_there_are_cannot_be_wanted(study: Study, mika: User, sign_in: SignIn) -> None:
    one = make_study(mika, n_stimuli=1)
    respond(make_participation(one))
    respond(make_participation(one))
    answer = sign_in(mika).post(f"/studies/{one.slug}/setup", setup_form(one, wanted_responses=1))
    assert answer.status_code == 422
    assert "fewer cannot be wanted" in answer.content.decode()


# --- state ---


def test_a_study_is_opened_paused_and_closed(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, is_open=False)
    client = sign_in(mika)
    for state in ("open", "paused", "open", "closed"):
        answer = client.post(f"/studies/{study.slug}/state", {"state": state}, follow=True)
        study.refresh_from_db()
        assert study.state == state
        assert "The study is" in answer.content.decode()


def test_what_is_missing_before_opening_is_said(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, is_open=False, n_stimuli=0, consent="")
    client = sign_in(mika)
    assert "at least one image, a consent text" in client.get(f"/studies/{study.slug}/setup").content.decode()
    page = client.post(f"/studies/{study.slug}/state", {"state": "open"}, follow=True).content.decode()
    assert "needs at least one image and a consent text" in page
    study.refresh_from_db()
    assert study.state == Study.DRAFT


def test_an_open_study_shows_the_link_to_share(study: Study, mika: User, sign_in: SignIn) -> None:
    assert f"http://testserver/s/{study.slug}/" in sign_in(mika).get(f"/studies/{study.slug}/setup").content.decode()


# --- simulated responses ---


def test_simulated_responses_are_removed_when_the_title_is_typed(study: Study, mika: User, sign_in: SignIn) -> None:
    respond(make_participation(study, is_simulated=True))
    kept = respond(make_participation(study))
    client, address = sign_in(mika), f"/studies/{study.slug}/simulated"
    assert "1 responses of 1 simulated annotators" in client.get(address).content.decode()
    assert client.post(address, {"title": "another"}).status_code == 422
    assert Response.objects.count() == 2
    page = client.post(address, {"title": study.title}, follow=True).content.decode()
    assert "1 simulated responses are removed" in page
    assert Response.objects.get() == kept
    assert Participation.objects.count() == 1


# --- who may ---


PAGES = ["setup", "stimuli", "people", "simulated"]


@pytest.mark.parametrize("page", PAGES)
def test_strangers_do_not_find_the_page_researchers_may_not_and_managers_and_admins_may(
    study: Study, page: str, stan: User, rosa: User, mika: User, ada: User, sign_in: SignIn
) -> None:
    address = f"/studies/{study.slug}/{page}"
    statuses = [sign_in(user).get(address).status_code for user in (stan, rosa, mika, ada)]
    assert statuses == [404, 403, 200, 200]
    anonymous = Client().get(address)
    assert (anonymous.status_code, anonymous.headers["Location"]) == (302, f"/account/login?next={address}")


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("state", {"state": "closed"}),
        ("people", {"user_name": "stan", "role": "manager"}),
        ("simulated", {"title": "x"}),
    ],
)
def test_the_same_holds_for_what_the_pages_do(
    study: Study, page: str, form: dict[str, str], stan: User, rosa: User, sign_in: SignIn
) -> None:
    address = f"/studies/{study.slug}/{page}"
    assert [sign_in(user).post(address, form).status_code for user in (stan, rosa)] == [404, 403]
    study.refresh_from_db()
    assert study.state == Study.OPEN
    assert not Membership.objects.filter(user=stan).exists()


def test_a_study_that_is_not_there_is_404(mika: User, sign_in: SignIn) -> None:
    for page in PAGES:
        assert sign_in(mika).get(f"/studies/nowhere/{page}").status_code == 404


def test_the_state_is_not_changed_by_a_link(study: Study, mika: User, sign_in: SignIn) -> None:
    assert sign_in(mika).get(f"/studies/{study.slug}/state").status_code == 405


def test_tabs_show_a_researcher_only_what_she_may_open(study: Study, rosa: User, mika: User, sign_in: SignIn) -> None:
    address = f"/studies/{study.slug}/exports"
    assert f"/studies/{study.slug}/setup" not in sign_in(rosa).get(address).content.decode()
    assert f"/studies/{study.slug}/setup" in sign_in(mika).get(address).content.decode()


def test_many_stimuli_are_shown_in_pages(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, n_stimuli=130, is_open=False)
    make_stimuli(study, 1, prefix="newest")
    page = sign_in(mika).get(f"/studies/{study.slug}/stimuli").content.decode()
    assert "131 stimuli" in page
    assert "newest_0.jpg" in page
    assert "of 3" in page
