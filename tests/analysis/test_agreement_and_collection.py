"""The two analyses that a report rests on: what they count is what the tables hold, on plain and on odd studies."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from analysis.queries import study_statistics
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, SnapshotRecord
from annotation.services.withdraw import withdraw_response
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "fear"], ["awe", "anger"]]


def analysed(*words: str) -> Any:
    out = io.StringIO()
    call_command("snapshot_analysis", *words, stdout=out)
    return json.loads(out.getvalue())


def test_agreement_is_what_the_live_figures_say(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    refresh_statistics(wait=True)
    live = study_statistics(study.pk)
    assert live is not None

    found = analysed(study.slug, "agreement")["result"]

    assert found["n_responses"] == 8
    for name, estimate in live.estimates.items():
        assert found["estimates"][name]["value"] == pytest.approx(estimate["value"]), name
    assert found["label_totals"]["awe"] == 3
    assert found["most_shared"][0]["counts"] == {"fear": 3}
    assert found["least_shared"][0]["counts"] == {"awe": 1, "anger": 1}
    assert found["by_source"] == {}


def test_collection_counts_what_came_in_and_what_was_taken_back(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    response = Response.objects.filter(stimulus=stimuli[0]).first()
    assert response is not None
    withdraw_response(response=response)

    found = analysed(study.slug, "collection")["result"]

    assert found["n_responses"] == 7
    assert found["n_withdrawn"] == 1
    assert found["n_annotators"] == 3
    assert found["responses_per_stimulus"] == [2, 2, 2, 2.5, 3]
    assert found["sources"] == [{"name": "made for a test", "n_stimuli": 3, "n_responses": 7}]
    assert found["first_day"] == found["last_day"]


@pytest.mark.parametrize("name", ["collection", "agreement"])
def test_a_study_without_answers_is_described(name: str, mika: User) -> None:
    study = make_study(mika)
    found = analysed(study.slug, name)["result"]
    assert found["n_responses"] == 0


def test_simulated_people_are_counted_apart(mika: User) -> None:
    study = make_study(mika, n_stimuli=1)
    people = people_of_study(study, 1) + people_of_study(study, 1, is_simulated=True)
    stimulus = study.stimuli.get()
    answer_stimulus(stimulus, people[:1], ["awe"])
    answer_stimulus(stimulus, people[1:], ["awe"], is_simulated=True)
    found = analysed(study.slug, "collection")["result"]
    assert (found["n_responses"], found["n_simulated"], found["n_annotators_simulated"]) == (2, 1, 1)


def test_an_earlier_snapshot_and_one_place_in_it(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    analysed(study.slug, "collection")
    record = SnapshotRecord.objects.get(study=study)
    answer_stimulus(stimuli[2], people_of_study(study, 1), ["awe"])

    assert analysed(study.slug, "collection", "--snapshot", record.snapshot_id[:12], "--at", "/result/n_responses") == 8
    assert analysed(study.slug, "collection", "--at", "/result/n_responses") == 9
    with pytest.raises(CommandError, match="nothing at /result/nothing; at /result stands: n_stimuli"):
        analysed(study.slug, "collection", "--at", "/result/nothing")
    with pytest.raises(CommandError, match=r"No snapshot of .+ begin with '00'"):
        analysed(study.slug, "collection", "--snapshot", "00")
