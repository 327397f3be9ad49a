"""Studies over the API."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from annotation.models import Response, Study
from tests.conftest import annotator_client, make_participation, make_study, respond

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
JSON = "application/json"


def test_a_script_makes_reads_changes_and_opens_a_study(stan: User, sign_in: SignIn) -> None:
    stan.groups.add(Group.objects.get(name="Study creators"))
    client = sign_in(stan)
    made = client.post(
        "/api/v1/studies",
        {"title": "Clouds", "template": "affective_explanation", "wanted_responses": 3},
        content_type=JSON,
    )
    assert made.status_code == 201
    address = f"/api/v1/studies/{made.json()['slug']}"
    assert client.get(address).json()["wanted_responses"] == 3
    assert client.patch(address, {"consent": "We ask you."}, content_type=JSON).json()["consent"] == "We ask you."
    refused = client.post(f"{address}/state", {"state": "open"}, content_type=JSON)
    assert (refused.status_code, refused.json()["type"]) == (409, "state_conflict")
    assert "at least one image" in refused.json()["message"]
    assert [study["slug"] for study in client.get("/api/v1/studies").json()["studies"]] == [made.json()["slug"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"wanted_responses": 0}, "wanted_responses"),
        ({"order": "backwards"}, "order"),
        ({"lease_seconds": "soon"}, "lease_seconds"),
        ({"steps": []}, "steps"),
        ({"steps": [{"name": "A", "kind": "choice"}]}, "step 1"),
        ({"title": ""}, "title"),
        ({"steps": [{"name": "why", "kind": ["text"]}]}, "step 1"),
        ({"steps": [{"name": "how", "kind": "choice", "options": {"label_set": ["affection"]}}]}, "step 1"),
        ({"steps": [{"name": "how", "kind": "compare", "options": {"mode": ["turing"]}}]}, "step 1"),
        ({"steps": [{"name": "how", "kind": "compare", "options": {"labels": [{"id": ["a"]}]}}]}, "step 1"),
    ],
)
def test_bad_settings_are_refused_by_field(
    study: Study, mika: User, sign_in: SignIn, body: dict[str, object], field: str
) -> None:
    answer = sign_in(mika).patch(f"/api/v1/studies/{study.slug}", body, content_type=JSON)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_a_refusal_says_in_its_sentence_what_is_wrong(study: Study, mika: User, sign_in: SignIn) -> None:
    address = f"/api/v1/studies/{study.slug}"
    for body, sentence in (
        ({"wanted_responses": 0}, "wanted_responses: Ensure this value is greater than or equal to 1."),
        ({"steps": [{"name": "why", "kind": "song"}]}, "Step 1: 'song' is no kind of step"),
    ):
        assert sentence in sign_in(mika).patch(address, body, content_type=JSON).json()["message"]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"steps": ' + "[" * 100_000, '{"title": ' + '{"a":' * 100_000])
def test_a_body_without_end_is_refused_and_no_error_of_the_server(
    study: Study, mika: User, sign_in: SignIn, body: str
) -> None:
    answer = sign_in(mika).generic("PATCH", f"/api/v1/studies/{study.slug}", body, content_type=JSON)
    assert (answer.status_code, answer.json()["message"]) == (400, "The JSON is nested too deeply to be read.")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud83d"])
@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("", '{"steps": [{"name": "why", "kind": "text", "options": {"hint": "%s"}}]}'),
        ("", '{"care": {"content_note": "%s"}}'),
        ("/training", '{"settings": {"screened_out": "%s"}}'),
    ],
)
def test_a_text_that_no_database_keeps_is_refused(
    study: Study, mika: User, sign_in: SignIn, address: str, body: str, text: str
) -> None:
    answer = sign_in(mika).patch(f"/api/v1/studies/{study.slug}{address}", body % text, content_type=JSON)
    assert answer.status_code == 400
    assert "which cannot be stored. Nothing was changed." in answer.json()["message"]


def test_half_a_character_is_told_though_it_cannot_be_repeated(study: Study) -> None:
    body = '{"client_key": "\\ud83d", "assignment": 1, "answers": {}}'
    browser = annotator_client(make_participation(study))
    answer = browser.post(f"/api/v1/studies/{study.slug}/responses", body, content_type=JSON)
    assert (answer.status_code, answer.json()["message"]) == (400, "client_key: Must be a valid UUID.")
    named = '{"client_key": "6f0ce7d6-2b4c-4b2a-9d0e-0d3d5f0a3b11", "assignment": 1, "answers": {"\\ud83d": "awe"}}'
    answer = browser.post(f"/api/v1/studies/{study.slug}/responses", named, content_type=JSON)
    assert answer.json()["errors"]["?"] == ["This study has no such step."]


def test_frozen_steps_are_a_conflict(study: Study, mika: User, sign_in: SignIn) -> None:
    respond(make_participation(study))
    steps = [{"name": "why", "kind": "text", "options": {}}]
    answer = sign_in(mika).patch(f"/api/v1/studies/{study.slug}", {"steps": steps}, content_type=JSON)
    assert (answer.status_code, answer.json()["type"]) == (409, "state_conflict")


def test_roles_are_the_same_as_on_the_pages(
    study: Study, stan: User, rosa: User, mika: User, ada: User, sign_in: SignIn
) -> None:
    address = f"/api/v1/studies/{study.slug}"
    clients = [sign_in(user) for user in (stan, rosa, mika, ada)]
    assert [client.get(address).status_code for client in clients] == [404, 200, 200, 200]
    changes = [client.patch(address, {"title": "x"}, content_type=JSON).status_code for client in clients]
    assert changes == [404, 403, 200, 200]
    states = [client.post(f"{address}/state", {"state": "paused"}, content_type=JSON).status_code for client in clients]
    assert states == [404, 403, 200, 200]
    assert [client.delete(f"{address}/simulated").status_code for client in clients] == [404, 403, 200, 200]
    assert clients[0].post("/api/v1/studies", {"title": "x"}, content_type=JSON).status_code == 403
    assert Client().get("/api/v1/studies").status_code in (401, 403)


def test_simulated_responses_are_removed(study: Study, mika: User, sign_in: SignIn) -> None:
    respond(make_participation(study, is_simulated=True))
    answer = sign_in(mika).delete(f"/api/v1/studies/{study.slug}/simulated")
    assert answer.json() == {"removed": 1}
    assert not Response.objects.exists()


def test_markdown_is_rendered_as_on_the_pages_and_cleaned(stan: User, sign_in: SignIn) -> None:
    body = {"markdown": "**look** <img src=x onerror=alert(1)> [a](javascript:alert(1))"}
    html = sign_in(stan).post("/api/v1/markdown", body, content_type=JSON).json()["html"]
    assert "<strong>look</strong>" in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert Client().post("/api/v1/markdown", body, content_type=JSON).status_code in (401, 403)


def test_the_list_holds_only_ones_own(study: Study, other_study: Study, rosa: User, sign_in: SignIn) -> None:
    slugs = [row["slug"] for row in sign_in(rosa).get("/api/v1/studies").json()["studies"]]
    assert slugs == [study.slug]


def test_unknown_state_and_study(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika)
    client = sign_in(mika)
    assert client.post(f"/api/v1/studies/{study.slug}/state", {"state": "gone"}, content_type=JSON).status_code == 400
    assert client.get("/api/v1/studies/nowhere").status_code == 404
