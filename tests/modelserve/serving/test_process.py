"""Questions that come together are answered together; what is wrong with one is said to its asker alone."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections

from modelserve.errors import NetworkNotFound, PredictionImpossible, PredictorBusy
from modelserve.models import Network
from modelserve.services import ask_predictor, promote
from modelserve.services.ask_predictor import load_before_serving
from modelserve.serving import mailbox as mailboxes
from modelserve.serving.mailbox import Mailbox, NoAnswer, Question
from modelserve.serving.process import BROKEN
from tests.modelserve.conftest import STUDY, TrainNow
from tests.modelserve.serving.answering import answering

pytestmark = pytest.mark.django_db(transaction=True)
SKY = "the vast blue sky leaves me speechless"


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each gives or raises, all of them started together."""

    def done(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def test_questions_that_come_together_are_answered_in_few_batches(train_now: TrainNow) -> None:
    network = train_now("text_emotion")
    box = Mailbox()
    with answering() as process:
        one = box.ask(Question(network.weights_location, "text_emotion", [SKY]), 30)
        process.counts.batches = process.counts.questions = 0
        asked = [Question(network.weights_location, "text_emotion", [SKY]) for _ in range(60)]
        answers = at_once([lambda question=question: box.ask(question, 30) for question in asked])
    assert process.counts.questions == 60
    assert process.counts.batches < 40
    for answer in answers:
        assert answer.answers[0] == pytest.approx(one.answers[0], abs=1e-5)


def test_one_wrong_item_spoils_one_question_only(train_now: TrainNow) -> None:
    network = train_now("text_emotion")
    box = Mailbox()
    items = [[SKY], ["fine", "  "], [SKY, SKY], [{"image": 7}], [SKY]]
    with answering():
        answers = at_once(
            [lambda some=some: box.ask(Question(network.weights_location, "text_emotion", some), 30) for some in items]
        )
    assert [len(answer.answers) for answer in answers] == [1, 0, 2, 1, 1]
    assert answers[1].error == "Item 2 of 2: The text is empty. Nothing was predicted."


def test_a_network_that_cannot_be_read_is_said_and_others_answer(train_now: TrainNow) -> None:
    network = train_now("text_emotion")
    default_storage.save("networks/torn/network.json", ContentFile(b"{"))
    box = Mailbox()
    with answering():
        assert "Roll back" in box.ask(Question("networks/torn", "text_emotion", [SKY]), 30).error
        assert "networks/gone" in box.ask(Question("networks/gone", "text_emotion", [SKY]), 30).error
        wrong_task = box.ask(Question(network.weights_location, "image_emotion", ["x"]), 30)
        assert wrong_task.error == "This network does not answer questions of 'image_emotion'."
        assert box.ask(Question(network.weights_location, "text_emotion", [SKY]), 30).error == ""


def test_a_fault_of_ours_is_kept_to_its_question(train_now: TrainNow, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelserve.predictor import ServedNetwork

    network = train_now("text_emotion")
    whole = ServedNetwork.answers

    def fails(self: ServedNetwork, prepared: Any, sources: Any = None) -> Any:
        if any((row > 0).sum() < 6 for row in prepared):  # the text of two words
            raise RuntimeError("boom")
        return whole(self, prepared, sources)

    monkeypatch.setattr(ServedNetwork, "answers", fails)
    box = Mailbox()
    asked = [Question(network.weights_location, "text_emotion", [text]) for text in (SKY, "zzz zzz", SKY)]
    with answering():
        answers = at_once([lambda question=question: box.ask(question, 30) for question in asked])
    assert [answer.error for answer in answers] == ["", BROKEN, ""]


def test_too_many_questions_are_refused_at_once(train_now: TrainNow, monkeypatch: pytest.MonkeyPatch) -> None:
    network = train_now("text_emotion")
    monkeypatch.setattr(mailboxes, "MOST_WAITING", 2)
    box = Mailbox()
    box.forget()
    for _ in range(2):
        with pytest.raises(NoAnswer):
            box.ask(Question(network.weights_location, "text_emotion", [SKY]), 0.05)
    started = time.monotonic()
    with pytest.raises(PredictorBusy, match="Too many questions wait"):
        ask_predictor(STUDY, "text_emotion", [SKY], 30)
    assert time.monotonic() - started < 5
    # Those who asked are gone: nobody computes for them.
    assert box.take(10, 0.1) == []


def test_more_networks_than_are_kept_answer_when_all_are_asked_at_once(
    train_now: TrainNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart: each is read once, and none pushes another out before it has answered."""
    from modelserve import predictor

    places = [train_now("text_emotion", seed=seed).weights_location for seed in (1, 2, 3)]
    read, load = [], predictor.load_network

    def slow(folder: Path) -> Any:
        read.append(folder.name)
        threading.Event().wait(0.1)  # a large one, from a storage far away
        return load(folder)

    monkeypatch.setattr(predictor, "load_network", slow)
    box = Mailbox()
    asked = [Question(place, "text_emotion", [SKY]) for place in places]
    with answering(capacity=1) as process:
        box.put_all(asked, 20)
        answers = [box.answer_to(question, 20) for question in asked]
        assert [answer.error for answer in answers] == ["", "", ""]
        assert len(read) == len(set(read)) == 3
        assert box.ask(Question(places[0], "text_emotion", [SKY]), 20).answers == answers[0].answers
    assert len(process._ready) == 1


def test_nobody_computes_for_those_who_left_while_a_network_was_loaded(
    train_now: TrainNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelserve.predictor import Predictor, ServedNetwork

    place = train_now("text_emotion").weights_location
    is_read, load = threading.Event(), Predictor.load

    def slow(self: Predictor, location: str) -> ServedNetwork:
        assert is_read.wait(30)
        return load(self, location)

    monkeypatch.setattr(Predictor, "load", slow)
    box = Mailbox()
    with answering() as process:
        with pytest.raises(NoAnswer):
            box.ask(Question(place, "text_emotion", [SKY]), 0.3)
        is_read.set()
        assert box.ask(Question(place, "text_emotion", [SKY]), 30).error == ""
    assert process.counts.questions == 1


def test_whoever_lets_a_network_be_loaded_waits_longer_than_a_connection_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailboxes, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(mailboxes, "WAIT_AT_ONCE_SECONDS", 0.2)
    box = Mailbox()

    def loads(location: str, when_done: Callable[[], None]) -> None:
        threading.Timer(0.8, when_done).start()

    listener = Mailbox().listen_for_loads(loads)
    try:
        assert box.ask_to_load("networks/large", 20) is True
    finally:
        listener.stop()
        listener.join(timeout=30)


def test_no_request_fails_while_versions_change(train_now: TrainNow) -> None:
    networks = [train_now("text_emotion", seed=seed) for seed in (1, 2)]
    stop = threading.Event()

    def asks() -> list[int]:
        versions = []
        while not stop.is_set():
            network, answers = ask_predictor(STUDY, "text_emotion", [SKY], 30)
            assert sum(answers[0].values()) == pytest.approx(1, abs=1e-4)
            versions.append(network.version)
        return versions

    def swaps() -> list[bool]:
        try:
            loaded = []
            for turn in range(6):
                network = networks[turn % 2]
                loaded.append(load_before_serving(network, 30))
                promote(study_key=STUDY, network_id=network.pk)
            return loaded
        finally:
            stop.set()

    with answering():
        *asked, loaded = at_once([asks, asks, asks, swaps])
    assert loaded == [True] * 6
    assert not [result for result in asked if isinstance(result, Exception)], asked
    assert {version for versions in asked for version in versions} == {1, 2}


def test_loading_beforehand_waits_for_nobody_where_no_process_runs(train_now: TrainNow) -> None:
    started = time.monotonic()
    assert load_before_serving(train_now("text_emotion"), 20) is False
    assert time.monotonic() - started < 15


def test_another_version_can_be_asked_and_an_unknown_one_is_named(train_now: TrainNow) -> None:
    first, second = (train_now("text_emotion", seed=seed) for seed in (1, 2))
    other = first if second.is_promoted or Network.objects.get(pk=second.pk).is_promoted else second
    with answering():
        network, _ = ask_predictor(STUDY, "text_emotion", [SKY], 30, version=other.version)
        assert network == other
    with pytest.raises(NetworkNotFound, match=r"This study has no version 7 of text_emotion\. Served is version"):
        ask_predictor(STUDY, "text_emotion", [SKY], version=7)
    with pytest.raises(PredictionImpossible, match="0 items were sent"):
        ask_predictor(STUDY, "text_emotion", [])


def test_what_is_no_question_of_ours_is_still_json() -> None:
    question = Question("networks/x", "mask", [{"image": "a", "emotion": "awe"}], {"beam": 3})
    box = Mailbox()
    box.forget()
    with pytest.raises(NoAnswer):
        box.ask(question, 0.01)
    assert json.loads(json.dumps(question.options)) == {"beam": 3}
