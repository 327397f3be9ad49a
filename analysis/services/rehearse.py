"""Rehearses a study and reports: what the job, the command and nobody else does."""

from typing import Any

from analysis.services.rehearsal_report import rehearsal_report
from annotation.models import Study
from annotation.services.rehearse_study import Progress, rehearse_study
from annotation.simulator.rehearsal import RehearsalOptions

JOB_KIND = "rehearse"


def rehearse(
    *, study: Study, options: RehearsalOptions, progress: Progress = lambda done, total: None
) -> dict[str, Any]:
    """The report, plain JSON. Nothing of the rehearsal is left. Raises InvalidInput."""
    return rehearsal_report(rehearse_study(study=study, options=options, progress=progress), options)


def default_options(study: Study) -> RehearsalOptions:
    """What the form begins with: as many people as the study needs if each does her part, and a fifth more."""
    n_stimuli = study.stimuli.count()
    most_answers = min(100, max(1, n_stimuli), study.limits.get("most_per_person", 100))
    wanted = min(study.wanted_responses, 100)
    asked = min(n_stimuli * wanted, study.limits.get("most_of_study", n_stimuli * wanted))
    needed = -(-asked // most_answers)
    return RehearsalOptions(
        n_people=min(100_000, max(wanted, 1, round(1.2 * needed))), wanted=wanted, most_answers=most_answers
    )
