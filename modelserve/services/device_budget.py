"""How long a study's trainings may hold a device in a day, and how long they have."""

from datetime import UTC, date, datetime
from typing import Any

from django.db.models import F, Sum

from modelserve.errors import BadTrainingOption, BudgetSpent
from modelserve.models import DeviceUse, TrainingLimit, TrainingRun

MOST_MINUTES = 60 * 24 * 64  # of 64 devices, a day long
BUDGET_SPENT = "budget_spent"  # in the result of a job that found no time left when its turn came


def set_limit(*, study_key: str, minutes_per_day: float | None, user: Any = None) -> TrainingLimit | None:
    """The study's limit from now on; None or 0 takes it away. Raises BadTrainingOption outside its range."""
    if not minutes_per_day:
        TrainingLimit.objects.filter(study_key=study_key).delete()
        return None
    if not 0 < minutes_per_day <= MOST_MINUTES:
        raise BadTrainingOption(
            f"minutes_per_day: got {minutes_per_day:g}; allowed is above 0 to {MOST_MINUTES:,}. The limit stays as it "
            "was."
        )
    limit, _ = TrainingLimit.objects.update_or_create(
        study_key=study_key, defaults={"minutes_per_day": float(minutes_per_day), "set_by": user}
    )
    return limit


def limit_of(study_key: str) -> TrainingLimit | None:
    return TrainingLimit.objects.filter(study_key=study_key).first()


def seconds_used(study_key: str, day: date | None = None) -> float:
    """Device-seconds of all the study's runs on a day (UTC), by default this one."""
    uses = DeviceUse.objects.filter(study_key=study_key, day=day or _today())
    return float(uses.aggregate(total=Sum("seconds"))["total"] or 0.0)


def seconds_left(study_key: str) -> float | None:
    """Of this day; None without a limit. Never below 0."""
    limit = limit_of(study_key)
    return None if limit is None else max(0.0, 60 * limit.minutes_per_day - seconds_used(study_key))


def check_time_is_left(study_key: str) -> None:
    """Raises BudgetSpent where the study may not use a device any more today."""
    limit = limit_of(study_key)
    if limit is None or seconds_left(study_key):
        return
    raise BudgetSpent(
        f"This study's trainings have used the {limit.minutes_per_day:g} device-minutes that they have a day (UTC). "
        "Nothing was started. Train again after midnight, or raise the limit on the page of its networks."
    )


class DeviceMeter:
    """Writes down what one run takes, and says whether there is time left. Not too often: each is a query."""

    def __init__(self, run: TrainingRun, seconds_before: float) -> None:
        """seconds_before: of the run's device time that is written down already."""
        self._run, self._counted = run, seconds_before
        self._left: float | None = seconds_left(run.study_key)
        self._pending, self._has_seen = 0.0, False

    def note(self, samples_per_second: float, device_seconds: float) -> None:
        """device_seconds: of the whole run so far. Written when some seconds have gathered."""
        if not self._has_seen:
            # a run that goes on from a checkpoint begins before what is written down; that time is not counted twice
            self._counted, self._has_seen = min(self._counted, device_seconds), True
        self._pending = device_seconds - self._counted
        if self._pending >= WRITE_SECONDS:
            self.write(samples_per_second, device_seconds)

    def write(self, samples_per_second: float | None, device_seconds: float) -> None:
        """What has gathered, on the row of the run and on that of its day."""
        gained = max(0.0, device_seconds - self._counted)
        self._counted, self._pending = device_seconds, 0.0
        TrainingRun.objects.filter(pk=self._run.pk).update(
            device_seconds=device_seconds, samples_per_second=samples_per_second
        )
        row = {"training_run": self._run, "day": _today()}
        if not DeviceUse.objects.filter(**row).update(seconds=F("seconds") + gained):
            DeviceUse.objects.create(**row, study_key=self._run.study_key, seconds=gained)
        self._left = seconds_left(self._run.study_key)

    def has_time(self) -> bool:
        """Whether the study may hold a device still, by what was last read and what has gathered since."""
        return self._left is None or self._pending < self._left


WRITE_SECONDS = 2.0


def _today() -> date:
    return datetime.now(UTC).date()
