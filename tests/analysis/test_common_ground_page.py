"""The page on common ground: what it draws at once, what it needs a snapshot for, where its numbers lead."""

import csv
import gzip
import html
import io
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.over_snapshots.agreement import AGREEMENT
from analysis.over_snapshots.emotion_map import EMOTION_MAP
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Stimulus, Study
from jobs.models import Job
from tests.analysis.answers import answered_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

TABLE = [
    ["awe", "awe", "awe", "fear"],
    ["awe", "fear", "fear", "sadness"],
    ["contentment", "awe", "contentment", "contentment"],
    ["sadness", "sadness", "fear", "contentment"],
    ["amusement", "amusement", "excitement", "amusement"],
    ["something_else", "sadness", "anger", "disgust"],
]
LIVE = {"shared", "ceiling", "agreement", "sides", "emotions", "label-alphas", "majority-labels"}
LIVE |= {"majorities-per-response"}
FROZEN = {"curve-majority", "curve-ceiling", "curve-entropy", "curve-chance", "by-source", "emotion-map"}


@pytest.fixture
def answered(mika: User) -> Study:
    study, stimuli = answered_study(mika, TABLE)
    Stimulus.objects.filter(pk__in=[stimulus.pk for stimulus in stimuli[:3]]).update(source_dataset="lakes")
    refresh_statistics()
    return study


def compute(study: Study) -> None:
    for analysis in (AGREEMENT, EMOTION_MAP):
        store_analysis(study=study, analysis=analysis, options={"seed": 1, "n_resamples": 40}, progress=no_progress)


def figures_of(page: str) -> set[str]:
    return set(re.findall(r'<figure class="figure[^"]*" id="([\w-]+)"', page))


def test_what_follows_the_answers_is_drawn_at_once(answered: Study, mika: User, sign_in: SignIn) -> None:
    page = sign_in(mika).get(f"/studies/{answered.slug}/common-ground").content.decode()
    assert figures_of(page) == LIVE
    assert "Compute them" in page
    assert "published for Affection" in page


def test_curves_sources_and_the_map_come_from_a_snapshot_and_name_it(
    answered: Study, mika: User, sign_in: SignIn
) -> None:
    compute(answered)
    client = sign_in(mika)
    page = client.get(f"/studies/{answered.slug}/common-ground").content.decode()
    assert figures_of(page) == LIVE | FROZEN
    assert "frozen as snapshot" in page
    assert "Seed 1." in page
    # every name in a figure, and every picture, leads on
    links = {html.unescape(link) for link in re.findall(r'href="(explorer\?[^"]+)"', page)}
    assert {"explorer?felt=awe&felt=fear", "explorer?majority=half_or_more", "explorer?source=lakes"} <= links
    for link in sorted(links):
        assert client.get(f"/studies/{answered.slug}/{link}").status_code == 200, link
    for name in LIVE | FROZEN:
        table = client.get(f"/studies/{answered.slug}/common-ground/{name}.csv")
        rows = list(csv.reader(io.StringIO(table.content.decode())))
        assert len(rows) > 1, name
        assert {len(row) for row in rows} == {len(rows[0])}, name


def test_the_address_chooses_the_rule_and_the_comparison(answered: Study, mika: User, sign_in: SignIn) -> None:
    compute(answered)
    client = sign_in(mika)
    address = f"/studies/{answered.slug}/common-ground"
    page = client.get(f"{address}?rule=strict_majority&by=krippendorff_alpha").content.decode()
    assert "By source: Krippendorff" in page
    assert "majority=strict_majority&amp;emotion=awe" in page
    assert "majority-labels.csv?rule=strict_majority&amp;by=krippendorff_alpha" in page
    assert client.get(f"{address}?rule=nonsense&by=nonsense").status_code == 200


def test_pressing_compute_starts_both_analyses_once(answered: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    for _ in range(2):
        assert client.post(f"/studies/{answered.slug}/common-ground").status_code == 302
    names = [job.arguments["name"] for job in Job.objects.filter(kind="snapshot_analysis")]
    assert sorted(names) == ["agreement", "emotion_map"]


def test_a_study_without_answers_or_without_labels_says_so(mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    empty = make_study(mika)
    assert "Nothing is shared yet" in client.get(f"/studies/{empty.slug}/common-ground").content.decode()
    assert client.get(f"/studies/{empty.slug}/common-ground/shared.csv").status_code == 404


def test_one_answer_is_no_agreement(mika: User, sign_in: SignIn) -> None:
    study, _ = answered_study(mika, [["awe"]])
    refresh_statistics()
    compute(study)
    page = sign_in(mika).get(f"/studies/{study.slug}/common-ground").content.decode()
    assert "Agreement needs two responses on one image" in page
    assert "emotion-map" in figures_of(page)


def test_the_page_is_sent_compressed_to_browsers(answered: Study, mika: User, sign_in: SignIn) -> None:
    response = sign_in(mika).get(f"/studies/{answered.slug}/common-ground", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "<h1>Common ground</h1>" in gzip.decompress(response.content).decode()
