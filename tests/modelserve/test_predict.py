"""Predictions of a whole study, and answers to single questions inside a worker."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

import jobs.services
from jobs.models import Job
from modelserve.errors import PredictionImpossible
from modelserve.models import Network, Prediction
from modelserve.predictor import PREDICTOR, Predictor
from modelserve.queries import predicted_distributions, predictions_of_stimulus
from modelserve.services import start_prediction
from modelserve.services.read_stored_image import read_stored_image
from snapshots.reader import Snapshot
from tests.modelserve.conftest import STUDY, TrainNow

pytestmark = pytest.mark.django_db


def image_names(snapshot: Snapshot, n: int) -> list[str]:
    sha256s = snapshot.stimuli()["image_sha256"].to_pylist()[:n]
    return [f"snapshots/{snapshot.id}/images/{sha256}.jpg" for sha256 in sha256s]


def predict_images(network: Network, names: list[str]) -> list[dict[str, float]]:
    return PREDICTOR.load(network.weights_location).predict_images([read_stored_image(name) for name in names])


def predict_texts(network: Network, texts: list[str]) -> list[dict[str, float]]:
    return PREDICTOR.load(network.weights_location).predict_texts(texts)


def test_every_stimulus_of_the_snapshot_gets_a_prediction_once(train_now: TrainNow, snapshot: Snapshot) -> None:
    network = train_now(epochs=6)
    job = Job.objects.get(kind="predict_study")
    jobs.services.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    assert job.result == {"network": network.pk, "predicted": 60, "stimuli": 60}
    keys, labels, counts = snapshot.label_counts("emotion")
    shares = predicted_distributions(STUDY, keys)
    assert len(shares) == 60
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-5) for row in shares.values())
    right = [max(shares[key], key=shares[key].__getitem__) == labels[counts[n].argmax()] for n, key in enumerate(keys)]
    assert sum(right) > 40  # colours are easy; chance is 20
    again = start_prediction(network=network, snapshot_id=snapshot.id, snapshot_location=f"snapshots/{snapshot.id}")
    assert again is not None
    jobs.services.run(again.pk)
    assert Prediction.objects.count() == 60


def test_the_page_of_a_stimulus_finds_the_served_network_only(train_now: TrainNow, snapshot: Snapshot) -> None:
    poor, good = train_now(epochs=1, learning_rate=1e-7), train_now(epochs=6)
    for job in Job.objects.filter(kind="predict_study"):
        jobs.services.run(job.pk)
    key = snapshot.stimuli()["stimulus_key"][0].as_py()
    assert {prediction.network for prediction in Prediction.objects.filter(stimulus_key=key)} == {poor, good}
    (found,) = predictions_of_stimulus(STUDY, key)
    assert (found["version"], found["task"], found["labels"]) == (2, "image_emotion", good.label_ids)


def test_a_question_is_answered_as_the_study_was(train_now: TrainNow, snapshot: Snapshot) -> None:
    network = train_now()
    names = image_names(snapshot, 3)
    (first, *_), one = predict_images(network, names), predict_images(network, names[:1])
    assert first == pytest.approx(one[0], abs=1e-6)
    assert list(first) == network.label_ids


def test_texts_are_answered(train_now: TrainNow) -> None:
    network = train_now("text_emotion", epochs=6)
    calm, furious = predict_texts(network, ["the calm green meadow feels peaceful", "It makes me FURIOUS, the red!"])
    assert max(calm, key=calm.__getitem__) == "contentment"
    assert max(furious, key=furious.__getitem__) == "anger"


def test_wrong_items_are_named(train_now: TrainNow, snapshot: Snapshot) -> None:
    network, reader = train_now(), train_now("text_emotion")
    broken = default_storage.save("images/broken.jpg", ContentFile(b"no picture"))
    with pytest.raises(PredictionImpossible, match="Image 2 of 2: This image cannot be read"):
        predict_images(network, [*image_names(snapshot, 1), broken])
    with pytest.raises(PredictionImpossible, match="There is no stored image 'images/none"):
        predict_images(network, ["images/none.jpg"])
    with pytest.raises(PredictionImpossible, match=r"There is no stored image '\.\./"):
        predict_images(network, ["../../etc/passwd"])
    with pytest.raises(PredictionImpossible, match="Text 1 of 1: The text is empty"):
        predict_texts(reader, [" "])
    with pytest.raises(PredictionImpossible, match="reads texts, not images"):
        predict_images(reader, image_names(snapshot, 1))


def test_a_network_is_loaded_once_and_the_least_asked_leaves(train_now: TrainNow) -> None:
    locations = [train_now(seed=seed).weights_location for seed in (1, 2)]
    predictor = Predictor(capacity=1)
    first = predictor.load(locations[0])
    assert predictor.load(locations[0]) is first
    predictor.load(locations[1])
    assert predictor.load(locations[0]) is not first
    assert PREDICTOR.load(locations[1]) is PREDICTOR.load(locations[1])
