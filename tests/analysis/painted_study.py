"""A study of small pictures whose colour decides what people feel, answered; and trainings of it that take a second."""

import io
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from analysis.services.train_on_study import train_on_study
from annotation.models import Stimulus, Study
from annotation.services.decode_image import encode
from jobs.models import Job
from jobs.services import run
from modelserve.models import Network, TrainingRun
from snapshots.local_copy import image_name
from tests.analysis.answers import answer_stimulus, people_of_study
from tests.conftest import make_study

COLOURS = {"contentment": (40, 190, 60), "awe": (40, 80, 220), "anger": (220, 40, 40)}
QUICK: dict[str, dict[str, Any]] = {
    "image_emotion": {"side": 32, "epochs": 2, "learning_rate": 3e-3, "device": "cpu"},
    "text_emotion": {"epochs": 2, "learning_rate": 5e-3, "device": "cpu"},
    "speaker": {},
    "listener": {"device": "cpu"},
}


def painted_study(
    user: User, *, n_stimuli: int = 45, n_people: int = 2, with_images: bool = True, **more: Any
) -> Study:
    """Every person answers every picture with the emotion of its colour. more: is_simulated, emotions."""
    emotions = more.pop("emotions", list(COLOURS))
    study = make_study(user, n_stimuli=n_stimuli, wanted_responses=n_people + 2)
    people = people_of_study(study, n_people, is_simulated=more.get("is_simulated", False))
    random = np.random.default_rng(0)
    for number, stimulus in enumerate(Stimulus.objects.filter(study=study).order_by("rank")):
        emotion = emotions[number % len(emotions)]
        if with_images:
            paint(stimulus, COLOURS[emotion], random)
        answer_stimulus(stimulus, people, [emotion] * n_people, **more)
    return study


def paint(stimulus: Stimulus, colour: tuple[int, int, int], random: np.random.Generator) -> None:
    """Stores a picture as an upload does, and names it in the stimulus."""
    picture = encode(Image.fromarray(noisy(colour, random)))
    default_storage.save(image_name(picture.sha256), ContentFile(picture.jpeg))
    stimulus.key = stimulus.image_sha256 = picture.sha256
    stimulus.width, stimulus.height, stimulus.bytes = picture.width, picture.height, len(picture.jpeg)
    stimulus.save()


def noisy(colour: tuple[int, int, int], random: np.random.Generator) -> np.ndarray:
    return np.clip(np.array(colour) + random.normal(0, 25, (48, 64, 3)), 0, 255).astype(np.uint8)


def png(colour: tuple[int, int, int] = (40, 80, 220)) -> bytes:
    """A picture that no study has."""
    file = io.BytesIO()
    Image.fromarray(noisy(colour, np.random.default_rng(7))).save(file, "PNG")
    return file.getvalue()


def work_off(*kinds: str) -> None:
    """Does the queued jobs of these kinds, in their order, as workers would."""
    for kind in kinds:
        for job in Job.objects.filter(kind=kind, state=Job.QUEUED).order_by("pk"):
            run(job.pk)


def train_now(study: Study, task: str = "image_emotion", **options: Any) -> Network:
    """Asks for a quick training of the study and does it."""
    job = train_on_study(study=study, task=task, options=QUICK[task] | options)
    work_off("freeze_and_train", "train")
    job.refresh_from_db()
    training = TrainingRun.objects.get(pk=job.result["training_run"])
    assert training.job is not None
    assert training.state == Job.DONE, training.job.error
    return training.network
