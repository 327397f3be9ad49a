"""A training measures what a speaker writes; it stands on its page and in its card, and can be measured anew."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.network_captions import caption_page, signed
from annotation.models import Study
from jobs.models import Job
from modelserve.errors import BadTrainingOption
from modelserve.models import Network
from modelserve.options import parse_options
from tests.analysis.painted_study import painted_study, train_now, work_off

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
SMALL: dict[str, Any] = {
    "side": 32,
    "hidden": 24,
    "embedding": 12,
    "attention": 8,
    "epochs": 1,
    "min_count": 1,
    "caption_images": 4,
    "device": "cpu",
}


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika, n_stimuli=60)


def place_of(network: Network) -> str:
    return f"/studies/{network.study_key}/networks/{network.pk}"


def test_the_training_measures_the_texts_and_page_card_csv_and_api_say_so(
    painted: Study, mika: User, sign_in: SignIn
) -> None:
    network = train_now(painted, "speaker", **SMALL)
    captions = network.metrics["captions"]
    assert captions["n_images"] == 4
    assert captions["snapshot_id"] == network.snapshot_id
    client = sign_in(mika)
    text = client.get(f"/studies/{painted.slug}/networks/runs/{network.training_run_id}").content.decode()
    for said in ("What it writes, measured", "BLEU-4", "Nearest neighbour", "Unique-Productions", "Not measured"):
        assert said in text
    assert "The study has no listener" in text
    # where it looked for each word of what it wrote, over the picture and in words
    assert "Where it looked, word by word" in text
    assert "looked mostly at" in text
    assert 'fill-opacity="' in text
    card = client.get(f"{place_of(network)}/card.md").content.decode()
    assert "## What it writes, about 4 of" in card
    assert "| BLEU-4 |" in card
    table = list(csv.DictReader(io.StringIO(client.get(f"{place_of(network)}/captions.csv").content.decode())))
    people = next(row for row in table if (row["metric"], row["column"]) == ("Unique-Productions", "people"))
    cells = next(row["cells"] for row in captions["rows"] if row["metric"] == "Unique-Productions")
    assert float(people["value"]) == cells["people"]["value"]
    answer = client.get(f"/api/v1{place_of(network)}/captions").json()
    assert answer == {"version": 1, "captions": captions}


def test_it_is_measured_anew_with_the_networks_that_are_there_now(painted: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(painted, "speaker", **SMALL | {"caption_images": 0})
    assert "captions" not in network.metrics
    train_now(painted, "text_emotion")
    response = sign_in(mika).post(f"{place_of(network)}/captions", follow=True)
    assert "Its texts are being measured" in response.content.decode()
    assert "Measure its texts" in response.content.decode()
    work_off("measure_captions")
    assert Job.objects.get(kind="measure_captions").state == Job.DONE
    network.refresh_from_db()
    assert network.metrics["captions"]["versions"] == {"reader": 1}
    assert network.metrics["emotion_alignment"].keys() == {"value", "low", "high", "n"}


def test_a_promotion_may_be_decided_by_the_texts(painted: Study) -> None:
    first = train_now(painted, "speaker", **SMALL)
    second = train_now(painted, "speaker", **SMALL, promote_by="rouge_l", seed=8)
    assert second.comparison["metric"] == "rouge_l"
    assert second.comparison["served_version"] == first.version
    assert {"value", "low", "high", "n"} <= second.comparison["new"]["rouge_l"].keys()
    assert "rouge l" in second.training_run.outcome


def test_texts_that_are_not_measured_decide_nothing() -> None:
    with pytest.raises(BadTrainingOption, match="caption_images is 0"):
        parse_options("speaker", {"promote_by": "cider", "caption_images": 0})


def test_measuring_what_is_no_speaker_is_not_found(painted: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(painted)
    client = sign_in(mika)
    assert client.post(f"{place_of(network)}/captions").status_code == 404
    assert client.get(f"{place_of(network)}/captions.csv").status_code == 404
    assert client.get(f"/api/v1{place_of(network)}/captions").status_code == 404
    assert not Job.objects.filter(kind="measure_captions").exists()


def cell(value: float | None) -> dict[str, Any]:
    return {"value": value, "low": value, "high": value, "n": 9}


def test_the_best_way_of_speaking_is_the_one_in_the_wanted_direction() -> None:
    columns = [{"name": name, "title": name, "kind": "variant"} for name in ("a", "b")]
    rows = [
        {"metric": metric, "better": better, "note": "", "cells": {"a": cell(0.4), "b": cell(0.6), "people": cell(0.5)}}
        for metric, better in (("BLEU-1", "more"), ("Max-LCS", "less"), ("Similes", "like people"))
    ]
    rows[2]["cells"]["b"] = cell(0.52)  # type: ignore[index]
    found = {"n_images": 1, "n_test": 1, "rows": rows, "differences": [], "remarks": []}
    table = caption_page(
        {"captions": found | {"columns": [*columns, {"name": "people", "title": "p", "kind": "people"}]}}
    )
    assert table is not None
    assert [[one.is_best for one in row.cells] for row in table.rows] == [
        [False, True, False],
        [True, False, False],
        [False, True, False],
    ]
    assert caption_page({}) is None


def test_differences_carry_their_sign() -> None:
    assert (signed("BLEU-1", 0.012), signed("CIDEr", -0.5)) == ("+1.2", "−0.50")
