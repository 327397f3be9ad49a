"""The study at a glance, its live part, its CSV files, and the same figures through the API."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis.charts.paper import paper_svg
from analysis.models import Recount, StudyStatistics
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Stimulus, Study
from tests.analysis.answers import answer_stimulus, answered_study, import_labels, people_of_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

TABLE = [["awe", "awe", "fear"], ["amusement", "amusement", "amusement"], ["sadness", "anger", "awe"]]


@pytest.fixture
def answered(mika: User) -> Study:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    return study


def test_the_page_shows_what_people_feel_and_how_far_they_agree(answered: Study, mika: User, sign_in: SignIn) -> None:
    page = sign_in(mika).get(f"/studies/{answered.slug}/")
    html = page.content.decode()
    assert page.status_code == 200
    for words in ("Which emotions people felt", "How far people agree", "Images with a majority", "Half or more",
                  "Images that stir mixed feelings", "When the responses came in", "Krippendorff"):  # fmt: skip
        assert words in html
    assert "9 accepted responses to 3 images" in html
    assert "of 9" in html  # wanted
    assert "simulated" not in html
    assert 'data-live-url="' in html


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ([["awe", "awe", "fear"]], "Awe was chosen most, in 66.7 % of the responses."),
        ([["awe", "fear", "awe", "fear"]], "Awe and Fear were chosen most, each in 50.0 % of the responses."),
        ([["awe", "fear", "anger", "sadness"]], "4 labels were chosen most, each in 25.0 % of the responses."),
    ],
)
def test_a_tie_names_all_that_were_chosen_most(mika: User, sign_in: SignIn, table: list[list[str]], says: str) -> None:
    study, _ = answered_study(mika, table)
    refresh_statistics()
    assert says in sign_in(mika).get(f"/studies/{study.slug}/").content.decode()


def test_answers_without_a_label_are_no_share_of_anything(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, n_stimuli=1)
    answer_stimulus(study.stimuli.get(), people_of_study(study, 2), ["", ""])
    refresh_statistics()
    html = sign_in(mika).get(f"/studies/{study.slug}/").content.decode()
    assert html.count("No response chose a label yet.") >= 2
    assert "– of the responses" not in html


def test_a_name_with_characters_that_no_file_may_hold_is_drawn_without_them(mika: User, sign_in: SignIn) -> None:
    """A page shows them as nothing; a drawing saved as SVG, or set in a report, would not open."""
    labels = [{"id": "a", "name": "odd\x0b name\x1b"}, {"id": "b", "name": "<plain>"}]
    study = make_study(mika, steps=[{"name": "feeling", "kind": "choice", "options": {"labels": labels}}], n_stimuli=1)
    answer_stimulus(study.stimuli.get(), people_of_study(study, 2), ["a", "b"])
    refresh_statistics()
    html = sign_in(mika).get(f"/studies/{study.slug}/").content.decode()
    drawings = [drawing for drawing in re.findall(r"<svg.*?</svg>", html, re.S) if 'class="chart' in drawing]
    assert drawings
    for drawing in drawings:
        assert paper_svg(drawing)
    assert any("odd name" in drawing for drawing in drawings)


def test_every_drawing_is_sound_svg_with_words_and_without_inline_style(
    answered: Study, mika: User, sign_in: SignIn
) -> None:
    html = sign_in(mika).get(f"/studies/{answered.slug}/").content.decode()
    drawings = [drawing for drawing in re.findall(r"<svg.*?</svg>", html, re.S) if 'class="chart' in drawing]
    assert len(drawings) == 7
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == ("group" if "<a " in drawing else "img")
        assert len(root.get("aria-label") or "") > 20
        assert "style=" not in drawing
    assert sum("interval" in drawing for drawing in drawings) == 6  # all but the counts over time


def test_the_live_part_follows_an_answer(answered: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    first = client.get(f"/studies/{answered.slug}/live")
    assert "<html" not in first.content.decode()
    unchanged = client.get(f"/studies/{answered.slug}/live", headers={"If-None-Match": first["ETag"]})
    assert unchanged.status_code == 304

    Response.objects.filter(label="anger").update(label="disgust")
    refresh_statistics()

    changed = client.get(f"/studies/{answered.slug}/live", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_a_page_costs_the_same_for_few_and_for_many(mika: User, sign_in: SignIn) -> None:
    costs = []
    for rows in (4, 40):
        study, _ = answered_study(mika, [["awe", "fear", "awe"]] * rows)
        refresh_statistics()
        client = sign_in(mika)
        client.get(f"/studies/{study.slug}/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/studies/{study.slug}/")
        costs.append(len(queries))
        assert not any('"sums"' in query["sql"] for query in queries)
    assert costs[0] == costs[1] <= 20


@pytest.mark.parametrize(
    ("state", "says"), [("draft", "still a draft"), ("open", "Nobody has answered yet"), ("closed", "no responses")]
)
def test_an_empty_study_says_what_to_do_next(mika: User, sign_in: SignIn, state: str, says: str) -> None:
    study = make_study(mika)
    Study.objects.filter(pk=study.pk).update(state=state)
    page = sign_in(mika).get(f"/studies/{study.slug}/")
    assert page.status_code == 200
    assert says in page.content.decode()


def test_what_is_simulated_is_said_in_the_notice_and_below_every_figure(
    answered: Study, mika: User, sign_in: SignIn
) -> None:
    Response.objects.filter(label="awe").update(is_simulated=True)
    refresh_statistics()
    html = sign_in(mika).get(f"/studies/{answered.slug}/").content.decode()
    assert "3 of 9 responses were made by the simulator" in html
    assert html.count("9 accepted responses to 3 images, 3 of them simulated") == 7


def test_a_recount_that_differed_is_said_loudly_until_one_is_equal(
    answered: Study, mika: User, sign_in: SignIn
) -> None:
    counts = {"n_responses": 9, "n_stimuli": 3, "seconds": 0.1}
    Recount.objects.create(
        study_id=answered.pk, is_equal=False, differences=["awe: 7 instead of 3."], n_differences=1, **counts
    )
    client = sign_in(mika)
    html = client.get(f"/studies/{answered.slug}/").content.decode()
    assert "Numbers on this page were wrong" in html
    assert "awe: 7 instead of 3." in html

    Recount.objects.create(study_id=answered.pk, is_equal=True, **counts)
    assert "were wrong" not in client.get(f"/studies/{answered.slug}/").content.decode()


def test_pace_and_time_to_go_follow_the_last_hour(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, n_stimuli=10, wanted_responses=6)
    people = people_of_study(study, 3)
    stimuli = list(Stimulus.objects.filter(study=study).order_by("rank"))
    answer_stimulus(stimuli[0], people, ["awe"] * 3, created_at=timezone.now() - timedelta(hours=5))
    for stimulus in stimuli[1:5]:
        answer_stimulus(stimulus, people, ["awe"] * 3, created_at=timezone.now() - timedelta(minutes=25))
    refresh_statistics()
    html = sign_in(mika).get(f"/studies/{study.slug}/").content.decode()
    assert '<div class="number-value">12 <span class="unit">per hour' in html
    assert "about 4 hours to go" in html  # 45 of 60 are left


def test_a_label_set_of_ones_own_is_drawn_with_spare_colours(ada: User, sign_in: SignIn) -> None:
    rows = [{"worker": str(w), "item": str(i), "label": str((w * i) % 5)} for w in range(3) for i in range(6)]
    study = import_labels("five labels", rows)
    refresh_statistics()
    html = sign_in(ada).get(f"/studies/{study.slug}/").content.decode()
    assert "Which labels people chose" in html
    assert "series-4" in html
    assert "Positive" not in html


def test_words_of_a_label_set_cannot_become_markup(ada: User, sign_in: SignIn) -> None:
    study = import_labels("nasty", [{"worker": "1", "item": "1", "label": '<script>"&'}])
    refresh_statistics()
    html = sign_in(ada).get(f"/studies/{study.slug}/").content.decode()
    assert "<script>&" not in html
    assert '<script>"' not in html


def test_a_figure_comes_as_csv_that_is_safe_in_a_spreadsheet(ada: User, sign_in: SignIn) -> None:
    study = import_labels("formulas", [{"worker": "1", "item": "1", "label": "=1+1"}])
    refresh_statistics()
    answer = sign_in(ada).get(f"/studies/{study.slug}/charts/emotions.csv")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0] == ["label", "responses", "share", "low", "high"]
    assert rows[1][:3] == ["'=1+1", "1", "1.0"]


@pytest.mark.parametrize("name", ["emotions", "polarity", "majority", "mixing", "agreement", "entropy", "pace"])
def test_every_figure_has_its_csv(answered: Study, mika: User, sign_in: SignIn, name: str) -> None:
    answer = sign_in(mika).get(f"/studies/{answered.slug}/charts/{name}.csv")
    assert answer.status_code == 200
    assert len(answer.content.decode().splitlines()) >= 2


def test_an_unknown_figure_is_not_found(answered: Study, mika: User, sign_in: SignIn) -> None:
    assert sign_in(mika).get(f"/studies/{answered.slug}/charts/nothing.csv").status_code == 404


PAGES = ["", "live", "charts/emotions.csv", "explorer", "annotators"]


@pytest.mark.parametrize("page", PAGES)
def test_who_may_see_it(study: Study, rosa: User, ada: User, sign_in: SignIn, page: str) -> None:
    person = people_of_study(study, 1)
    answer_stimulus(Stimulus.objects.filter(study=study)[0], person, ["awe"])
    refresh_statistics()
    for user in (rosa, ada):
        assert sign_in(user).get(f"/studies/{study.slug}/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not(study: Study, stan: User, sign_in: SignIn, page: str) -> None:
    assert sign_in(stan).get(f"/studies/{study.slug}/{page}").status_code == 404
    study.memberships.create(user=stan, role="annotator")
    assert sign_in(stan).get(f"/studies/{study.slug}/{page}").status_code == 403
    assert "/account/login" in Client().get(f"/studies/{study.slug}/{page}")["Location"]


def test_pages_are_only_read(answered: Study, mika: User, sign_in: SignIn) -> None:
    assert sign_in(mika).post(f"/studies/{answered.slug}/").status_code == 405


def api(client: Client, study: Study, rest: str = "") -> Any:
    return client.get(f"/api/v1/studies/{study.slug}/statistics{rest}")


def test_the_api_gives_the_same_figures(answered: Study, mika: User, sign_in: SignIn) -> None:
    figures = api(sign_in(mika), answered).json()
    stored = StudyStatistics.objects.get(pk=answered.pk)
    assert figures["label_totals"] == stored.label_totals
    assert figures["krippendorff_alpha"] == stored.estimates["krippendorff_alpha"]
    assert figures["majority"]["strict_majority"] == stored.estimates["majority.strict_majority"]
    assert figures["majority_label"]["strict_majority"]["awe"]["n"] == 2


def test_the_api_pages_through_stimuli_in_a_stable_order(answered: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    first = api(client, answered, "/stimuli?limit=2").json()
    second = api(client, answered, f"/stimuli?limit=2&after={first['next']}").json()
    assert [len(first["stimuli"]), len(second["stimuli"]), second["next"]] == [2, 1, None]
    assert first["stimuli"][0]["counts"]["awe"] == 2
    assert first["stimuli"][0]["top_labels"] == ["awe"]
    keys = {stimulus["key"] for page in (first, second) for stimulus in page["stimuli"]}
    assert len(keys) == 3


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "after=-1", "limit=100000"])
def test_the_api_refuses_a_page_that_cannot_be(answered: Study, mika: User, sign_in: SignIn, query: str) -> None:
    answer = api(sign_in(mika), answered, f"/stimuli?{query}")
    assert answer.status_code == 400
    assert answer.json()["type"] == "invalid"


def test_the_api_lists_recounts(answered: Study, mika: User, sign_in: SignIn) -> None:
    Recount.objects.create(study_id=answered.pk, is_equal=True, n_responses=9, n_stimuli=3, seconds=0.5)
    assert api(sign_in(mika), answered, "/recounts").json()["recounts"][0]["is_equal"] is True


@pytest.mark.parametrize("rest", ["", "/stimuli", "/recounts"])
def test_the_api_keeps_strangers_and_annotators_out(answered: Study, stan: User, sign_in: SignIn, rest: str) -> None:
    assert api(sign_in(stan), answered, rest).status_code == 404
    answered.memberships.create(user=stan, role="annotator")
    assert api(sign_in(stan), answered, rest).status_code == 403
    assert api(Client(), answered, rest).status_code in (401, 403)


def test_the_api_says_that_there_are_no_responses_yet(study: Study, mika: User, sign_in: SignIn) -> None:
    answer = api(sign_in(mika), study)
    assert answer.status_code == 404
    assert "no responses yet" in answer.json()["message"]
