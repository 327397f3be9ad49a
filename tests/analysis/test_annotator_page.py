"""The people of a study: a table and a page each, by pseudonym and never by name."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import parse_header_parameters

from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Annotator, Identity, Participation, Response, Stimulus, Study
from annotation.services.withdraw import withdraw_participation
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

TABLE = [["awe", "awe", "fear"], ["amusement", "amusement", "fear"], ["sadness", "something_else", "fear"]]


@pytest.fixture
def answered(mika: User) -> Study:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    return study


def people(study: Study) -> list[Participation]:
    return list(Participation.objects.filter(study=study).select_related("annotator").order_by("pk"))


def test_the_table_tells_what_each_person_gave(answered: Study, mika: User, sign_in: SignIn) -> None:
    first = people(answered)[0]
    Participation.objects.filter(pk=first.pk).update(n_skipped=7)
    Response.objects.filter(participation=first).update(duration_ms=12_500)
    html = sign_in(mika).get(f"/studies/{answered.slug}/annotators").content.decode()
    row = html[html.index(first.annotator.pseudonym) :].split("</tr>")[0]
    for words in (">3<", ">7<", ">12.5<", ">67 %<", ">33 %<", ">0 %<", ">0.33<"):
        assert words in row, words


def test_the_table_is_ordered_as_asked(answered: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    names = [person.annotator.pseudonym for person in people(answered)]

    def order(sort: str) -> list[str]:
        html = client.get(f"/studies/{answered.slug}/annotators?sort={sort}").content.decode()
        return sorted(names, key=html.index)

    assert order("agreement_low")[0] == names[2]  # fears alone
    assert order("agreement_high")[-1] == names[2]
    assert order("newest") == names[::-1]
    assert order("password") == names  # unknown: the usual order


def test_a_persons_page_shows_her_answers_beside_everybodys(answered: Study, mika: User, sign_in: SignIn) -> None:
    person = people(answered)[2]
    html = sign_in(mika).get(f"/studies/{answered.slug}/annotators/{person.annotator.pseudonym}").content.decode()
    assert html.count("it looks like fear to me") == 3
    assert "it looks like awe to me" not in html
    assert 'class="marker"' in html
    assert "on 3 shared images" in html


def test_no_page_tells_a_name_or_a_mail_address(answered: Study, mika: User, sign_in: SignIn) -> None:
    person = people(answered)[0]
    secret = User.objects.create_user("annas-account", "anna@example.org", first_name="Anna")
    Identity.objects.create(annotator=person.annotator, user=secret, email="anna@example.org", panel_id="P-77")
    client = sign_in(mika)
    for page in ("annotators", f"annotators/{person.annotator.pseudonym}"):
        html = client.get(f"/studies/{answered.slug}/{page}").content.decode()
        for word in ("annas-account", "anna@example.org", "P-77"):
            assert word not in html


def test_simulated_people_are_marked(answered: Study, mika: User, sign_in: SignIn) -> None:
    robot = people_of_study(answered, 1, is_simulated=True)
    Stimulus.objects.filter(study=answered).update(open_slots=1, wanted=4)
    answer_stimulus(Stimulus.objects.filter(study=answered)[0], robot, ["awe"], is_simulated=True)
    refresh_statistics()
    client = sign_in(mika)
    for page in ("annotators", f"annotators/{robot[0].annotator.pseudonym}"):
        assert 'badge simulated">simulated<' in client.get(f"/studies/{answered.slug}/{page}").content.decode()


def test_a_person_who_withdrew_has_a_page_without_answers(answered: Study, mika: User, sign_in: SignIn) -> None:
    person = people(answered)[0]
    withdraw_participation(participation=person)
    refresh_statistics()
    page = sign_in(mika).get(f"/studies/{answered.slug}/annotators/{person.annotator.pseudonym}")
    assert "took every answer back" in page.content.decode()


def test_a_pseudonym_of_an_import_may_hold_any_character(answered: Study, mika: User, sign_in: SignIn) -> None:
    person = people(answered)[0]
    Annotator.objects.filter(pk=person.annotator_id).update(pseudonym="worker 1/2 ?&é")
    client = sign_in(mika)
    assert client.get(f"/studies/{answered.slug}/annotators").status_code == 200
    for name in ("study_annotator", "study_annotator_csv"):
        assert client.get(reverse(name, args=[answered.slug, "worker 1/2 ?&é"])).status_code == 200


def test_the_csv_of_a_pseudonym_of_any_characters_has_a_file_name(answered: Study, mika: User, sign_in: SignIn) -> None:
    """Pseudonyms that came with a snapshot may hold any character."""
    person = people(answered)[0]
    for pseudonym in ('the "first"', "a\tb", "Ωλ/\\2", "x; filename=y"):
        Annotator.objects.filter(pk=person.annotator_id).update(pseudonym=pseudonym)
        response = sign_in(mika).get(reverse("study_annotator_csv", args=[answered.slug, pseudonym]))
        assert response.status_code == 200
        _, given = parse_header_parameters(response["Content-Disposition"])
        assert given["filename"].endswith(".csv"), pseudonym
        assert not set(given["filename"]) & set("\t/\\")


def test_a_person_of_another_study_is_not_found(
    answered: Study, bo: Participation, mika: User, sign_in: SignIn
) -> None:
    for pseudonym in (bo.annotator.pseudonym, "nobody"):
        for rest in ("", "/distribution.csv"):
            address = f"/studies/{answered.slug}/annotators/{pseudonym}{rest}"
            assert sign_in(mika).get(address).status_code == 404


def test_who_may_and_who_may_not(answered: Study, stan: User, ada: User, sign_in: SignIn) -> None:
    pseudonym = people(answered)[0].annotator.pseudonym
    for rest in ("", "/distribution.csv"):
        address = f"/studies/{answered.slug}/annotators/{pseudonym}{rest}"
        answered.memberships.filter(user=stan).delete()
        assert sign_in(ada).get(address).status_code == 200
        assert sign_in(stan).get(address).status_code == 404
        answered.memberships.create(user=stan, role="annotator")
        assert sign_in(stan).get(address).status_code == 403


def test_pages_cost_the_same_for_few_and_for_many(mika: User, sign_in: SignIn) -> None:
    costs: list[list[int]] = []
    for rows, n_people in ((3, 2), (12, 9)):
        study, _ = answered_study(mika, [["awe"] * n_people] * rows)
        refresh_statistics()
        client = sign_in(mika)
        pseudonym = people(study)[0].annotator.pseudonym
        costs.append([])
        for page in ("annotators", f"annotators/{pseudonym}"):
            client.get(f"/studies/{study.slug}/{page}")
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/studies/{study.slug}/{page}")
            costs[-1].append(len(queries))
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 14
