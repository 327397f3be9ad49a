"""A web process asks; a worker answers, within the time or not at all."""

import time
from collections.abc import Iterator

import pytest

from modelserve.errors import NoNetworkServed, PredictionImpossible, PredictorBusy
from modelserve.services import ask_predictor
from tests.modelserve.conftest import STUDY, TrainNow
from tests.modelserve.serving.answering import answering


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """The process that answers for networks, in a thread of this one."""
    with answering():
        yield


def test_the_worker_answers(worker: None, train_now: TrainNow) -> None:
    trained = train_now("text_emotion", epochs=6)
    network, answers = ask_predictor(STUDY, "text_emotion", ["the vast blue sky leaves me speechless"], 30)
    assert network == trained
    assert max(answers[0], key=answers[0].__getitem__) == "awe"
    with pytest.raises(PredictionImpossible, match="Nothing was predicted"):
        ask_predictor(STUDY, "text_emotion", ["fine", "  "], 30)


def test_a_wrong_item_comes_back_as_a_sentence(worker: None, train_now: TrainNow) -> None:
    train_now()
    with pytest.raises(PredictionImpossible, match="There is no stored image"):
        ask_predictor(STUDY, "image_emotion", ["images/none.jpg"], 30)


@pytest.mark.django_db
def test_without_a_worker_it_gives_up_in_time(train_now: TrainNow) -> None:
    train_now("text_emotion", epochs=1)
    started = time.monotonic()
    with pytest.raises(PredictorBusy, match=r"did not answer within 0\.3 seconds"):
        ask_predictor(STUDY, "text_emotion", ["hello"], 0.3)
    assert time.monotonic() - started < 3


@pytest.mark.django_db
def test_without_a_network_it_says_so() -> None:
    with pytest.raises(NoNetworkServed, match="No network that reads images is served for this study"):
        ask_predictor(STUDY, "image_emotion", ["images/x.jpg"])


@pytest.mark.django_db
def test_too_many_items_are_refused() -> None:
    with pytest.raises(PredictionImpossible, match="257 items were sent; ask for 1 to 256"):
        ask_predictor(STUDY, "text_emotion", ["x"] * 257)
