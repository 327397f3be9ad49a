"""A frozen tiny world in the storage, and trainings of it that take a second."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jobs.services
from jobs.models import Job
from modelserve.models import Network, TrainingRun
from modelserve.services import start_training
from snapshots.reader import Snapshot
from tests.modelserve.tiny_world import TinyWorld

STUDY = "tiny-world-x7"
QUICK: dict[str, dict[str, Any]] = {
    "image_emotion": {"side": 32, "epochs": 3, "learning_rate": 3e-3, "device": "cpu"},
    "text_emotion": {"epochs": 2, "learning_rate": 5e-3, "device": "cpu"},
}

Store = Callable[[TinyWorld], Snapshot]
Start = Callable[..., TrainingRun]
TrainNow = Callable[..., Network]


@pytest.fixture
def store(settings: Any) -> Store:
    """Freezes a world into the storage."""
    return lambda world: world.freeze(Path(settings.MEDIA_ROOT) / "snapshots")


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store(TinyWorld(n_stimuli=60))


@pytest.fixture
def start(snapshot: Snapshot) -> Start:
    """Asks for a quick training of the tiny world."""

    def start_run(task: str = "image_emotion", of: Snapshot | None = None, **options: Any) -> TrainingRun:
        frozen = of or snapshot
        return start_training(
            study_key=STUDY,
            task=task,
            snapshot_id=frozen.id,
            snapshot_location=f"snapshots/{frozen.id}",
            options=QUICK[task] | options,
        )

    return start_run


@pytest.fixture
def train_now(start: Start) -> TrainNow:
    """Asks for a training and does it, as a worker would."""

    def train_one(task: str = "image_emotion", of: Snapshot | None = None, **options: Any) -> Network:
        run = start(task, of, **options)
        assert run.job is not None
        jobs.services.run(run.job.pk)
        job = Job.objects.get(pk=run.job.pk)
        assert job.state == Job.DONE, job.error
        return Network.objects.get(training_run=run)

    return train_one
