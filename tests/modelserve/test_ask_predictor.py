"""A web process asks; a worker answers, within the time or not at all."""

import time
from collections.abc import Iterator

import pytest
from celery.contrib.testing.worker import start_worker

from config.celery import app
from modelserve.errors import NoNetworkServed, PredictionImpossible, PredictorBusy
from modelserve.services import ask_predictor
from tests.modelserve.conftest import STUDY, TrainNow

# Celery's own call; a worker process only prints such a warning, but this one shares the process of the test.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker of the queue `predict`, in a thread of this process."""
    with start_worker(app, pool="solo", queues=["predict"], perform_ping_check=False, shutdown_timeout=30):
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
