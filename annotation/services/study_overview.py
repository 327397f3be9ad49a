"""What the list of studies and the setup page tell of a study, without counting its responses."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Sum

from annotation.access import studies_of
from annotation.models import Participation, Stimulus, Study


@dataclass(frozen=True)
class StudyOverview:
    """n_wanted: responses wanted in all; n_taken: those that are in, or that somebody is giving now."""

    study: Study
    n_stimuli: int
    n_wanted: int
    n_taken: int
    has_simulated: bool

    @property
    def percent(self) -> int:
        return 100 * self.n_taken // self.n_wanted if self.n_wanted else 0


def study_overviews(user: Any) -> list[StudyOverview]:
    """The studies a person may look into, newest first."""
    return overviews(studies_of(user).distinct())


def overviews(studies: Any) -> list[StudyOverview]:
    """Two queries, however many studies: slots of stimuli are summed, responses are not counted."""
    simulated = Participation.objects.filter(study=OuterRef("pk"), annotator__is_simulated=True)
    found = list(studies.annotate(has_simulated=Exists(simulated)))
    sums = {
        row["study"]: row
        for row in Stimulus.objects.filter(study__in=[study.pk for study in found])
        .values("study")
        .annotate(n=Count("id"), wanted=Sum("wanted"), open=Sum("open_slots"))
        .order_by()
    }
    none = {"n": 0, "wanted": 0, "open": 0}
    rows = [(study, sums.get(study.pk, none)) for study in found]
    return [
        StudyOverview(study, row["n"], row["wanted"], row["wanted"] - row["open"], study.has_simulated)
        for study, row in rows
    ]


def missing_before_opening(study: Study, n_stimuli: int) -> list[str]:
    """What a draft still needs, in words, for the page; change_state decides."""
    missing = []
    if not n_stimuli:
        missing.append("at least one image")
    if not study.consent.strip():
        missing.append("a consent text")
    return missing
