"""What a rehearsal supposes about people beyond one answer: when they come, how long they sit, what they are paid.

No Django. annotation/services/rehearse_study.py lets such people work; docs/researcher/rehearsal.md says what each
number means.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from annotation.simulator.crowd import CrowdSettings
from annotation.simulator.random_streams import stream

PER_ANSWER, PER_PERSON = "answer", "person"

#: What may be set of the crowd; the rest of its settings concerns texts only.
CROWD_FIELDS = (
    "median_seconds",
    "pace_spread",
    "dropout_share",
    "mean_answers_before_dropout",
    "skip_share",
    "revision_share",
    "noise_share",
    "favourites",
    "sharpness",
    "lazy_share",
)


@dataclass(frozen=True)
class RehearsalOptions:
    """A supposed recruitment of a study.

    n_people: who agree to take part, 1 to 100,000.
    wanted: responses per image, 1 to 100.
    recruiting_hours: they come at random moments within so many hours after the opening; 0 = all at once.
    sitting_minutes: mean length of a sitting (exponential), above 0.
    hours_between_sittings: mean absence between two (exponential).
    most_answers: after so many a person has done her part, at least 1.
    paid_per: PER_ANSWER (also for those who leave early) or PER_PERSON (only to those who do their part, or find
        nothing left to do).
    reward: in the currency, per answer or per person. fee_percent: what the panel takes on top, 0 to 200.
    hourly_floor: the hourly pay below which nobody should fall; 0 = none.
    Raises ValueError, one sentence per field that is out of range: {field: sentence} in its argument.
    """

    n_people: int = 100
    wanted: int = 6
    recruiting_hours: float = 24.0
    sitting_minutes: float = 30.0
    hours_between_sittings: float = 20.0
    most_answers: int = 100
    paid_per: str = PER_ANSWER
    reward: float = 0.1
    fee_percent: float = 0.0
    hourly_floor: float = 0.0
    currency: str = "GBP"
    seed: int = 0
    crowd: CrowdSettings = field(default_factory=CrowdSettings)

    def __post_init__(self) -> None:
        wrong = {}
        for name, low, high in RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                wrong[name] = f"Give a number from {low:,g} to {high:,g}; got {value:g}."
        if self.paid_per not in (PER_ANSWER, PER_PERSON):
            wrong["paid_per"] = f"Choose {PER_ANSWER} or {PER_PERSON}; got {self.paid_per!r}."
        if not wrong and self.n_people < self.wanted:
            wrong["n_people"] = (
                f"{self.n_people} people cannot give {self.wanted} responses to an image, since nobody answers one "
                f"twice. Give at least {self.wanted}."
            )
        if wrong:
            raise ValueError(wrong)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them again."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "crowd"}
        crowd = asdict(self.crowd)
        return plain | {name: crowd[name] for name in CROWD_FIELDS}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "RehearsalOptions":
        """Missing names take their defaults. Raises ValueError as above, also for the crowd's own settings."""
        own = {one.name: given[one.name] for one in fields(cls) if one.name in given and one.name != "crowd"}
        crowd = {name: given[name] for name in CROWD_FIELDS if name in given}
        try:
            settings = CrowdSettings(**crowd)
        except ValueError as error:
            named = next((name for name in CROWD_FIELDS if name in str(error)), "")
            raise ValueError({named: str(error)}) from error
        return cls(**own, crowd=settings)


#: field, lowest and highest value.
RANGES: tuple[tuple[str, float, float], ...] = (
    ("n_people", 1, 100_000),
    ("wanted", 1, 100),
    ("recruiting_hours", 0, 10_000),
    ("sitting_minutes", 0.5, 1_000),
    ("hours_between_sittings", 0, 1_000),
    ("most_answers", 1, 100_000),
    ("reward", 0, 100_000),
    ("fee_percent", 0, 200),
    ("hourly_floor", 0, 100_000),
    ("seed", 0, 2**31),
)


class Timetable:
    """When one person comes and goes. Seconds on the rehearsal's clock, which begins at the opening."""

    def __init__(self, options: RehearsalOptions, index: int) -> None:
        self._options = options
        self._draw = stream(options.seed, "timetable", index)
        self.arrives = float(self._draw.uniform(0.0, options.recruiting_hours * 3600))
        self.sits_until = self.arrives + self._sitting()

    def comes_back(self, now: float, not_before: float = 0.0) -> float:
        """She gets up; returns when she sits down again, which begins a new sitting."""
        back = max(now + float(self._draw.exponential(self._options.hours_between_sittings * 3600)), not_before)
        self.sits_until = back + self._sitting()
        return back

    def _sitting(self) -> float:
        return float(self._draw.exponential(self._options.sitting_minutes * 60))
