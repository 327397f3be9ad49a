"""The pages on what disagreement is made of, and on how the asking shaped the answer."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.models import AnalysisResult
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.asking import asking_of
from analysis.over_snapshots.disagreement import disagreement_of
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.refresh_statistics import refresh_statistics
from analysis.statistics.disagreement import KnownStudy
from annotation.emotions import AFFECTION
from annotation.models import Study
from jobs.models import Job
from tests.analysis.answers import answered_study
from tests.analysis.statistics.asking.simulated_asking import simulated_asking
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "awe"], ["awe", "awe", "awe"], ["fear", "sadness", "fear"]]
LABELS = [{key: label[key] for key in ("id", "name", "polarity")} for label in AFFECTION]


def no_progress(done: int, total: int, message: str) -> None: ...


def kept(study: Study, name: str, result: dict[str, Any]) -> AnalysisResult:
    """A result as the job would leave it behind."""
    analysis = analysis_named(name)
    return AnalysisResult.objects.create(
        study_id=study.pk,
        snapshot_id="ab" * 32,
        name=name,
        options=dict(analysis.defaults),
        definition={"title": analysis.title, "definition": analysis.definition, "source": analysis.source},
        seed=1,
        code_version="test",
        result=result,
    )


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    """A study with two groups and overlapping labels, taken apart."""
    known = KnownStudy(n_stimuli=500, n_annotators=80, n_per_stimulus=8, group_shares=(0.5, 0.5), group_effect=0.3)
    return {
        "labels": LABELS,
        "grouping": "cohort",
        "groups_left_out": ["pilot"],
        "n_simulated": 0,
        **disagreement_of(known.drawn(1), keys=None, seed=1),
    }


@pytest.mark.parametrize(("name", "title"), [("disagreement", "Not taken apart yet"), ("asking", "Not looked at yet")])
def test_it_offers_the_work_and_then_shows_what_was_found(client: Client, mika: User, name: str, title: str) -> None:
    study, _ = answered_study(mika, VOTES)
    refresh_statistics(wait=True)
    client.force_login(mika)
    address = f"/studies/{study.slug}/{name}"
    assert title in client.get(address).content.decode()

    answer = client.post(address)

    assert answer.status_code == 302
    assert Job.objects.get(kind="snapshot_analysis").arguments["name"] == name
    store_analysis(study=study, analysis=analysis_named(name), options={}, progress=no_progress)
    Job.objects.update(state=Job.DONE)
    page = client.get(address).content.decode()
    assert title not in page
    assert "cannot be told" in page or "cannot tell" in page


def test_the_parts_their_checks_and_the_graph_are_shown(client: Client, mika: User, planted: dict[str, Any]) -> None:
    study = make_study(mika)
    kept(study, "disagreement", planted)
    client.force_login(mika)

    page = client.get(f"/studies/{study.slug}/disagreement").content.decode()

    assert "Why two people choose different labels" in page
    for words in ("The image", "The words", "The group", "Habit", "Noise"):
        assert words in page
    assert "who feels the one names the other" in page
    assert "Too small to be compared: pilot" in page
    assert "How far this can be trusted" in page
    assert "Labels that come together" in page
    assert "differ smoothly" in page


def test_types_of_people_are_shown_where_they_are_warranted(
    client: Client, mika: User, planted: dict[str, Any]
) -> None:
    study = make_study(mika)
    types = {
        "n_types": 2, "reason": None, "n_people": 80, "sizes": [50, 30],
        "leanings": [[0.1] + [0.0] * 8, [-0.2] + [0.0] * 8],
        "low": [[0.05] + [-0.02] * 8, [-0.3] + [-0.02] * 8],
        "high": [[0.15] + [0.02] * 8, [-0.1] + [0.02] * 8],
        "divisions": [{"n_people": 80, "sizes": [50, 30], "p": 0.001, "is_warranted": True}],
    }  # fmt: skip
    row = kept(study, "disagreement", {**planted, "types": types})
    client.force_login(mika)

    page = client.get(f"/studies/{study.slug}/disagreement").content.decode()

    assert "Type 1: 50 people" in page
    assert "fall into 2 types" in page
    assert "(dip test, p = 0.001)" in page
    assert "fall into 2 types" in client.get(f"/studies/{study.slug}/annotators").content.decode()
    types["divisions"][0]["p"] = 0.0
    AnalysisResult.objects.filter(pk=row.pk).update(result={**planted, "types": types})
    assert "(dip test, p &lt; 0.001)" in client.get(f"/studies/{study.slug}/disagreement").content.decode()
    assert client.get(f"/studies/{study.slug}/disagreement/type-2.csv").status_code == 200


def test_the_marks_of_the_asking_are_shown_with_what_is_an_effect(client: Client, mika: User) -> None:
    study = make_study(mika)
    answers = simulated_asking(2, first_place=0.15, phone_label=0.3)
    kept(study, "asking", {"labels": LABELS[:5], "n_simulated": 0, **asking_of(answers)})
    client.force_login(mika)

    page = client.get(f"/studies/{study.slug}/asking").content.decode()

    assert "The place on the screen" in page
    assert "Shown first: +" in page
    assert "Device: phone" in page
    assert "Beyond chance: Amusement" in page
    assert "Two languages with 10 people each are needed" in page
    # no test shows that a p value is nothing
    assert '<td class="number">0.000</td>' not in page
    assert '<td class="number">&lt; 0.001</td>' in page
    csv = client.get(f"/studies/{study.slug}/asking/place.csv").content.decode()
    assert csv.startswith("what,value,low,high,p,n,n_people,causal,reason")


def test_languages_that_are_spelled_alike_have_figures_of_their_own(client: Client, mika: User) -> None:
    study = make_study(mika)
    found = asking_of(simulated_asking(2, first_place=0.15, phone_label=0.3))
    device = next(each for each in found["circumstances"] if each["values"])
    device["values"] = [
        {**device["values"][0], "value": value, "n": 1000 + place} for place, value in enumerate(("日本", "中国", "zh"))
    ]
    kept(study, "asking", {"labels": LABELS[:5], "n_simulated": 0, **found})
    client.force_login(mika)
    page = client.get(f"/studies/{study.slug}/asking").content.decode()
    ids = re.findall(r'<figure class="[^"]*" id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for name in ids:
        assert client.get(f"/studies/{study.slug}/asking/{name}.csv").status_code == 200


def test_a_figure_that_there_is_not_is_404(client: Client, mika: User) -> None:
    study = make_study(mika)
    client.force_login(mika)
    assert client.get(f"/studies/{study.slug}/disagreement/parts.csv").status_code == 404
    assert client.get(f"/studies/{study.slug}/asking/none.csv").status_code == 404


def test_queries_do_not_grow_with_what_is_shown(
    client: Client, mika: User, planted: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    study = make_study(mika)
    kept(study, "disagreement", planted)
    client.force_login(mika)
    with django_assert_max_num_queries(14):
        assert client.get(f"/studies/{study.slug}/disagreement").status_code == 200


def test_a_study_without_answers_says_so_and_offers_nothing(client: Client, mika: User) -> None:
    study = make_study(mika)
    client.force_login(mika)
    for name in ("disagreement", "asking"):
        page = client.get(f"/studies/{study.slug}/{name}").content.decode()
        assert "no answers with labels yet" in page
        assert '<form class="after"' not in page


def test_nobody_is_in_the_result(planted: dict[str, Any]) -> None:
    assert "type_of" not in planted["types"]
