"""Compares a study's groups of people: those that a snapshot knows, and those by what people said about themselves.

What people said is joined in memory, for this computation only. What is kept says nothing of anybody: groups of at
least the study's least number of people, shares and figures rounded, no counts of answers, and images only where each
group gave that many answers. An older result goes with the new one, so that two of them cannot be set against each
other here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.models import AnalysisResult
from analysis.over_snapshots.groups import GROUPS, about, check_options, compare_grouping
from analysis.over_snapshots.label_answers import label_answers
from analysis.over_snapshots.snapshot_analysis import Progress
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.latent_truth import snapshot_of_storage
from annotation.models import Study
from annotation.queries import demographic_partitions
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from snapshots.reader import Snapshot
from snapshots.version import code_version

JOB_KIND = "compare_groups"
#: Its rows' name: no analysis of a snapshot alone, so it has no row in analysis.over_snapshots.
DEMOGRAPHIC_GROUPS = "demographic_groups"
DECIMALS = 3


def start_comparing_groups(*, study: Study, options: Mapping[str, Any], user: Any = None) -> Job:
    """Starts the job; asked twice while one like it waits, gives that one. Raises InvalidInput."""
    arguments = {"options": GROUPS.options_with_defaults(options)}
    check_options(arguments["options"])
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def store_groups(
    *, study: Study, options: Mapping[str, Any], progress: Progress, job_id: int | None = None
) -> list[AnalysisResult]:
    """Freezes the study and keeps both results. job_id: the job that does it. Raises InvalidInput, SnapshotError.

    Other workers may help with the groups that the snapshot knows; what people said about themselves stays here.
    """
    whole = GROUPS.options_with_defaults(options)
    of_snapshot = store_analysis(study=study, analysis=GROUPS, options=whole, progress=progress, job_id=job_id)
    snapshot = snapshot_of_storage(of_snapshot.snapshot_id)
    result = demographic_groups_of(study, snapshot, whole, progress)
    kept, _ = AnalysisResult.objects.update_or_create(
        study_id=study.pk,
        snapshot_id=snapshot.id,
        name=DEMOGRAPHIC_GROUPS,
        options=whole,
        defaults={
            "definition": of_snapshot.definition,
            "seed": whole["seed"],
            "code_version": code_version(),
            "result": result,
        },
    )
    AnalysisResult.objects.filter(study_id=study.pk, name=DEMOGRAPHIC_GROUPS).exclude(pk=kept.pk).delete()
    return [of_snapshot, kept]


def demographic_groups_of(
    study: Study, snapshot: Snapshot, options: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """groupings: one per question with two groups that are large enough among those who answered images."""
    answers = label_answers(snapshot)
    # simulated people said nothing about themselves, and are not compared with those who did
    answers = answers.only(~answers.is_simulated)
    there = np.unique(answers.person).tolist()
    found = []
    for partition in demographic_partitions(study, [answers.pseudonyms[person] for person in there]):
        of_person = np.full(len(answers.pseudonyms), -1)
        of_person[there] = partition.place
        least = max(partition.least, options["least_people"])
        compared = compare_grouping(
            answers,
            [group.option for group in partition.groups],
            of_person,
            options={**options, "least_people": least, "least_answers": max(least, options["least_answers"])},
            progress=progress,
        )
        found.append({"by": partition.key, "least": least, **_without_counts(compared)})
    return {**about(answers), "groupings": found}


def _without_counts(compared: dict[str, Any]) -> dict[str, Any]:
    """No numbers of answers, no names of groups that are too small, everything rounded."""
    for group in compared["groups"]:
        del group["n_responses"]
    for pair in compared["pairs"]:
        for stimulus in pair["stimuli"]:
            del stimulus["n_responses"]
    compared["too_small"] = []
    rounded: dict[str, Any] = _rounded(compared)
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
