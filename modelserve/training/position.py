"""Where a run stands."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from modelserve.training.watching import CurvePoint


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
