"""`manage.py train`: teaches in its help, trains here, or queues, or learns from a snapshot's folder."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError

from analysis.management.commands.train import Command
from annotation.models import Study
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.models import Job
from modelserve.models import Network
from modelserve.options import TASKS, describe_options
from snapshots.local_copy import local_copy
from tests.analysis.painted_study import painted_study
from tests.modelserve.tiny_world import TinyWorld

pytestmark = pytest.mark.django_db

QUICK = ["--option", "device=cpu", "--option", "learning_rate=0.005"]


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika)


def train(*arguments: Any, task: str = "text_emotion", options: list[str] | None = None) -> str:
    out = StringIO()
    chosen = QUICK if options is None else options
    call_command("train", *map(str, arguments), "--task", task, *chosen, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_trains_here_and_prints_the_metrics(painted: Study) -> None:
    text = train(painted.slug, "--now", "--seed", 7, "--epochs", 2)
    network = Network.objects.get()
    assert (network.seed, network.options["epochs"], network.is_promoted) == (7, 2, True)
    assert text.startswith("Version 1 is served: it is the first one.")
    assert f"Snapshot {network.snapshot_id[:12]}, seed 7" in text
    accuracy = network.metrics["majority_accuracy"]
    assert f"{100 * accuracy['value']:.1f}  {100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}" in text
    assert "simulated" not in text


def test_json_is_one_object_with_everything(mika: User) -> None:
    study = painted_study(mika, is_simulated=True)
    told = json.loads(train(study.slug, "--now", "--json", "--epochs", 1, task="image_emotion"))
    assert (told["version"], told["is_served"], told["n_responses"], told["n_simulated"]) == (1, True, 90, 90)
    assert told["metrics"]["kl_divergence"].keys() == {"value", "low", "high", "n"}


def test_it_is_queued_unless_told_otherwise(painted: Study) -> None:
    text = train(painted.slug, "--epochs", 3)
    job = Job.objects.get()
    assert (job.kind, job.state, job.arguments["options"]["epochs"]) == ("freeze_and_train", Job.QUEUED, 3)
    assert f"Queued as job {job.pk}. Watch it at /studies/{painted.slug}/networks" in text


def test_a_title_names_the_study_too(painted: Study) -> None:
    train("Feelings at the lake")
    assert Job.objects.get().study_key == painted.slug


def test_the_same_seed_twice_is_the_same_network(painted: Study) -> None:
    for _ in range(2):
        train(painted.slug, "--now", "--epochs", 2)
    first, second = Network.objects.order_by("version")
    assert first.weights_location == second.weights_location
    assert second.comparison["is_better"] is False


def test_a_snapshots_folder_needs_no_study(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60).freeze(tmp_path)
    text = train(snapshot.folder, "--out", tmp_path / "network", "--epochs", 2)
    assert text.startswith(f"Written into {tmp_path / 'network'}.")
    assert sorted(path.name for path in (tmp_path / "network").iterdir()) == [
        "metrics.json",
        "network.json",
        "network.safetensors",
    ]
    assert json.loads((tmp_path / "network" / "metrics.json").read_text())["snapshot_id"] == snapshot.id
    assert not Network.objects.exists()
    with pytest.raises(CommandError, match="is not empty"):
        train(snapshot.folder, "--out", tmp_path / "network")


def test_a_frozen_study_can_be_learned_from_as_a_folder(painted: Study, tmp_path: Path) -> None:
    record = freeze_snapshot(study=painted)
    snapshot = local_copy(default_storage, record.snapshot_id, tmp_path, with_images=True)
    out = tmp_path / "network"
    text = train(snapshot.folder, "--out", out, "--epochs", 1, task="image_emotion", options=["--option", "side=32"])
    assert "Kullback–Leibler divergence" in text


def test_what_cannot_be_learned_ends_with_the_sentence(mika: User) -> None:
    study = painted_study(mika, n_stimuli=20, emotions=["awe"])
    with pytest.raises(CommandError, match="needs at least two emotions to tell apart"):
        train(study.slug, "--now", "--epochs", 1)
    assert not Network.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "task", "options", "sentence"),
    [
        (["nowhere"], "text_emotion", [], "There is no study and no snapshot folder 'nowhere'"),
        (["x"], "speech", [], "--task 'speech' is unknown; use image_emotion or text_emotion"),
        (["x", "--epochs", "0"], "text_emotion", [], "epochs: got 0; allowed is 1 to"),
        (["x", "--encoder", "resnet"], "image_emotion", [], "encoder: got 'resnet'"),
        (["x", "--encoder", "small_conv"], "text_emotion", [], "encoder: got 'small_conv'; use 'lstm'"),
        (["x"], "text_emotion", ["--option", "hidden"], "write NAME=VALUE"),
        (["x"], "text_emotion", ["--option", "hidden=wide"], "'wide' is no int"),
        (["x"], "text_emotion", ["--option", "hidden=1.5"], "hidden: got 1.5; a value of type int is needed"),
        (["x"], "text_emotion", ["--option", "momentum=1"], "'momentum' is no option of text_emotion"),
    ],
)
def test_a_wrong_argument_is_told(arguments: list[str], task: str, options: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        train(*arguments, task=task, options=options)
    assert sentence in str(refused.value)


def test_a_study_without_responses_is_told(study: Study) -> None:
    with pytest.raises(CommandError, match="This study has no responses yet"):
        train(study.slug, "--now")


def test_a_folder_that_is_no_snapshot_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="manifest"):
        train(tmp_path, "--out", tmp_path / "out")
    with pytest.raises(CommandError, match="--out FOLDER"):
        train(tmp_path)


def test_its_help_names_every_option() -> None:
    text = Command().create_parser("manage.py", "train").format_help()
    for task in TASKS:
        assert task in text
        for row in describe_options(task):
            assert row["name"] in text
    assert "Examples:" in text
