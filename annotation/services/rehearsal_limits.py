"""The limits of a study on the clock of its rehearsal, where hours and days pass that do not pass on the real one.

The services look at the real clock. So before anything is lent to somebody, what she gave in the last hour and day is
put where it would stand on that clock; then the same services decide as everywhere.
"""

from django.utils import timezone

from annotation.models import Participation, Study, StudyBudget
from annotation.services.caps import WINDOWS, pace_after, reached_by

HOUR_SECONDS = 3600
# the two clocks are read one after the other: nobody comes back just before her limit has ended
A_MOMENT = 1.0


def part_of_budget(most: int, part: float) -> int:
    """Of a study's budget, what falls to the part of it (0 to 1) that is rehearsed; at least 1."""
    return max(1, round(most * part))


class RehearsalLimits:
    """copy: the rehearsal's copy of a study. part: how much of the study that is, 0 to 1.

    budget: responses that the copy may accept at most; None: the study has no budget. Moments are seconds on the
    rehearsal's clock.
    """

    def __init__(self, copy: Study, part: float) -> None:
        self.study = copy
        most = copy.limits.get("most_of_study")
        self.budget = None if most is None else part_of_budget(most, part)
        if self.budget is not None:
            StudyBudget.objects.create(study=copy, most=self.budget, taken=0)
        self._has_windows = any(name in copy.limits for name in WINDOWS)
        self._counts_strong = copy.care.get("most_strong_per_hour") is not None
        self._paces: dict[int, dict[str, list[list[int]]]] = {}
        self._images: dict[int, float] = {}  # assignment -> when it was lent, or done with

    def carry(self, participation: Participation, now: float, leased: set[int]) -> None:
        """Puts what she had where it would stand on the real clock. leased: assignments that somebody holds."""
        changed = []
        if self._has_windows:
            shift = timezone.now().timestamp() - now
            paces = self._paces.get(participation.pk, {})
            participation.pace = {name: [[start + shift, n] for start, n in slots] for name, slots in paces.items()}
            changed.append("pace")
        recent = participation.care.get("recent_strong", []) if self._counts_strong else []
        fresh = [one for one in recent if one in leased or self._images.get(one, now) > now - HOUR_SECONDS]
        if fresh != recent:
            participation.care = {**participation.care, "recent_strong": fresh}
            changed.append("care")
        if changed:
            participation.save(update_fields=changed)

    def note_image(self, assignment_id: int, now: float) -> None:
        """An image was lent to somebody, or she is done with it."""
        self._images[assignment_id] = now

    def note_answer(self, participation: Participation, now: float) -> None:
        if self._has_windows:
            before = self._paces.get(participation.pk, {})
            self._paces[participation.pk] = pace_after(before, self.study.limits, now)

    def ends(self, participation: Participation, now: float) -> float:
        """When the limits per hour and day let this person go on."""
        here = Participation(n_answered=participation.n_answered, pace=self._paces.get(participation.pk, {}))
        reached = reached_by(here, self.study.limits, now=now)
        return now if reached is None or reached.until is None else reached.until.timestamp() + A_MOMENT
