"""Django's admin is for superusers, and only for looking where services keep the rules."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Identity, Study
from tests.conftest import make_participation, make_user, respond

pytestmark = pytest.mark.django_db

TABLES = ["study", "membership", "stimulus", "annotator", "participation", "assignment", "response", "consenttext"]
READ_ONLY = ["stimulus", "annotator", "participation", "assignment", "response", "responserevision", "consenttext"]


@pytest.fixture
def admin_client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.mark.parametrize("table", TABLES)
def test_a_superuser_looks_at_every_table(study: Study, admin_client: Client, table: str) -> None:
    respond(make_participation(study))
    assert admin_client.get(f"/admin/annotation/{table}/").status_code == 200


@pytest.mark.parametrize("table", READ_ONLY)
def test_nobody_adds_changes_or_deletes_rows_that_services_keep(study: Study, admin_client: Client, table: str) -> None:
    assert admin_client.get(f"/admin/annotation/{table}/add/").status_code == 403


def test_settings_that_services_check_are_not_changed_here(study: Study, admin_client: Client) -> None:
    Study.objects.update(created_by=None)  # as of the demo
    address = f"/admin/annotation/study/{study.pk}/change/"
    no_members = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    settings = {"care": '{"break_after": "soon"}', "limits": "7", "languages": "{}", "lease_seconds": "1"}
    form = {"title": "The lake", "description": "", "completion_code": "", **no_members, **settings}
    assert admin_client.post(address, form).status_code == 302
    changed = Study.objects.get()
    assert changed.title == "The lake"
    for name in settings:
        assert getattr(changed, name) == getattr(study, name)


def test_a_response_can_be_read_and_not_deleted(study: Study, admin_client: Client) -> None:
    response = respond(make_participation(study))
    assert admin_client.get(f"/admin/annotation/response/{response.pk}/change/").status_code == 200
    assert admin_client.post(f"/admin/annotation/response/{response.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_superuser_stays_out(study: Study) -> None:
    client = Client()
    client.force_login(make_user("staff", is_staff=True))
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/annotation/response/").status_code == 302


def test_who_is_behind_a_pseudonym_is_not_in_the_admin() -> None:
    assert not admin.site.is_registered(Identity)
