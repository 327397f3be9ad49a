"""Practice, checks, limits and top-up are set over the API as on the page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import AttentionCheck, PracticeItem, Study
from tests.annotation.pictures import picture

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
QUESTION = {
    "question": "Is there a right feeling?",
    "right": "No, feelings differ",
    "wrong": ["Yes, the one most people have"],
    "explanation": "People feel differently about the same image.",
}


def send(client: Client, method: str, address: str, given: Any) -> Any:
    return getattr(client, method)(address, given, content_type="application/json")


def test_a_manager_sets_practice_checks_and_limits(study: Study, mika: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/api/v1/studies/{study.slug}/training"
    changed = send(
        client,
        "patch",
        address,
        {"settings": {"questions": [QUESTION], "tries": 3}, "limits": {"most_per_person": 40}},
    )
    assert changed.status_code == 200, changed.content
    assert changed.json()["settings"]["questions"] == [QUESTION]
    item = send(
        client, "post", f"{address}/practice", {"stimulus_name": study.stimuli.first().name, "feedback": "It *varies*."}
    )
    assert item.status_code == 201, item.content
    check = send(client, "post", f"{address}/checks", {"instruction": "Choose awe here.", "wanted": {"emotion": "awe"}})
    assert check.status_code == 201, check.content
    read = client.get(address).json()
    assert read["settings"]["tries"] == 3
    assert read["limits"]["most_per_person"] == 40
    assert read["practice"][0]["feedback"] == "It *varies*."
    checks = [{"id": check.json()["id"], "instruction": "Choose awe here.", "wanted": {"emotion": "awe"}}]
    assert read["checks"] == checks
    assert read["top_up"] is None
    one = f"{address}/practice/{item.json()['id']}"
    assert send(client, "patch", one, {"visible_words": "lake"}).json()["feedback"] == "It *varies*."
    assert client.delete(one).status_code == 204
    assert client.delete(f"{address}/checks/{check.json()['id']}").status_code == 204
    assert not PracticeItem.objects.exists()
    assert not AttentionCheck.objects.exists()


def test_a_practice_image_may_be_a_file_of_its_own(study: Study, mika: User, sign_in: SignIn) -> None:
    given = {"feedback": "It varies.", "file": SimpleUploadedFile("lake.png", picture(kind="PNG"))}
    made = sign_in(mika).post(f"/api/v1/studies/{study.slug}/training/practice", given)
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["stimulus_id"]) == ("lake.png", None)


def test_one_part_that_cannot_be_used_changes_none(study: Study, mika: User, sign_in: SignIn) -> None:
    given = {"settings": {"tries": 3}, "limits": {"most_per_person": -1}}
    refused = send(sign_in(mika), "patch", f"/api/v1/studies/{study.slug}/training", given)
    assert refused.status_code == 400
    assert "most_per_person" in refused.json()["errors"]
    study.refresh_from_db()
    assert study.training == {}


def test_what_is_wrong_is_said_by_field(study: Study, mika: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/api/v1/studies/{study.slug}/training"
    refused = send(client, "post", f"{address}/practice", {"stimulus_name": "no such", "feedback": "It varies."})
    assert "no image named 'no such'" in refused.json()["errors"]["stimulus_name"][0]
    refused = send(client, "post", f"{address}/checks", {"instruction": "Choose joy.", "wanted": {"emotion": "joy"}})
    assert "'joy' is not an option" in refused.json()["errors"]["emotion"][0]
    assert client.delete(f"{address}/practice/999999").status_code == 404
