"""One image: the distribution, every explanation with its marks, and who may see it."""

import csv
import io
import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Stimulus, Study
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_response
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study
from tests.conftest import answer, make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def answered(mika: User) -> tuple[Study, Stimulus]:
    study, stimuli = answered_study(mika, [["fear", "awe", "awe"], ["awe"]])
    refresh_statistics()
    return study, stimuli[0]


def get(client: Client, study: Study, stimulus: Stimulus, rest: str = "") -> str:
    page = client.get(f"/studies/{study.slug}/stimuli/{stimulus.key}{rest}")
    assert page.status_code == 200
    return page.content.decode()


def test_the_page_shows_the_distribution_and_every_explanation(
    answered: tuple[Study, Stimulus], mika: User, sign_in: SignIn
) -> None:
    study, stimulus = answered
    html = get(sign_in(mika), study, stimulus)
    assert "Awe: 2 of 3 people." in html
    assert html.count("it looks like awe to me") == 2
    assert html.index("it looks like awe to me") < html.index("it looks like fear to me")  # most felt first
    for response in Response.objects.filter(stimulus=stimulus):
        assert f"/annotators/{response.participation.annotator.pseudonym}" in html


def test_marks_tell_what_an_answer_is(answered: tuple[Study, Stimulus], mika: User, sign_in: SignIn) -> None:
    study, stimulus = answered
    first = Response.objects.filter(stimulus=stimulus).order_by("pk")[0]
    revise_response(study=study, response=first, client_key=uuid.uuid4(), answers=answer("awe", "now it is awe"))
    answer_stimulus(stimulus, people_of_study(study, 1), ["anger"], status=Response.SURPLUS)
    Response.objects.filter(pk=first.pk).update(is_simulated=True)
    refresh_statistics()
    html = get(sign_in(mika), study, stimulus)
    assert "revised once" in html
    assert "surplus, not counted" in html
    assert "1 simulated" in html
    assert "Awe: 3 of 3 people." in html


def test_a_withdrawn_answer_is_not_shown(answered: tuple[Study, Stimulus], mika: User, sign_in: SignIn) -> None:
    study, stimulus = answered
    withdraw_response(response=Response.objects.get(stimulus=stimulus, label="fear"))
    refresh_statistics()
    assert "fear to me" not in get(sign_in(mika), study, stimulus)


def test_an_explanation_cannot_become_markup(answered: tuple[Study, Stimulus], mika: User, sign_in: SignIn) -> None:
    study, stimulus = answered
    Response.objects.filter(stimulus=stimulus).update(answers=answer("awe", "<img src=x onerror=alert(1)>"))
    assert "<img src=x" not in get(sign_in(mika), study, stimulus)


def test_an_image_without_answers_says_so(study: Study, mika: User, sign_in: SignIn) -> None:
    stimulus = Stimulus.objects.filter(study=study)[0]
    assert "Nobody has answered this image yet" in get(sign_in(mika), study, stimulus)
    csv_page = sign_in(mika).get(f"/studies/{study.slug}/stimuli/{stimulus.key}/distribution.csv")
    assert csv_page.status_code == 404


def test_an_image_that_was_answered_in_words_alone_does_not_say_that_nobody_did(mika: User, sign_in: SignIn) -> None:
    steps = [{"name": "explanation", "kind": "text", "options": {"question": "What do you see?"}}]
    study = make_study(mika, steps=steps, n_stimuli=1)
    (response,) = answer_stimulus(study.stimuli.get(), people_of_study(study, 1), [""])
    response.answers, response.label = {"explanation": "a boat on a lake"}, ""
    response.save()
    refresh_statistics(wait=True)
    page = get(sign_in(mika), study, study.stimuli.get())
    assert "a boat on a lake" in page
    assert "Nobody has answered this image yet" not in page


def test_the_distribution_comes_as_csv(answered: tuple[Study, Stimulus], mika: User, sign_in: SignIn) -> None:
    study, stimulus = answered
    rows = list(csv.DictReader(io.StringIO(get(sign_in(mika), study, stimulus, "/distribution.csv"))))
    awe = next(row for row in rows if row["label"] == "awe")
    assert (awe["responses"], float(awe["share"])) == ("2", pytest.approx(2 / 3))
    assert float(awe["low"]) < 2 / 3 < float(awe["high"])


def test_an_image_of_another_study_is_not_found(
    answered: tuple[Study, Stimulus], other_study: Study, mika: User, sign_in: SignIn
) -> None:
    foreign = Stimulus.objects.filter(study=other_study)[0]
    for key in (foreign.key, "0" * 64, "no-key"):
        assert sign_in(mika).get(f"/studies/{answered[0].slug}/stimuli/{key}").status_code == 404


@pytest.mark.parametrize("rest", ["", "/distribution.csv"])
def test_who_may_and_who_may_not(
    answered: tuple[Study, Stimulus], stan: User, ada: User, sign_in: SignIn, rest: str
) -> None:
    study, stimulus = answered
    address = f"/studies/{study.slug}/stimuli/{stimulus.key}{rest}"
    assert sign_in(ada).get(address).status_code == 200
    assert sign_in(stan).get(address).status_code == 404
    study.memberships.create(user=stan, role="annotator")
    assert sign_in(stan).get(address).status_code == 403
    study.memberships.update(role="researcher")
    assert sign_in(stan).get(address).status_code == 200


def test_a_page_costs_the_same_for_few_and_for_many_answers(mika: User, sign_in: SignIn) -> None:
    study, stimuli = answered_study(mika, [["awe"] * 2, ["awe"] * 20])
    refresh_statistics()
    client = sign_in(mika)
    costs = []
    for stimulus in stimuli:
        get(client, study, stimulus)
        with CaptureQueriesContext(connection) as queries:
            get(client, study, stimulus)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 14
