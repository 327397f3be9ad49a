"""Trainings, networks and predictions over the API; a worker answers, and the web process never loads torch."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.authtoken.models import Token

from annotation.models import Membership, Stimulus, Study
from jobs.models import Job
from modelserve.models import Network, TrainingRun
from modelserve.queries import promoted_network
from tests.analysis.painted_study import QUICK, painted_study, png, train_now
from tests.conftest import ROOT, make_stimuli, make_user
from tests.modelserve.serving.answering import answering

SignIn = Callable[[User], Client]
QUESTION = {"task": "text_emotion", "texts": ["it looks like awe to me"]}


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """The process that answers for networks, in a thread of this one."""
    with answering():
        yield


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika, n_stimuli=30)


def call(client: Client, method: str, study: Study, place: str, data: Any = None) -> Any:
    send = getattr(client, method)
    return send(f"/api/v1/studies/{study.slug}/{place}", data, content_type="application/json")


# It works


def test_images_of_the_study_are_predicted_in_their_order(
    worker: None, painted: Study, mika: User, sign_in: SignIn
) -> None:
    network = train_now(painted, epochs=8)
    keys = list(Stimulus.objects.filter(study=painted).order_by("rank").values_list("key", flat=True)[:3])
    answer = call(sign_in(mika), "post", painted, "predictions", {"task": "image_emotion", "stimuli": keys})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["network"], body["version"], body["snapshot_id"]) == (network.pk, 1, network.snapshot_id)
    assert body["n_simulated"] == 0
    assert [row["stimulus"] for row in body["predictions"]] == keys
    likeliest = [max(row["distribution"], key=row["distribution"].__getitem__) for row in body["predictions"]]
    assert likeliest == ["contentment", "awe", "anger"]
    for row in body["predictions"]:
        assert list(row["distribution"]) == body["labels"]
        assert sum(row["distribution"].values()) == pytest.approx(1, abs=1e-5)


def test_texts_and_uploads_are_predicted_with_a_token(worker: None, painted: Study, mika: User) -> None:
    train_now(painted, "text_emotion", epochs=8)
    train_now(painted, "image_emotion")
    client = Client(headers={"Authorization": f"Token {Token.objects.create(user=mika).key}"})
    answer = call(client, "post", painted, "predictions", {"task": "text_emotion", "texts": ["awe"] * 256})
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["predictions"]) == 256
    files = [SimpleUploadedFile(f"{number}.png", png()) for number in range(2)]
    answer = client.post(f"/api/v1/studies/{painted.slug}/predictions", {"images": files})
    assert answer.status_code == 200, answer.content
    first, second = answer.json()["predictions"]
    assert (first["image"], second["image"]) == ("0.png", "1.png")
    assert first["distribution"] == second["distribution"]
    assert default_storage.listdir("predictions")[1] == []  # nothing of the upload is kept


@pytest.mark.django_db
def test_a_training_is_started_and_read(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    answer = call(client, "post", painted, "training-runs", {"task": "text_emotion", "options": QUICK["text_emotion"]})
    assert answer.status_code == 202
    job = Job.objects.get(pk=answer.json()["id"])
    assert (job.kind, job.created_by) == ("freeze_and_train", mika)
    network = train_now(painted, "text_emotion")  # finds the same one
    [training] = call(client, "get", painted, "training-runs").json()["training_runs"]
    assert training["training_run"] == network.training_run_id
    run = call(client, "get", painted, f"training-runs/{network.training_run_id}").json()
    assert run["job"]["state"] == "done"
    assert len(run["curve"]) == 2
    assert run["network"]["network"] == network.pk
    [listed] = call(client, "get", painted, "networks").json()["networks"]
    assert listed["is_served"] is True
    assert listed["metrics"]["kl_divergence"]["n"] == network.metrics["kl_divergence"]["n"]


@pytest.mark.django_db
def test_promote_and_take_back(painted: Study, mika: User, sign_in: SignIn) -> None:
    first = train_now(painted, "text_emotion")
    second = train_now(painted, "text_emotion", epochs=1, learning_rate=1e-7)
    client = sign_in(mika)
    for _ in range(2):
        answer = call(client, "post", painted, f"networks/{second.pk}/promotion")
        assert (answer.status_code, answer.json()["is_served"]) == (200, True)
    answer = call(client, "delete", painted, f"networks/{second.pk}/promotion")
    assert (answer.status_code, answer.json()["network"]) == (200, first.pk)
    answer = call(client, "delete", painted, f"networks/{second.pk}/promotion")
    assert (answer.status_code, answer.json()["type"]) == (409, "not_served")
    answer = call(client, "delete", painted, f"networks/{first.pk}/promotion")
    assert (answer.status_code, answer.json()["type"]) == (409, "nothing_to_roll_back")
    assert promoted_network(painted.slug, "text_emotion") == first


# Who else may, who may not


@pytest.mark.django_db
def test_a_researcher_asks_but_does_not_train(painted: Study, sign_in: SignIn) -> None:
    rosalind, annika, stan = make_user("rosalind"), make_user("annika"), make_user("stanislaw")
    Membership.objects.create(study=painted, user=rosalind, role=Membership.RESEARCHER)
    Membership.objects.create(study=painted, user=annika, role=Membership.ANNOTATOR)
    network = train_now(painted, "text_emotion")
    places = [
        ("get", "training-runs", None, (200, 403, 404, 403)),
        ("get", f"training-runs/{network.training_run_id}", None, (200, 403, 404, 403)),
        ("get", "networks", None, (200, 403, 404, 403)),
        ("post", "training-runs", {"task": "text_emotion"}, (403, 403, 404, 403)),
        ("post", f"networks/{network.pk}/promotion", None, (403, 403, 404, 403)),
        ("delete", f"networks/{network.pk}/promotion", None, (403, 403, 404, 403)),
        ("post", "predictions", {"task": "text_emotion", "texts": []}, (400, 403, 404, 403)),
    ]
    clients = [sign_in(rosalind), sign_in(annika), sign_in(stan), Client()]
    for method, place, data, codes in places:
        assert tuple(call(client, method, painted, place, data).status_code for client in clients) == codes, place


@pytest.mark.django_db
def test_networks_of_another_study_do_not_exist_here(painted: Study, mika: User, sign_in: SignIn) -> None:
    other = painted_study(make_user("oskar"), n_stimuli=20)
    network = train_now(other, "text_emotion")
    client = sign_in(mika)
    assert call(client, "get", painted, f"training-runs/{network.training_run_id}").status_code == 404
    assert call(client, "post", painted, f"networks/{network.pk}/promotion").status_code == 404
    assert call(client, "delete", painted, f"networks/{network.pk}/promotion").status_code == 404
    assert call(client, "get", painted, "networks").json() == {"networks": []}


# Bad input


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "task: This field is required."),
        ({"task": "speech", "texts": ["x"]}, 'task: "speech" is not a valid choice.'),
        ({"task": "text_emotion"}, "text_emotion reads texts: send 1 to 256 of them as 'texts'"),
        ({"task": "text_emotion", "texts": []}, "send 1 to 256 of them as 'texts'"),
        ({"task": "text_emotion", "texts": "awe"}, "texts: Expected a list of items"),
        ({"task": "text_emotion", "texts": [["awe"]]}, "texts: Not a valid string."),
        ({"task": "text_emotion", "texts": ["awe", ""]}, "texts: This field may not be blank."),
        ({"task": "text_emotion", "texts": ["x"] * 257}, "texts: Ensure this field has no more than 256 elements."),
        ({"task": "text_emotion", "texts": ["x" * 10_001]}, "no more than 10000 characters"),
        ({"task": "text_emotion", "stimuli": ["0" * 64]}, "send 1 to 256 of them as 'texts', and no 'stimuli'"),
        ({"task": "image_emotion", "texts": ["awe"]}, "send 1 to 256 of them as 'stimuli', and no 'texts'"),
        ({"task": "image_emotion", "stimuli": ["0" * 64]}, "item 1, '0000"),
        (["awe"], "Send a JSON object"),
    ],
)
def test_a_wrong_question_is_told(study: Study, mika: User, sign_in: SignIn, data: Any, sentence: str) -> None:
    answer = call(sign_in(mika), "post", study, "predictions", data)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


@pytest.mark.django_db
def test_broken_json_is_told(study: Study, mika: User, sign_in: SignIn) -> None:
    answer = call(sign_in(mika), "post", study, "predictions", "{")
    assert answer.status_code == 400
    assert "JSON parse error" in answer.json()["message"]


@pytest.mark.django_db
def test_a_stimulus_without_an_image_is_named(study: Study, mika: User, sign_in: SignIn) -> None:
    [bare] = make_stimuli(study, 1, prefix="bare")
    answer = call(sign_in(mika), "post", study, "predictions", {"task": "image_emotion", "stimuli": [bare.key]})
    assert answer.status_code == 400
    assert f"item 1, '{bare.key}', has no image. Nothing was predicted." in answer.json()["message"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("files", "data", "sentence"),
    [
        ({"images": [SimpleUploadedFile("cat.png", b"no picture")]}, {}, "cat.png is not an image that can be read"),
        ({"images": [SimpleUploadedFile("a.svg", b"<svg/>")]}, {}, "a.svg is an SVG drawing"),
        ({"images": [SimpleUploadedFile("a.png", b"x")] * 17}, {}, "Send 1 to 16 image files"),
        ({"pictures": [SimpleUploadedFile("a.png", b"x")]}, {}, "each as a field called 'images'"),
        ({"images": [SimpleUploadedFile("a.png", b"x")]}, {"task": "text_emotion"}, "does not read images"),
    ],
)
def test_a_wrong_upload_is_told(
    study: Study, mika: User, sign_in: SignIn, files: Any, data: Any, sentence: str
) -> None:
    answer = sign_in(mika).post(f"/api/v1/studies/{study.slug}/predictions", {**files, **data})
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"task": "text_emotion", "options": {"epochs": "ten"}}, "epochs: got 'ten'; a value of type int is needed."),
        ({"task": "text_emotion", "options": {"momentum": 1}}, "'momentum' is no option of text_emotion"),
        ({"task": "text_emotion", "options": 3}, "options:"),
        ({"task": "image_emotion", "options": {"encoder": "resnet"}}, "encoder: got 'resnet'"),
    ],
)
def test_wrong_options_are_told(painted: Study, mika: User, sign_in: SignIn, data: Any, sentence: str) -> None:
    answer = call(sign_in(mika), "post", painted, "training-runs", data)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    assert not Job.objects.exists()


# Missing things, wrong methods


@pytest.mark.django_db
def test_without_a_served_network_it_says_so(study: Study, mika: User, sign_in: SignIn) -> None:
    answer = call(sign_in(mika), "post", study, "predictions", QUESTION)
    assert (answer.status_code, answer.json()["type"]) == (409, "no_network")
    assert "No network that reads texts is served" in answer.json()["message"]
    files = {"images": [SimpleUploadedFile("a.png", png())]}
    answer = sign_in(mika).post(f"/api/v1/studies/{study.slug}/predictions", files)
    assert answer.status_code == 409
    assert default_storage.listdir("predictions")[1] == []


@pytest.mark.django_db
def test_a_predictor_that_does_not_answer_is_503(
    painted: Study, mika: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_now(painted, "text_emotion", epochs=1)
    monkeypatch.setattr("analysis.api.networks.PATIENCE_SECONDS", 0.3)
    answer = call(sign_in(mika), "post", painted, "predictions", QUESTION)
    assert (answer.status_code, answer.json()["type"]) == (503, "predictor_busy")
    assert answer["Retry-After"] == "5"
    assert "did not answer within 0.3 seconds" in answer.json()["message"]


@pytest.mark.django_db
def test_asking_too_often_is_429(study: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    codes = [call(client, "post", study, "predictions", {}).status_code for _ in range(61)]
    assert set(codes[:60]) == {400}
    assert codes[60] == 429


@pytest.mark.django_db
def test_missing_things_and_wrong_methods(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    assert call(client, "get", painted, "training-runs/9").status_code == 404
    assert call(client, "post", painted, "networks/9/promotion").status_code == 404
    assert call(client, "delete", painted, "networks/9/promotion").status_code == 404
    assert call(client, "get", painted, "predictions").status_code == 405
    assert call(client, "put", painted, "training-runs", {}).status_code == 405
    assert not Network.objects.exists()


CODE = """
import sys
import django
django.setup()
import config.urls, config.wsgi
import analysis.jobs, analysis.api.networks, analysis.views.networks, analysis.management.commands.train
from django.test import Client
for place in ("studies/x/networks", "api/v1/studies/x/networks", "api/v1/schema"):
    Client().get("/" + place)
heavy = {"torch", "transformers", "safetensors", "modelserve.predictor", "modelserve.training"} & set(sys.modules)
sys.exit(f"imported by the web process: {sorted(heavy)}" if heavy else 0)
"""


def test_the_web_process_loads_no_torch() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


# What stirs an emotion


def test_a_mask_and_a_sentence_for_a_stimulus_and_an_upload(
    worker: None, study: Study, mika: User, sign_in: SignIn, tmp_path: Path
) -> None:
    network = network_of_masks(study, tmp_path)
    client = sign_in(mika)
    files = {"emotion": "awe", "images": SimpleUploadedFile("a.png", png())}
    answer = client.post(f"/api/v1/studies/{study.slug}/masks", files)
    assert answer.status_code == 200, answer.content
    [found] = answer.json()["masks"]
    assert (answer.json()["network"], found["image"], found["emotion"]) == (network.pk, "a.png", "awe")
    assert found["written_by"] == "network"
    assert sum(found["mask"]["counts"]) == 32 * 32
    for data, sentence in (
        ({"emotion": "envy", "images": SimpleUploadedFile("a.png", png())}, "'envy' is none of this network's"),
        ({"emotion": "awe", "images": SimpleUploadedFile("a.png", b"no picture")}, "is not an image"),
        ({"images": SimpleUploadedFile("a.png", png())}, "emotion"),
        ({"emotion": "awe", "version": "9", "images": SimpleUploadedFile("a.png", png())}, "no version 9 of emosem"),
    ):
        answer = client.post(f"/api/v1/studies/{study.slug}/masks", data)
        assert answer.status_code in (400, 404)
        assert sentence in answer.content.decode()
    for body in ({"emotion": "awe"}, {"emotion": "awe", "stimuli": []}, {"emotion": "awe", "stimuli": ["gone"]}, [1]):
        assert call(client, "post", study, "masks", body).status_code == 400
    assert default_storage.listdir("predictions")[1] == []


def network_of_masks(study: Study, folder: Path) -> Network:
    """A network with fresh weights, served: what it says does not matter here."""
    from modelserve.networks.emosem import EmoSem
    from modelserve.networks.saved import SavedNetwork, save_network
    from modelserve.options import EmoSemOptions, parse_options
    from modelserve.recipes.emosem import prompts_of, words_of
    from modelserve.services import promote
    from modelserve.storage_folders import store_folder

    labels = [{"id": name, "name": name.title(), "polarity": None} for name in ("awe", "anger")]
    words = words_of(["the vast sky"], labels, 1)
    options = EmoSemOptions(side=32, width=32, language_width=32, heads=2)
    saved = SavedNetwork("emosem", EmoSem(len(words), prompts_of(labels, words), options), labels, words)
    save_network(folder / "net", saved)
    store_folder(folder / "net", "networks/masks-for-a-test")
    shared = {"study_key": study.slug, "task": "emosem", "snapshot_id": "0" * 64, "seed": 1, "code_version": "test"}
    chosen = parse_options("emosem").as_json()
    run = TrainingRun.objects.create(**shared, snapshot_location="snapshots/none", options=chosen)
    network = Network.objects.create(
        **shared, version=1, training_run=run, label_set=labels, options=chosen, metrics={},
        weights_location="networks/masks-for-a-test",
    )  # fmt: skip
    return promote(study_key=study.slug, network_id=network.pk)
