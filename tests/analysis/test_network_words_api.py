"""Explanations and listener scores over the API: marked as machine-written, refused with a sentence."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Stimulus, Study
from tests.analysis.painted_study import QUICK, painted_study, png, train_now
from tests.modelserve.serving.answering import answering

SignIn = Callable[[User], Client]
TINY = {"side": 32, "epochs": 1, "device": "cpu", "min_count": 1}


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    with answering():
        yield


@pytest.fixture
def spoken(mika: User, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study with a speaker and a listener that learned for a moment."""
    monkeypatch.setitem(QUICK, "speaker", TINY | {"hidden": 32, "embedding": 16, "attention": 16})
    monkeypatch.setitem(QUICK, "listener", TINY | {"width": 16})
    return painted_study(mika, n_stimuli=30)


def post(client: Client, study: Study, place: str, body: Any) -> Any:
    return client.post(f"/api/v1/studies/{study.slug}/{place}", body, content_type="application/json")


def test_a_speaker_writes_and_says_that_it_is_a_machine(
    worker: None, spoken: Study, mika: User, sign_in: SignIn
) -> None:
    client = sign_in(mika)
    keys = list(Stimulus.objects.filter(study=spoken).order_by("rank").values_list("key", flat=True)[:2])
    assert post(client, spoken, "explanations", {"stimuli": keys}).status_code == 409  # no speaker yet
    network = train_now(spoken, "speaker")
    body = {"stimuli": keys, "variant": "grounded", "emotion": "awe", "samples": 2}
    answer = post(client, spoken, "explanations", body)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["network"], found["is_machine_written"]) == (network.pk, True)
    assert [row["stimulus"] for row in found["images"]] == keys
    for row in found["images"]:
        assert 1 <= len(row["explanations"]) <= 2
        assert all(text["is_machine_written"] and text["emotion"] == "awe" for text in row["explanations"])
    upload = {"images": SimpleUploadedFile("a.png", png())}
    assert client.post(f"/api/v1/studies/{spoken.slug}/explanations", upload).status_code == 200
    for wrong, sentence in (
        (body | {"emotion": "envy"}, "envy"),
        (body | {"variant": "loud"}, "loud"),
        (body | {"samples": 0}, "samples"),
        (body | {"stimuli": "all"}, "keys of images"),
        (body | {"stimuli": ["gone"]}, "is no stimulus of this study"),
        (body | {"version": 7}, "no version 7 of speaker"),
        ([], "JSON object"),
    ):
        answer = post(client, spoken, "explanations", wrong)
        assert answer.status_code in (400, 404), answer.content
        assert sentence in answer.content.decode()
    assert post(client, spoken, "explanations", {"stimuli": keys}).status_code == 200  # and it goes on


def test_a_listener_scores_pairs(worker: None, spoken: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    key = Stimulus.objects.filter(study=spoken).first().key  # type: ignore[union-attr]
    train_now(spoken, "listener")
    answer = post(client, spoken, "listener-scores", {"pairs": [{"stimulus": key, "text": "it looks like awe to me"}]})
    assert answer.status_code == 200, answer.content
    [score] = answer.json()["scores"]
    assert -1 <= score["cosine"] <= 1
    assert 0 <= score["found"] <= 1
    for wrong in ({"pairs": []}, {"pairs": [{"stimulus": key}]}, {"pairs": [{"stimulus": "x", "text": "a"}]}, {}):
        assert post(client, spoken, "listener-scores", wrong).status_code == 400
