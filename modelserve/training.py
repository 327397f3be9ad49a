"""One loop for every network: seeded, resumable, knowing nothing of Django or of what it trains.

A network gives `loss(inputs, targets)` and `parameter_groups()`. On a CPU the same seed and data give the same weights,
bit for bit, whether or not the run was interrupted (and as long as it uses as many threads); on a GPU (bf16) runs agree
only closely.
"""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from modelserve.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint
from modelserve.errors import BadTrainingOption, TrainingDiverged
from modelserve.options import TrainingOptions
from modelserve.parallel import Team

LEAST_BATCHES_PER_EPOCH = 8  # a small study takes smaller batches, or an epoch would be one step
LEAST_RATE = 5e-7  # ArtEmis
STEPS_BETWEEN_LOOKS = 10  # at the time that is left, where several processes must agree


Batch = Tensor | tuple[Tensor, ...]
"""What a network reads, or what it shall answer: one tensor, or several with a row per example in each."""


class Learner(Protocol):
    """What the loop asks of a network; inputs and targets are as the examples hold them."""

    def loss(self, inputs: Any, targets: Any) -> Tensor: ...

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]: ...


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from, kept on the CPU: inputs (n, ...), targets (n, ...), either a tensor or a tuple of them."""

    inputs: Batch
    targets: Batch

    def __len__(self) -> int:
        return len(self.inputs if isinstance(self.inputs, Tensor) else self.inputs[0])


def batch_of(table: Batch, rows: Tensor, device: torch.device) -> Batch:
    """These rows of every tensor, on the device."""
    if isinstance(table, Tensor):
        return table[rows].to(device)
    return tuple(part[rows].to(device) for part in table)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One epoch: mean losses, and the learning rate that it used."""

    epoch: int  # from 1
    train_loss: float
    validation_loss: float
    learning_rate: float

    def as_json(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what happens. may_continue is called between steps and stops the run by raising."""

    on_step: Callable[[int, int], None] = lambda done, total: None  # steps
    on_epoch: Callable[[list[CurvePoint]], None] = lambda curve: None
    log: Callable[[str], None] = lambda line: None
    may_continue: Callable[[], None] = lambda: None
    on_pace: Callable[[float, float], None] = lambda samples_per_second, device_seconds: None
    has_time: Callable[[], bool] = lambda: True
    """Asked between steps: False ends the run as its budget does, with the best weights so far."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The outcome; the network itself holds the weights of best_epoch."""

    curve: list[CurvePoint]
    best_epoch: int
    best_validation_loss: float
    device: str
    stopped_by_budget: bool = False
    device_seconds: float = 0.0
    samples_per_second: float | None = None


@dataclass(slots=True)
class Position:
    """Where the run stands; with weights, optimiser and random state it is all that a resumed run needs."""

    epoch: int = 0  # epochs finished
    step: int = 0  # steps done within the epoch that is running
    loss_sum: float = 0.0
    n_seen: int = 0
    learning_rate: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    plateau_epochs: int = 0
    seconds: float = 0.0  # that the device was held, by all starts of the run
    samples: int = 0  # rows learned from
    curve: list[CurvePoint] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["best_loss"] = None if math.isinf(self.best_loss) else self.best_loss
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Position":
        best_loss = math.inf if values["best_loss"] is None else values["best_loss"]
        curve = [CurvePoint(**point) for point in values["curve"]]
        return cls(**{**values, "best_loss": best_loss, "curve": curve})


def choose_device(name: str) -> torch.device:
    """auto, cpu, cuda or cuda:N. Raises BadTrainingOption where it is unknown, or cuda is asked for and absent."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise BadTrainingOption(f"device: '{name}' is unknown; use auto, cpu or cuda.") from error
    if device.type not in ("cpu", "cuda"):
        raise BadTrainingOption(f"device: '{name}' is unknown; use auto, cpu or cuda.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadTrainingOption("device: 'cuda' was asked for, but this machine has none. Use 'auto' or 'cpu'.")
    return device


@contextlib.contextmanager
def limited_threads(threads: int = 0) -> Iterator[None]:
    """Use this many processor cores inside; 0 = half of them.

    Torch takes all by default, and when the site's other processes want one of them, every layer waits for the slowest:
    on two busy cores a training took ten times as long as with one thread.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 1) // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Fresh random numbers from this seed inside; the caller's random numbers and settings again afterwards."""
    were_deterministic = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        # On a GPU several layers have no deterministic form, and bf16 makes equality to the bit moot.
        torch.use_deterministic_algorithms(device.type == "cpu")
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(were_deterministic)


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
        self.loss_of: Callable[[Any, Any], Tensor] = self.learner.loss
        if options.compile:
            self.loss_of = torch.compile(self.learner.loss)
        self.in_bfloat16 = options.precision == "bfloat16" or (options.precision == "auto" and device.type == "cuda")
        self.learning = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
        self.position = Position(learning_rate=options.learning_rate)
        self.best: dict[str, Tensor] = {}

    def run(self) -> Fitted:
        self.team.all_wait()
        checkpoint = newest_checkpoint(self.folder)
        self.team.all_wait()  # nobody writes before all have read
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
        order = self._order_of_epoch(place.epoch)
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

    def _order_of_epoch(self, epoch: int) -> Tensor:
        """(epoch_rows,) the rows of this epoch: the next ones of an endless row of passes over all."""
        n, first = len(self.train), epoch * self.epoch_rows
        passes = range(first // n, -(-(first + self.epoch_rows) // n))
        rows = torch.cat([self._order_of_pass(number) for number in passes])
        skipped = first - passes[0] * n
        return rows[skipped : skipped + self.epoch_rows]

    def _order_of_pass(self, number: int) -> Tensor:
        # A generator of its own, from seed and pass: a resumed run finds the order without replaying the ones before.
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + number)
        return torch.randperm(len(self.train), generator=generator)  # (n,)

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
        value = 0.0
        own = self.team.share_of(rows)
        parts = own.tensor_split(min(self.options.accumulate, max(1, len(own)))) if len(own) else ()
        for part in parts:
            # Each part weighs as many rows as it has, so the step is that of the whole batch at once.
            loss = self._loss(self.train, part) * (len(part) / len(rows))
            loss.backward()  # type: ignore[no-untyped-call]
            value += float(loss.detach())
        value = self.team.total(value, self.device)
        self.team.sum_gradients(list(self.learning.values()))
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

    def _loss(self, examples: Examples, rows: Tensor) -> Tensor:
        inputs, targets = (batch_of(table, rows, self.device) for table in (examples.inputs, examples.targets))
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.in_bfloat16):
            return self.loss_of(inputs, targets)

    def _end_epoch(self) -> None:
        place = self.position
        validation_loss = self._validation_loss()
        self._tick()
        place.epoch += 1
        place.curve.append(CurvePoint(place.epoch, place.loss_sum / place.n_seen, validation_loss, place.learning_rate))
        place.step, place.loss_sum, place.n_seen = 0, 0.0, 0
        if validation_loss < place.best_loss:
            place.best_loss, place.best_epoch, place.plateau_epochs = validation_loss, place.epoch, 0
            self.best = {name: weight.detach().cpu().clone() for name, weight in self._state_that_learns().items()}
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
        total = 0.0
        with torch.no_grad():
            for rows in _batches(len(self.validation), self.batch_size):
                self.watcher.may_continue()
                own = self.team.share_of(rows)
                if len(own):
                    total += float(self._loss(self.validation, own)) * len(own)
        value = self.team.total(total, self.device) / len(self.validation)
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"The validation loss became {value} in epoch {self.position.epoch + 1}. Train again with a smaller "
                "learning rate. No network was registered."
            )
        return value

    def _state_that_learns(self) -> dict[str, Tensor]:
        """Weights that learn, and buffers beside them (batch norm); a frozen encoder is neither saved nor restored."""
        frozen = {name for name, weight in self.network.named_parameters() if not weight.requires_grad}
        return {name: value for name, value in self.network.state_dict().items() if name not in frozen}

    def _save(self) -> None:
        if not self.team.is_first:
            return
        tensors = {f"weights/{name}": value for name, value in self._state_that_learns().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        for name, weight in self.learning.items():
            for part, value in self.optimiser.state.get(weight, {}).items():
                tensors[f"optimiser/{part}/{name}"] = value
        tensors["random/cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random/cuda"] = torch.cuda.get_rng_state(self.device)
        done = self.position.epoch * self.steps_per_epoch + self.position.step
        save_checkpoint(self.folder, Checkpoint(done, tensors, self._facts() | {"position": self.position.as_json()}))

    def _facts(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be of this run."""
        options = asdict(self.options) | {"device": self.device.type}
        # Another machine may go on with the run, with as many cores as it has.
        del options["threads"]
        return {"options": options, "n_train": len(self.train), "n_validation": len(self.validation)}

    def _restore(self, checkpoint: Checkpoint) -> None:
        described = {name: checkpoint.facts.get(name) for name in self._facts()}
        if described != self._facts():
            self.watcher.log("The checkpoint found is of a run with other options or data (or device); starting anew.")
            return
        parts: dict[str, dict[str, Tensor]] = {}
        for key, value in checkpoint.tensors.items():
            kind, name = key.split("/", 1)
            parts.setdefault(kind, {})[name] = value
        self.network.load_state_dict(parts["weights"], strict=False)
        self.best = parts.get("best", {})
        for key, value in parts.get("optimiser", {}).items():
            part, name = key.split("/", 1)
            # Adam keeps its step counter on the CPU and its averages beside the weights.
            value = value.clone() if part == "step" else value.to(self.device)
            self.optimiser.state[self.learning[name]][part] = value
        torch.set_rng_state(parts["random"]["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(parts["random"]["cuda"], self.device)
        self.position = Position.from_json(checkpoint.facts["position"])
        self.out_of_time = self._is_over_budget()
        self.watcher.on_epoch(list(self.position.curve))
        self.watcher.log(f"Going on from the checkpoint after {checkpoint.steps} steps.")


def _batches(n_rows: int, batch_size: int) -> Iterator[Tensor]:
    for start in range(0, n_rows, batch_size):
        yield torch.arange(start, min(start + batch_size, n_rows))


def predict_shares(network: nn.Module, inputs: Batch, *, batch_size: int = 256, device: str = "cpu") -> Tensor:
    """The network's distributions (n, K), float32 on the CPU, each row summing to 1; inputs as in training."""
    return ask(network, inputs, lambda batch: network(batch).float().softmax(dim=1), batch_size, device)


def ask(
    network: nn.Module, inputs: Batch, answer: Callable[[Any], Tensor], batch_size: int = 256, device: str = "cpu"
) -> Tensor:
    """What `answer` gives for every row (n, ...), on the CPU; it gets batches of the inputs and asks the network."""
    place = choose_device(device)
    network.to(place).eval()
    answers = []
    with torch.inference_mode(), limited_threads():
        for rows in _batches(len(Examples(inputs, inputs)), batch_size):
            answers.append(answer(batch_of(inputs, rows, place)).cpu())
    network.to("cpu")
    return torch.cat(answers)
