"""What a run tells those who watch it, and what it comes to."""

from collections.abc import Callable
from dataclasses import asdict, dataclass


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
