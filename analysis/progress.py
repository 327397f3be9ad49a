"""How far a study is, how fast it goes, and when it will be done if it goes on like that."""

from dataclasses import dataclass
from typing import Any

from analysis.models import StudyStatistics
from analysis.queries import pace_per_hour
from annotation.queries import n_available, n_wanted


@dataclass(frozen=True)
class Progress:
    """n_accepted of n_wanted responses. pace: responses per hour, measured over the last hour or the last day.

    hours_left: None where nobody answered for a day, or where nothing is left to do.
    """

    n_stimuli: int
    n_wanted: int
    n_accepted: int
    pace: float
    measured_over: str
    hours_left: float | None

    @property
    def percent(self) -> int:
        """0 to 100, rounded down: 100 means done."""
        return min(100, 100 * self.n_accepted // self.n_wanted) if self.n_wanted else 0

    @property
    def n_left(self) -> int:
        return max(0, self.n_wanted - self.n_accepted)

    @property
    def pace_words(self) -> str:
        """Few decimals: 132, 8.5, 0.3."""
        return f"{self.pace:,.0f}" if self.pace >= 10 else f"{self.pace:.1f}"

    @property
    def time_left(self) -> str:
        """'about 3 hours', in the unit a person would use."""
        if self.hours_left is None:
            return ""
        if self.hours_left < 1:
            return f"about {max(1, round(self.hours_left * 60))} min"
        if self.hours_left < 48:
            n = round(self.hours_left)
            return f"about {n} hour{'s' if n > 1 else ''}"
        return f"about {round(self.hours_left / 24):,} days"


def progress_of(study: Any, statistics: StudyStatistics | None) -> Progress:
    """Accepted responses are as of the last count; what is wanted is at most half a minute old."""
    wanted, accepted = n_wanted(study), statistics.n_responses if statistics else 0
    pace, span = pace_per_hour(study.pk) if accepted else (0.0, "hour")
    left = max(0, wanted - accepted)
    return Progress(
        n_stimuli=n_available(study),
        n_wanted=wanted,
        n_accepted=accepted,
        pace=pace,
        measured_over=span,
        hours_left=left / pace if left and pace else None,
    )
