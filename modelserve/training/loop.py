"""The loop itself: steps, epochs, the rate, when it ends."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from modelserve.checkpoints import Checkpoint, forget_checkpoints, newest_checkpoint, save_checkpoint
from modelserve.errors import TrainingDiverged
from modelserve.options import TrainingOptions
from modelserve.parallel import Team
from modelserve.training.devices import choose_device, limited_threads, seeded
from modelserve.training.examples import Examples, batch_of, batches
from modelserve.training.learner import Learner
from modelserve.training.order import rows_of_epoch
from modelserve.training.position import Position
from modelserve.training.resuming import facts_of, put_back, state_that_learns, tensors_of, weights_that_learn
from modelserve.training.watching import CurvePoint, Fitted, Watcher

LEAST_BATCHES_PER_EPOCH = 8  # a small study takes smaller batches, or an epoch would be one step
LEAST_RATE = 5e-7  # ArtEmis
STEPS_BETWEEN_LOOKS = 10  # at the time that is left, where several processes must agree


def fit(
    network: nn.Module,
    train: Examples,
    validation: Examples,
    options: TrainingOptions,
    *,
    checkpoints: Path,
    watcher: Watcher | None = None,
) -> Fitted:
    """Train the network until its validation loss stops falling; it ends on the CPU with its best weights.

    network: a Learner whose fresh weights come from the same seed every time; a resumed run overwrites them.
    checkpoints: folder of this run alone. Where it holds a checkpoint the run goes on from there.
    Raises TrainingDiverged if the loss stops being a number; whatever watcher.may_continue raises passes through.
    """
    team = Team()
    device = team.join(choose_device(options.device))
    with seeded(options.seed, device), limited_threads(options.threads):
        return _Run(network, train, validation, options, checkpoints, watcher or Watcher(), device, team).run()


class _Run:
    def __init__(
        self,
        network: nn.Module,
        train: Examples,
        validation: Examples,
        options: TrainingOptions,
        folder: Path,
        watcher: Watcher,
        device: torch.device,
        team: Team,
    ) -> None:
        self.team = team
        if not team.is_first:
            watcher = Watcher()
        self.network = network.to(device)
        self.train, self.validation = train, validation
        self.options, self.folder, self.watcher, self.device = options, folder, watcher, device
        self.learner: Learner = network  # type: ignore[assignment]  # a Module that keeps the Learner protocol
        self.batch_size = max(1, min(options.batch_size, -(-len(train) // LEAST_BATCHES_PER_EPOCH)))
        self.epoch_rows = options.samples_per_epoch or len(train)
        self.steps_per_epoch = -(-self.epoch_rows // self.batch_size)
        self.clock = time.monotonic()
        self.out_of_time = False
        groups = self.learner.parameter_groups()
        self.rate_factors = [factor for factor, _ in groups]
        self.optimiser = torch.optim.Adam(
            [{"params": weights} for _, weights in groups], lr=options.learning_rate, weight_decay=options.weight_decay
        )
        weighed: Callable[[Any, Any], Any] | None = getattr(network, "weighed_loss", None)
        self.is_weighed = weighed is not None
        self.loss_of: Callable[[Any, Any], Any] = weighed or self.learner.loss
        if options.compile:
            self.loss_of = torch.compile(self.loss_of)
        self.in_bfloat16 = options.precision == "bfloat16" or (options.precision == "auto" and device.type == "cuda")
        self.learning = list(weights_that_learn(network).values())
        self.facts = facts_of(network, options, device, train, validation)
        self.position = Position(learning_rate=options.learning_rate)
        self.best: dict[str, Tensor] = {}

    def run(self) -> Fitted:
        self.team.all_wait()
        checkpoint = newest_checkpoint(self.folder)
        self.team.all_wait()  # nobody writes before all have read
        self.team.own_luck(self.options.seed, 0)
        if checkpoint is not None:
            self._restore(checkpoint)
        self.clock = time.monotonic()
        total = self.options.epochs * self.steps_per_epoch
        self.watcher.log(
            f"{len(self.train)} rows to learn from, {len(self.validation)} to validate, batches of {self.batch_size}, "
            f"on {self.device.type}."
        )
        while not self._is_finished():
            self._run_epoch(total)
        if self.out_of_time:
            self.watcher.log(f"Its time on the device is used up after {self.position.seconds / 60:.1f} minutes.")
        self.network.load_state_dict(self.best, strict=False)
        self.network.to("cpu").eval()
        place = self.position
        self.watcher.log(f"Best validation loss {place.best_loss:.4f} in epoch {place.best_epoch}.")
        return Fitted(
            place.curve,
            place.best_epoch,
            place.best_loss,
            self.device.type,
            self.out_of_time,
            place.seconds,
            self._pace(),
        )

    def _is_finished(self) -> bool:
        place = self.position
        waited = place.epoch - place.best_epoch
        if self.out_of_time and place.epoch > 0:
            return True
        return place.epoch >= self.options.epochs or (place.epoch > 0 and waited >= self.options.stop_patience)

    def _run_epoch(self, total: int) -> None:
        place = self.position
        self.network.train()
        order = rows_of_epoch(place.epoch, len(self.train), self.epoch_rows, seed=self.options.seed)
        while place.step < self.steps_per_epoch:
            self.watcher.may_continue()
            rows = order[place.step * self.batch_size : (place.step + 1) * self.batch_size]
            loss = self._step(rows)
            place.loss_sum += loss * len(rows)
            place.n_seen += len(rows)
            place.samples += len(rows)
            place.step += 1
            self._tick()
            self.watcher.on_step(place.epoch * self.steps_per_epoch + place.step, total)
            if self._must_end():
                break
            every = self.options.checkpoint_steps
            if every and place.step % every == 0 and place.step < self.steps_per_epoch:
                self._save()
        self._end_epoch()

    def _tick(self) -> None:
        now = time.monotonic()
        self.position.seconds += now - self.clock
        self.clock = now
        self.watcher.on_pace(self._pace() or 0.0, self.position.seconds)

    def _pace(self) -> float | None:
        """Rows per second, over the whole time of learning and validating."""
        place = self.position
        return place.samples / place.seconds if place.samples and place.seconds > 0 else None

    def _is_over_budget(self) -> bool:
        budget = self.options.budget_minutes * 60
        return bool(budget and self.position.seconds >= budget)

    def _must_end(self) -> bool:
        """Whether the time on the device is used up. One process decides for all, or their steps would part."""
        if self.team.size > 1 and self.position.step % STEPS_BETWEEN_LOOKS:
            return False
        is_over = self._is_over_budget() or not self.watcher.has_time()
        if self.team.total(float(is_over and self.team.is_first), self.device) > 0:
            self.out_of_time = True
        return self.out_of_time

    def _step(self, rows: Tensor) -> float:
        self.position.learning_rate = self._rate()
        for group, factor in zip(self.optimiser.param_groups, self.rate_factors, strict=True):
            group["lr"] = self.position.learning_rate * factor
        self.optimiser.zero_grad(set_to_none=True)
        value, weight = 0.0, 0.0
        own = self.team.share_of(rows)
        parts = own.tensor_split(min(self.options.accumulate, max(1, len(own)))) if len(own) else ()
        for part in parts:
            # Each part weighs as many rows (or words) as it has, so the step is that of the whole batch at once.
            mean, n = self._loss(self.train, part)
            loss = mean * (n / len(rows))
            loss.backward()  # type: ignore[no-untyped-call]
            value += float(loss.detach())
            weight += float(n)
        value = self.team.total(value, self.device)
        self.team.sum_gradients(self.learning)
        if self.is_weighed:  # how many words the whole batch has is known only now
            factor = len(rows) / max(self.team.total(weight, self.device), 1.0)
            value *= factor
            self._scale_gradients(factor)
        self.optimiser.step()
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"The loss became {value} in epoch {self.position.epoch + 1}, step {self.position.step + 1}. "
                f"Train again with a smaller learning rate (it was {self.position.learning_rate:g}). "
                "No network was registered."
            )
        return value

    def _rate(self) -> float:
        """Of the coming step; by cosine it follows from the place alone, so a resumed run takes the same.

        Source: Loshchilov and Hutter 2017 (arXiv 1608.03983), eq. 5, one period.
        """
        place = self.position
        if self.options.schedule == "plateau":
            return place.learning_rate
        done = place.epoch + place.step / self.steps_per_epoch
        return self.options.learning_rate * (1 + math.cos(math.pi * done / self.options.epochs)) / 2

    def _scale_gradients(self, factor: float) -> None:
        for weight in self.learning:
            if weight.grad is not None:
                weight.grad.mul_(factor)

    def _loss(self, examples: Examples, rows: Tensor) -> tuple[Tensor, Tensor | float]:
        """A mean, and over how many rows, or whatever the network counts, it is."""
        inputs, targets = (batch_of(table, rows, self.device) for table in (examples.inputs, examples.targets))
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.in_bfloat16):
            loss = self.loss_of(inputs, targets)
        return loss if self.is_weighed else (loss, float(len(rows)))

    def _end_epoch(self) -> None:
        place = self.position
        validation_loss = self._validation_loss()
        self._tick()
        place.epoch += 1
        place.curve.append(CurvePoint(place.epoch, place.loss_sum / place.n_seen, validation_loss, place.learning_rate))
        place.step, place.loss_sum, place.n_seen = 0, 0.0, 0
        if validation_loss < place.best_loss:
            place.best_loss, place.best_epoch, place.plateau_epochs = validation_loss, place.epoch, 0
            learned = state_that_learns(self.network)
            self.best = {name: weight.detach().cpu().clone() for name, weight in learned.items()}
        else:
            place.plateau_epochs += 1
            if self.options.schedule == "plateau" and place.plateau_epochs > self.options.plateau_patience:
                place.learning_rate = max(place.learning_rate * self.options.plateau_factor, LEAST_RATE)
                place.plateau_epochs = 0
        self._save()
        self.watcher.on_epoch(list(place.curve))
        point = place.curve[-1]
        self.watcher.log(
            f"Epoch {point.epoch}: train {point.train_loss:.4f}, validation {point.validation_loss:.4f}, "
            f"rate {point.learning_rate:g}"
        )

    def _validation_loss(self) -> float:
        self.network.eval()
        total, weight = 0.0, 0.0
        with torch.no_grad():
            for rows in batches(len(self.validation), self.batch_size):
                self.watcher.may_continue()
                own = self.team.share_of(rows)
                if len(own):
                    mean, n = self._loss(self.validation, own)
                    total, weight = total + float(mean) * float(n), weight + float(n)
        value = self.team.total(total, self.device) / max(self.team.total(weight, self.device), 1.0)
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"The validation loss became {value} in epoch {self.position.epoch + 1}. Train again with a smaller "
                "learning rate. No network was registered."
            )
        return value

    def _save(self) -> None:
        done = self.position.epoch * self.steps_per_epoch + self.position.step
        self.team.own_luck(self.options.seed, done)
        if not self.team.is_first:
            return
        tensors = tensors_of(self.network, self.optimiser, self.best, self.device)
        save_checkpoint(self.folder, Checkpoint(done, tensors, self.facts | {"position": self.position.as_json()}))

    def _restore(self, checkpoint: Checkpoint) -> None:
        # What an earlier release did not write down is taken to be the same.
        if any(checkpoint.facts.get(name, fact) != fact for name, fact in self.facts.items()):
            self.watcher.log("The checkpoint found is of a run with other options or data (or device); starting anew.")
            if self.team.is_first:
                forget_checkpoints(self.folder)
            return
        self.best = put_back(checkpoint.tensors, self.network, self.optimiser, self.device)
        self.team.own_luck(self.options.seed, checkpoint.steps)
        self.position = Position.from_json(checkpoint.facts["position"])
        self.out_of_time = self._is_over_budget()
        self.watcher.on_epoch(list(self.position.curve))
        self.watcher.log(f"Going on from the checkpoint after {checkpoint.steps} steps.")
