"""A number with what one must know to read it: its interval, what it rests on, and why it is missing."""

from dataclasses import asdict, dataclass
from typing import Any

#: Share of resamples inside the interval.
INTERVAL = 0.95


@dataclass(frozen=True)
class Estimate:
    """One statistic of one study.

    value: None where the statistic is not defined; `reason` then says why.
    low, high: 95 % interval from resampling stimuli. None where the value rests on fewer than two stimuli, where no
        resampling was asked for, or where the statistic is defined in fewer than half of the resamples.
    n: the number of stimuli it rests on.
    note: a sentence about the data it rests on, where n does not say enough.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same fields, ready for JSON."""
        return asdict(self)
