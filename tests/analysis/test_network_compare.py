"""Trainings side by side: what was set, how they learned, how good they are on the same stimuli, what data they had."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Membership, Stimulus, Study
from jobs.models import Job
from modelserve.models import Network, NetworkComparison, TrainingRun
from tests.analysis.answers import answer_stimulus, people_of_study
from tests.analysis.painted_study import painted_study, train_now, work_off
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika)


def query(*networks: Network) -> str:
    return "&".join(f"run={network.training_run_id}" for network in networks)


def place(study: Study, *networks: Network, name: str = "compare") -> str:
    return f"/studies/{study.slug}/networks/{name}?{query(*networks)}"


def measure(client: Client, study: Study, *networks: Network) -> Any:
    runs = [network.training_run_id for network in networks]
    response = client.post(f"/studies/{study.slug}/networks/compare", {"run": runs}, follow=True)
    work_off("compare_networks")
    return response


# It works


def test_two_versions_stand_side_by_side(painted: Study, mika: User, sign_in: SignIn) -> None:
    one, two = train_now(painted), train_now(painted, epochs=3, seed=9)
    client = sign_in(mika)
    text = client.get(place(painted, one, two)).content.decode()
    assert "Image to emotions: version 1, version 2" in text
    settings = text.split('id="settings"')[1].split('id="data"')[0]
    assert "<code>epochs</code>" in settings
    assert "<code>learning_rate</code>" not in settings
    assert "the very same data" in text
    assert "Held-out loss by epoch" in text
    assert "Measure on the same stimuli" in text


def test_on_the_same_stimuli_each_difference_has_its_interval(painted: Study, mika: User, sign_in: SignIn) -> None:
    one, two = train_now(painted), train_now(painted, epochs=6, seed=9)
    client = sign_in(mika)
    measure(client, painted, two, one)
    row = NetworkComparison.objects.get()
    assert row.networks == [one.pk, two.pk]
    found = {metric["metric"]: metric for metric in row.result["metrics"]}
    for name in ("kl_divergence", "majority_accuracy", "polarity_accuracy", "calibration_error"):
        values, difference = found[name]["values"], found[name]["differences"][str(two.pk)]
        # what the training itself measured
        assert values[str(one.pk)]["value"] == pytest.approx(one.metrics[name]["value"])
        assert difference["value"] == pytest.approx(values[str(two.pk)]["value"] - values[str(one.pk)]["value"])
        assert difference["low"] <= difference["value"] <= difference["high"]
    text = client.get(place(painted, one, two)).content.decode()
    assert f"All on the same {row.result['n_stimuli']} test stimuli" in text
    assert 'class="difference' in text
    lines = list(csv.DictReader(io.StringIO(client.get(place(painted, one, two, name="compare.csv")).content.decode())))
    mine = next(line for line in lines if (line["metric"], line["version"]) == ("kl_divergence", "2"))
    assert float(mine["difference"]) == found["kl_divergence"]["differences"][str(two.pk)]["value"]
    curves = client.get(place(painted, one, two, name="curves.csv")).content.decode().splitlines()
    assert len(curves) == 1 + 2 + 6
    answer = client.get(f"/api/v1/studies/{painted.slug}/network-comparisons?{query(one, two)}").json()
    assert answer["same_stimuli"] == row.result
    assert answer["settings"]["epochs"] == [2, 6]


def test_what_changed_in_the_data_is_said_answer_by_answer(painted: Study, mika: User, sign_in: SignIn) -> None:
    one = train_now(painted)
    stimuli = Stimulus.objects.filter(study=painted).order_by("rank")[:5]
    for stimulus in stimuli:
        answer_stimulus(stimulus, people_of_study(painted, 1), ["anger"])
    two = train_now(painted)
    client = sign_in(mika)
    text = client.get(place(painted, one, two)).content.decode()
    assert "these are not the same, so do not hold one figure against another" in text
    measure(client, painted, one, two)
    facts = NetworkComparison.objects.get().result["data"][1]
    assert (facts["n_added"], facts["n_removed"], facts["n_changed"]) == (5, 0, 0)
    assert "5 answers more" in client.get(place(painted, one, two)).content.decode()


def test_a_second_measuring_replaces_the_first(painted: Study, mika: User, sign_in: SignIn) -> None:
    one, two = train_now(painted), train_now(painted, seed=9)
    client = sign_in(mika)
    measure(client, painted, one, two)
    measure(client, painted, one, two)
    assert NetworkComparison.objects.count() == 1


def test_a_run_without_a_version_shows_its_settings_and_curve(painted: Study, mika: User, sign_in: SignIn) -> None:
    one = train_now(painted)
    run = TrainingRun.objects.create(
        study_key=painted.slug,
        task="image_emotion",
        snapshot_id="f" * 64,
        options={**one.options, "epochs": 77},
        seed=4,
        code_version="test",
        job=Job.objects.create(kind="train", study_key=painted.slug, state=Job.FAILED),
    )
    text = sign_in(mika).get(f"{place(painted, one)}&run={run.pk}").content.decode()
    assert f"run {run.pk}" in text
    assert "77" in text
    assert "Measure on the same stimuli</button>" not in text


# Who may, and bad input


def test_a_researcher_may_measure_and_a_stranger_sees_nothing(painted: Study, sign_in: SignIn) -> None:
    user = make_user("rosalind")
    Membership.objects.create(study=painted, user=user, role=Membership.RESEARCHER)
    one, two = train_now(painted), train_now(painted, seed=9)
    measure(sign_in(user), painted, one, two)
    assert NetworkComparison.objects.exists()
    assert sign_in(make_user("stanislav")).get(place(painted, one, two)).status_code == 404


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("run=abc&run=1", "&#x27;abc&#x27; is no number of a run"),
        ("run=999999999&run=1", "This study has no run"),
        ("run=" + "9" * 40 + "&run=1", "is no number of a run"),
    ],
)
def test_what_cannot_be_compared_is_named(
    painted: Study, mika: User, sign_in: SignIn, given: str, sentence: str
) -> None:
    client = sign_in(mika)
    response = client.get(f"/studies/{painted.slug}/networks/compare?{given}")
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert client.get(f"/studies/{painted.slug}/networks/compare.csv?{given}").status_code == 404
    assert client.get(f"/api/v1/studies/{painted.slug}/network-comparisons?{given}").status_code == 400


def test_networks_of_different_kinds_are_not_compared(painted: Study, mika: User, sign_in: SignIn) -> None:
    one, two = train_now(painted), train_now(painted, "text_emotion")
    client = sign_in(mika)
    assert "These runs teach different things" in client.get(place(painted, one, two)).content.decode()
    address = f"/api/v1/studies/{painted.slug}/network-comparisons"
    refused = client.post(address, {"networks": [one.pk, two.pk]}, content_type="application/json")
    assert refused.status_code == 400
    assert not Job.objects.filter(kind="compare_networks").exists()


def test_one_run_alone_asks_for_another(painted: Study, mika: User, sign_in: SignIn) -> None:
    response = sign_in(mika).get(place(painted, train_now(painted)))
    assert response.status_code == 200
    assert "Choose at least one more run" in response.content.decode()
