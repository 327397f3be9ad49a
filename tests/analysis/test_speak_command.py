"""`manage.py speak`: marked texts about pictures, and clear refusals."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from PIL import Image

from annotation.models import Study
from modelserve.models import TrainingRun
from tests.analysis.painted_study import painted_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (40, 30), (200, 30, 30)).save(path)
    return path


def train(study: Study, task: str, **options: Any) -> None:
    chosen = {"device": "cpu", "side": 32, "batch_size": 8} | options
    named = [part for name, value in chosen.items() for part in ("--option", f"{name}={value}")]
    call_command(
        "train", study.slug, "--task", task, "--now", "--epochs", "1", *named, stdout=StringIO(), stderr=StringIO()
    )


def speak(*arguments: Any) -> str:
    out = StringIO()
    call_command("speak", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_speaks_in_all_variants_and_marks_every_text(
    painted: Study, picture: Path, client: Client, mika: User, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="No speaker is served"):
        speak(painted.slug, "--image", picture)
    train(painted, "speaker", hidden=16, embedding=8, min_count=1)
    lines = speak(painted.slug, "--image", picture, "--samples", 2, "--beam", 3).splitlines()
    assert lines[0].endswith("red.png, default, speaker version 1:")
    assert len(lines) == 3
    assert all(line.startswith("  [machine-written] ") for line in lines[1:])
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    canvas = Image.new("RGB", (40, 30), (200, 30, 30))
    canvas.paste((30, 30, 220), (0, 0, 40, 8))
    canvas.save(upright)
    exif = Image.Exif()
    exif[0x0112] = 6  # a telephone held upright: to be turned to the right
    canvas.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif)
    seen = json.loads(speak(painted.slug, "--image", upright, "--image", turned, "--json"))["images"]
    assert seen[0]["explanations"] == seen[1]["explanations"]
    with pytest.raises(CommandError, match="pragmatic variants need a listener"):
        speak(painted.slug, "--image", picture, "--variant", "pragmatic")
    train(painted, "listener", width=16, min_count=1)
    label = "awe"
    wish = ("--variant", "grounded_pragmatic", "--emotion", label, "--json")
    told = json.loads(speak(painted.slug, "--image", picture, "--image", picture, *wish))
    assert (told["machine_written"], told["version"], len(told["images"])) == (True, 1, 2)
    text = told["images"][0]["explanations"][0]
    assert (text["emotion"], text["is_machine_written"]) == (label, True)
    assert text["heard"] < 0
    assert len(text["attention"]) == len(text["words"])
    client.force_login(mika)
    pages = {}
    for run in TrainingRun.objects.all():
        pages[run.task] = client.get(reverse("study_training_run", args=[painted.slug, run.pk])).content.decode()
    assert "Machine-written" in pages["speaker"]
    assert "Surprise per word" in pages["speaker"]
    assert "With fewer images to choose from" in pages["listener"]
    assert "Which emotion is taken for which" not in pages["speaker"] + pages["listener"]


def test_what_cannot_be_is_said(painted: Study, picture: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no study 'nowhere'"):
        speak("nowhere", "--image", picture)
    with pytest.raises(CommandError, match="No such file"):
        speak(painted.slug, "--image", tmp_path / "absent.jpg")
    words = tmp_path / "words.jpg"
    words.write_text("no picture")
    with pytest.raises(CommandError, match=r"words\.jpg is not an image that can be read"):
        speak(painted.slug, "--image", words)
    with pytest.raises(CommandError, match="temperature: got 0"):
        speak(painted.slug, "--image", picture, "--temperature", 0)
