"""What a network says beside the emotions: on its page, on the stimulus's, on What would people feel?, at the API."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analysis.network_heads import head_lines, number
from analysis.services.count_everything import count_and_replace
from analysis.services.train_on_study import train_on_study
from annotation.models import Stimulus, Study
from jobs.models import Job
from modelserve.models import Prediction
from tests.analysis.painted_study import COLOURS, painted_study, png, train_now, work_off
from tests.modelserve.serving.answering import answering

SignIn = Callable[[User], Client]
VALENCE = {"contentment": 6.0, "awe": 5.0, "anger": 2.0}


@pytest.fixture
def answers(transactional_db: None) -> Iterator[None]:
    with answering():
        yield


@pytest.fixture
def rated(mika: User) -> Study:
    """Pictures of two datasets whose published valence follows their colour."""
    study = painted_study(mika, n_stimuli=60)
    for place, stimulus in enumerate(Stimulus.objects.filter(study=study).order_by("rank")):
        emotion = list(COLOURS)[place % len(COLOURS)]
        stimulus.metadata = {"valence_mean": VALENCE[emotion] + place % 4 / 10, "valence_sd": 1.0, "valence_n": 50}
        stimulus.source_dataset = "lake" if place % 2 else "town"
        stimulus.save()
    return study


def test_everywhere_a_number_stands_beside_the_emotions(
    answers: None, rated: Study, mika: User, sign_in: SignIn
) -> None:
    network = train_now(rated, heads="valence", source_heads=True, epochs=8)
    work_off("predict_study")
    count_and_replace(rated)
    client = sign_in(mika)

    found = network.metrics["heads"]["valence"]
    page = client.get(f"/studies/{rated.slug}/networks/runs/{network.training_run_id}").content.decode()
    assert "Beside the emotions" in page
    assert "&#x27;valence_mean&#x27; in the stimuli&#x27;s metadata" in page
    assert number(found["concordance"]["value"]) in page
    assert "Reliability of people's means: 0.9" in page
    assert "By source" in page
    assert "lake" in page
    card = client.get(f"/studies/{rated.slug}/networks/{network.pk}/card.md").content.decode()
    assert "| valence | Lin's concordance |" in card
    assert head_lines(network.metrics)[0].startswith(
        "valence: 'valence_mean' in the stimuli's metadata, reliability 0.9"
    )

    assert all(1.99 < row.ratings["valence"] < 6.31 for row in Prediction.objects.all())
    stimulus = Stimulus.objects.filter(study=rated).order_by("rank").first()
    assert stimulus is not None
    kept = Prediction.objects.get(stimulus_key=stimulus.key).ratings["valence"]
    assert number(kept) in client.get(f"/studies/{rated.slug}/stimuli/{stimulus.key}").content.decode()

    upload = SimpleUploadedFile("holiday.png", png(COLOURS["anger"]))
    felt = client.post(f"/studies/{rated.slug}/feel", {"picture": upload})
    assert felt.status_code == 200
    assert felt.context["felt"].ratings[0][0] == "valence"
    assert "Beside the emotions the network expects" in felt.content.decode()

    address = f"/api/v1/studies/{rated.slug}/predictions"
    question = {"task": "image_emotion", "stimuli": [stimulus.key]}
    [row] = client.post(address, question, content_type="application/json").json()["predictions"]
    assert row["ratings"]["valence"] == pytest.approx(kept, abs=1e-4)  # by the head of its source, as it is kept
    for source in ("", "lake", "nowhere"):
        files = {"images": SimpleUploadedFile("a.png", png()), "source": source}
        [row] = client.post(address, files).json()["predictions"]
        assert list(row["ratings"]) == ["valence"]


def test_a_network_without_heads_says_no_number(answers: None, rated: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(rated)
    client = sign_in(mika)
    page = client.get(f"/studies/{rated.slug}/networks/runs/{network.training_run_id}").content.decode()
    assert "Beside the emotions" not in page
    files = {"images": SimpleUploadedFile("a.png", png())}
    [row] = client.post(f"/api/v1/studies/{rated.slug}/predictions", files).json()["predictions"]
    assert "ratings" not in row


@pytest.mark.django_db
def test_the_form_asks_for_numbers_and_for_how_explanations_are_read(rated: Study, mika: User, sign_in: SignIn) -> None:
    client, address = sign_in(mika), f"/studies/{rated.slug}/networks/train"
    form: dict[str, Any] = {"task": "image_emotion", "epochs": "3", "seed": "5", "pretrained": ""}
    client.post(address, form | {"heads": " valence, arousal ", "source_heads": "on"})
    options = Job.objects.get().arguments["options"]
    assert (options["heads"], options["source_heads"]) == ("valence, arousal", True)
    wrong = client.post(address, form | {"heads": "valence,valence"})
    assert wrong.status_code == 400
    assert "different names, separated by commas" in wrong.content.decode()
    client.post(address, form | {"task": "text_emotion", "reader": "transformer", "heads": "valence"})
    options = Job.objects.latest("pk").arguments["options"]
    assert options["encoder"] == "transformer"
    assert "heads" not in options
    client.post(address, form | {"task": "text_emotion", "pretrained": "distilroberta-base", "seed": "6"})
    assert Job.objects.latest("pk").arguments["options"]["encoder"] == "transformers:distilroberta-base"


@pytest.mark.django_db
def test_a_number_that_nobody_has_ends_the_training_with_a_sentence(rated: Study) -> None:
    train_on_study(study=rated, task="image_emotion", options={"heads": "dominance"})
    work_off("freeze_and_train", "train")
    job = Job.objects.get(kind="train")
    assert job.state == Job.FAILED
    assert "'dominance' is neither a step that gives numbers" in job.error
    assert "This snapshot has valence" in job.error
