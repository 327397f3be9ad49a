"""Managers say who has which role; a study keeps a manager."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Membership, Study

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def role(study: Study, user: User) -> str | None:
    return Membership.objects.filter(study=study, user=user).values_list("role", flat=True).first()


def test_a_person_is_added_changed_and_removed_on_the_page(
    study: Study, mika: User, stan: User, sign_in: SignIn
) -> None:
    client, address = sign_in(mika), f"/studies/{study.slug}/people"
    assert (
        "stan is researcher"
        in client.post(address, {"user_name": "stan", "role": "researcher"}, follow=True).content.decode()
    )
    client.post(address, {"user_name": " stan ", "role": "manager"})
    assert role(study, stan) == "manager"
    client.post(address, {"remove": "stan"})
    assert role(study, stan) is None
    client.post(address, {"remove": "stan"})
    assert role(study, mika) == "manager"


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("nobody", "researcher", "There is no account"),
        ("", "researcher", "This field is required"),
        ("stan", "emperor", "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    study: Study, mika: User, stan: User, sign_in: SignIn, name: str, given: str, sentence: str
) -> None:
    answer = sign_in(mika).post(f"/studies/{study.slug}/people", {"user_name": name, "role": given})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert role(study, stan) is None


def test_an_account_that_was_closed_cannot_be_added(study: Study, mika: User, stan: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=stan.pk).update(is_active=False)
    assert (
        sign_in(mika).post(f"/studies/{study.slug}/people", {"user_name": "stan", "role": "manager"}).status_code == 422
    )


def test_the_last_manager_stays(study: Study, mika: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/studies/{study.slug}/people"
    page = client.post(address, {"remove": "mika"}, follow=True).content.decode()
    assert "the only manager" in page
    assert client.post(address, {"user_name": "mika", "role": "researcher"}).status_code == 422
    assert role(study, mika) == "manager"


def test_the_api_lists_adds_and_removes(study: Study, mika: User, stan: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/api/v1/studies/{study.slug}/members"
    added = client.post(address, {"user_name": "stan", "role": "annotator"}, content_type="application/json")
    assert added.status_code == 201
    assert {"user_name": "stan", "role": "annotator"} in client.get(address).json()["members"]
    assert client.delete(f"{address}/stan").status_code == 200
    assert role(study, stan) is None
    refused = client.delete(f"{address}/mika")
    assert (refused.status_code, refused.json()["type"]) == (409, "state_conflict")


def test_only_managers_and_admins_see_the_people(
    study: Study, stan: User, rosa: User, mika: User, ada: User, sign_in: SignIn
) -> None:
    address = f"/api/v1/studies/{study.slug}/members"
    assert [sign_in(user).get(address).status_code for user in (stan, rosa, mika, ada)] == [404, 403, 200, 200]
    body = {"user_name": "stan", "role": "manager"}
    for user, status in ((stan, 404), (rosa, 403)):
        assert sign_in(user).post(address, body, content_type="application/json").status_code == status
    assert role(study, stan) is None
