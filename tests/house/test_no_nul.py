"""NUL in an address, a query or a form is refused in words, to people on a page and to programs as JSON."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Study

pytestmark = pytest.mark.django_db


def test_a_form_with_nul_changes_nothing_and_says_so(study: Study) -> None:
    answer = Client().post(f"/s/{study.slug}/return", {"code": "ABC\x00DEF"})
    assert answer.status_code == 400
    assert "Go back, check what you entered and send it again" in answer.content.decode()


@pytest.mark.parametrize("address", ["/s/{slug}/?language=%00", "/studies/?next=%00"])
def test_a_query_with_nul_is_refused(study: Study, address: str) -> None:
    assert Client().get(address.format(slug=study.slug)).status_code == 400


def test_a_program_is_told_in_json(study: Study, mika: User, sign_in: Any) -> None:
    asked = sign_in(mika).get(f"/api/v1/studies/{study.slug}/stimuli?before=%00")
    assert (asked.status_code, asked.json()["type"]) == (400, "bad_request")
    for address in (f"/api/v1/studies/{study.slug}/members/%00", "/api/v1/nowhere"):
        answer = sign_in(mika).get(address)
        assert (answer.status_code, answer.json()["type"]) == (404, "not_found")
