"""Time on a device: a run and a study's day may be limited; what ends for that keeps its best and says so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

import jobs.services
from jobs.models import Job
from modelserve.errors import BadTrainingOption, BudgetSpent
from modelserve.models import DeviceUse, Network, TrainingRun
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import TextEmotionOptions, TrainingOptions
from modelserve.services.device_budget import limit_of, seconds_left, seconds_used, set_limit
from modelserve.training import Examples, Fitted, Watcher, fit
from tests.modelserve.conftest import STUDY, Start, TrainNow

PLAN: dict[str, Any] = {"epochs": 5, "batch_size": 8, "device": "cpu", "seed": 7}


def learn(folder: Path, watcher: Watcher | None = None, **options: Any) -> Fitted:
    words = torch.randint(4, 30, (60, 6), generator=torch.Generator().manual_seed(1))
    examples = Examples(words, torch.eye(3)[words[:, 0] % 3])
    torch.manual_seed(7)
    network = TextEmotion(30, 3, TextEmotionOptions(embedding=8, hidden=16))
    plan = TrainingOptions(**PLAN | options)
    return fit(network, examples, examples, plan, checkpoints=folder, watcher=watcher)


def test_a_run_without_time_ends_after_a_step_with_a_validated_epoch(tmp_path: Path) -> None:
    steps: list[int] = []
    fitted = learn(tmp_path, Watcher(on_step=lambda done, total: steps.append(done)), budget_minutes=1e-9)
    assert fitted.stopped_by_budget
    assert (len(steps), len(fitted.curve), fitted.best_epoch) == (1, 1, 1)
    again = learn(tmp_path, Watcher(on_step=lambda done, total: steps.append(done)), budget_minutes=1e-9)
    assert len(steps) == 1  # a run that goes on after its end takes no step more
    assert again.best_validation_loss == fitted.best_validation_loss


def test_whoever_counts_the_day_may_end_it(tmp_path: Path) -> None:
    asked: list[bool] = []

    def has_time() -> bool:
        asked.append(True)
        return len(asked) < 12

    fitted = learn(tmp_path, Watcher(has_time=has_time))
    assert fitted.stopped_by_budget
    assert len(fitted.curve) == 2  # of 8 steps each, the second cut short
    assert fitted.device_seconds > 0
    assert (fitted.samples_per_second or 0) > 0


def test_with_time_enough_a_budget_changes_nothing(tmp_path: Path) -> None:
    free, bounded = learn(tmp_path / "free"), learn(tmp_path / "bounded", budget_minutes=60.0)
    assert not bounded.stopped_by_budget
    assert bounded.curve == free.curve


def test_shorter_epochs_go_on_where_the_one_before_ended(tmp_path: Path) -> None:
    """Six epochs of 20 rows see what two epochs of all 60 do, in the same order."""
    seen: dict[str, list[int]] = {}
    for name, options in {"whole": {"epochs": 2}, "short": {"epochs": 6, "samples_per_epoch": 20}}.items():
        rows: list[int] = []
        words = torch.arange(60).unsqueeze(1) + 4

        class Noting(TextEmotion):
            def loss(self, words: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
                if self.training:
                    rows.extend((words[:, 0] - 4).tolist())  # noqa: B023  # called within this turn of the loop
                return super().loss(words, shares)

        torch.manual_seed(7)
        network = Noting(70, 3, TextEmotionOptions(embedding=4, hidden=4))
        examples = Examples(words, torch.eye(3)[words[:, 0] % 3])
        plan = TrainingOptions(**PLAN | {"batch_size": 4, "stop_patience": 99} | options)
        fitted = fit(network, examples, examples, plan, checkpoints=tmp_path / name)
        assert len(fitted.curve) == options["epochs"]
        seen[name] = rows
    assert seen["short"] == seen["whole"]
    assert sorted(seen["whole"][:60]) == list(range(60))


@pytest.mark.django_db
def test_the_version_says_that_its_time_was_over(train_now: TrainNow) -> None:
    network = train_now(budget_minutes=1e-9, epochs=9)
    assert network.metrics["epochs"] == 1
    assert "its time on the device was used up" in network.metrics["notes"][-1]
    run = TrainingRun.objects.get(pk=network.training_run_id)
    assert run.device_seconds > 0
    assert run.samples_per_second is not None
    assert DeviceUse.objects.get().seconds == pytest.approx(run.device_seconds, rel=0.5)


@pytest.mark.django_db
def test_a_study_s_day_is_shared_by_its_runs(start: Start, train_now: TrainNow) -> None:
    set_limit(study_key=STUDY, minutes_per_day=1e-6)
    assert seconds_left(STUDY) == pytest.approx(6e-5)
    first = train_now(epochs=9)
    assert first.metrics["epochs"] == 1  # it began with time left, and ended with the first look
    assert seconds_left(STUDY) == 0
    with pytest.raises(BudgetSpent, match="Nothing was started"):
        start(seed=5)
    DeviceUse.objects.update(day=(datetime.now(UTC) - timedelta(days=1)).date())
    assert seconds_used(STUDY) == 0
    start(seed=5)


@pytest.mark.django_db
def test_a_run_that_waited_past_the_last_minute_says_so_and_learns_nothing(start: Start) -> None:
    run = start()
    set_limit(study_key=STUDY, minutes_per_day=1.0)
    DeviceUse.objects.create(training_run=run, study_key=STUDY, day=datetime.now(UTC).date(), seconds=61)
    assert run.job is not None
    jobs.services.run(run.job.pk)
    job = Job.objects.get(pk=run.job.pk)
    assert job.state == Job.FAILED
    assert "have used the 1 device-minutes" in job.error
    assert not Network.objects.exists()


@pytest.mark.django_db
def test_a_limit_is_set_changed_and_taken_away() -> None:
    set_limit(study_key=STUDY, minutes_per_day=30)
    set_limit(study_key=STUDY, minutes_per_day=45.5)
    limit = limit_of(STUDY)
    assert limit is not None
    assert limit.minutes_per_day == 45.5
    with pytest.raises(BadTrainingOption, match="got -1"):
        set_limit(study_key=STUDY, minutes_per_day=-1)
    set_limit(study_key=STUDY, minutes_per_day=None)
    assert limit_of(STUDY) is None
    assert seconds_left(STUDY) is None
